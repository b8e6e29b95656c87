package config

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills a Config from a tree and remembers where each value stood, so
// that what is checked afterwards can say where it is wrong.
type decoder struct {
	*tree
	opts  Options
	dir   string
	marks map[string]mark
	// lost are the names of sources that could not be read. They exist, so a
	// panel that names one is not wrong as well.
	lost []string
}

func itoa(n int) string { return strconv.Itoa(n) }

// value decodes a node into v, as f describes it. The path names the value for
// marks, what names it for a person.
func (d *decoder) value(n ast.Node, v reflect.Value, f field, path, what string) {
	d.marks[path] = markOf(n)
	r := d.resolve(n)
	switch {
	case r == nil:
		return
	case isNull(r) && v.Type() != reflect.TypeFor[Binding]() && v.Type() != reflect.TypeFor[Colour]():
		d.add(markOf(n), what+" has no value", "give it one, or remove the key")
		return
	}
	switch v.Type() {
	case reflect.TypeFor[Secret]():
		v.Set(reflect.ValueOf(d.secret(r, what)))
		return
	case reflect.TypeFor[time.Duration]():
		v.SetInt(int64(d.duration(r, f, what)))
		return
	case reflect.TypeFor[Binding]():
		v.Set(reflect.ValueOf(d.binding(r, what)))
		return
	case reflect.TypeFor[Colour]():
		v.SetString(string(d.colour(r, what)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(r, v, what, path)
	case reflect.Interface:
		d.source(r, v, path)
	case reflect.Map:
		d.dict(r, v, f, path, what)
	case reflect.Slice:
		d.list(r, v, f, path, what)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(r, v.Elem(), f, path, what)
	case reflect.Float64:
		d.number(r, v, what)
	case reflect.Int:
		d.integer(r, v, f, what)
	case reflect.Bool:
		d.boolean(r, v, what)
	case reflect.String:
		d.text(r, v, f, what)
	default:
		panic("config: no decoder for " + v.Type().String())
	}
}

// mapping returns the entries of a mapping, or reports that it is none.
func (d *decoder) mapping(n ast.Node, what string) ([]entry, bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.wrong(n, what, "a mapping", "write it as key: value")
		return nil, false
	}
	return d.entries(m, 0), true
}

func (d *decoder) wrong(n ast.Node, what, want, fix string) {
	d.add(markOf(n), what+" must be "+want+", not "+kindOf(n), fix)
}

// object decodes a mapping into a struct.
func (d *decoder) object(n ast.Node, v reflect.Value, what, path string) {
	if all, ok := d.mapping(n, what); ok {
		d.fill(n, all, v, what, path)
	}
}

// fill decodes the entries of a mapping into a struct, reports keys that it
// does not have, and sets the defaults of those that are absent.
func (d *decoder) fill(n ast.Node, all []entry, v reflect.Value, what, path string) {
	fs := fields(v.Type())
	seen := map[string]bool{}
	for _, e := range all {
		f, ok := fieldOf(fs, e.key)
		if !ok {
			d.unknown(e, fs, what, seen)
			continue
		}
		seen[f.name] = true
		d.value(e.val, v.Field(f.index), f, join(path, f.name), quote(f.name))
	}
	for _, f := range fs {
		if seen[f.name] {
			continue
		}
		if f.required {
			d.add(markOf(n), what+" needs "+quote(f.name), "add "+f.name+": "+strings.ToLower(f.doc[:1])+strings.TrimSuffix(f.doc[1:], "."))
		}
		setDefault(v.Field(f.index), f)
	}
}

func fieldOf(fs []field, name string) (field, bool) {
	for _, f := range fs {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// unknown reports a key that a struct does not have. A key that was meant for
// one of its fields counts as seen, so that the field is not missing as well.
func (d *decoder) unknown(e entry, fs []field, what string, seen map[string]bool) {
	in := ""
	if what != "" {
		in = " in " + what
	}
	// {token:abc} is one word to YAML; what comes after the colon is not shown.
	if key, _, ok := strings.Cut(e.key, ":"); ok {
		d.veil.hide(e.node)
		d.veil.hide(e.val)
		if f, ok := fieldOf(fs, key); ok {
			seen[f.name] = true
		}
		d.add(e.at, "unknown key "+quote(key+":…")+in, "put a space after the colon")
		return
	}
	meant, near := suggest(e.key, names(fs))
	f, _ := fieldOf(fs, meant)
	switch {
	case near:
		seen[meant] = true
	case isNull(e.val): // half of something with a comma or colon in it, perhaps of a secret
		d.veil.hide(e.node)
		d.add(e.at, "an unknown key without a value"+in, "remove it; put text with a comma or colon in it in quotes")
		return
	}
	if !isReference(e.val) && (!near || f.typ == reflect.TypeFor[Secret]()) {
		d.veil.hideValues(e.val)
	}
	d.add(e.at, "unknown key "+quote(e.key)+in, didYouMean(e.key, names(fs), "known keys"))
}

// dict decodes a mapping with keys of a person's own.
func (d *decoder) dict(n ast.Node, v reflect.Value, f field, path, what string) {
	all, ok := d.mapping(n, what)
	if !ok {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(all)))
	for _, e := range all {
		key := join(path, e.key)
		d.marks[key+" key"] = e.at
		if why := badName(e.key); why != "" {
			d.add(e.at, "the name "+quote(e.key)+" in "+what+" "+why, "write a plain word")
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(e.val, one, f, key, noun(f.name)+" "+quote(e.key))
		if f.is == "header" {
			d.header(e, one.String())
		}
		v.SetMapIndex(reflect.ValueOf(e.key), one)
	}
}

// noun names one of the things in a mapping or list.
func noun(list string) string {
	switch list {
	case "depends_on":
		return "dependency"
	case "argv":
		return "argument"
	case "pagerduty":
		return "service id"
	case "keys":
		return "the key of"
	case "people":
		return "person"
	case "palette":
		return "colour"
	}
	return strings.TrimSuffix(list, "s")
}

// list decodes a list. An element that could not be read is left zero, so that
// the others keep their places.
func (d *decoder) list(n ast.Node, v reflect.Value, f field, path, what string) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		fix := "write it as [a, b], or start each entry with a dash"
		if t, plain := textOf(n); plain && v.Type().Elem().Kind() == reflect.String && f.is != "argv" {
			fix = "write [" + printable(t) + "]"
		}
		d.wrong(n, what, "a list", fix)
		return
	}
	if len(s.Values) == 0 && f.required {
		d.add(markOf(n), what+" is an empty list", "add "+strings.ToLower(f.doc[:1])+strings.TrimSuffix(f.doc[1:], "."))
	}
	v.Set(reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values)))
	for i, one := range s.Values {
		item := "an entry of " + what
		if v.Type().Elem().Kind() == reflect.Struct {
			item = "a " + noun(f.name)
		}
		elem := f
		if f.is == "argv" && i > 0 {
			elem.is = "argument"
		}
		d.value(one, v.Index(i), elem, path+"["+itoa(i)+"]", item)
	}
}

// source decodes one entry of a list of sources by its type.
func (d *decoder) source(n ast.Node, v reflect.Value, path string) {
	list, types := variants(v.Type())
	all, ok := d.mapping(n, "a source in "+quote(list))
	if !ok {
		return
	}
	known := make([]string, len(types))
	for i, t := range types {
		known[i] = t.name
	}
	var kind entry
	rest := make([]entry, 0, len(all))
	for _, e := range all {
		if e.key == "type" {
			kind = e
			continue
		}
		rest = append(rest, e)
	}
	if kind.val == nil {
		d.lose(rest)
		d.add(markOf(n), "a source in "+quote(list)+` needs "type"`, "add type: "+strings.Join(known, " or type: "))
		return
	}
	r := d.resolve(kind.val)
	name, isText := textOf(r)
	for _, t := range types {
		if t.name != name {
			continue
		}
		one := reflect.New(t.typ).Elem()
		d.fill(n, rest, one, withArticle(t.name)+" source", path)
		v.Set(one)
		return
	}
	d.lose(rest)
	if !isText {
		if r != nil {
			d.wrong(kind.val, `"type" of a source in `+quote(list), "text", "write type: "+strings.Join(known, " or type: "))
		}
		return
	}
	d.add(markOf(kind.val), "unknown type "+quote(name)+" of a source in "+quote(list),
		didYouMean(name, known, "known types"))
}

// lose remembers the name of a source that cannot be read.
func (d *decoder) lose(all []entry) {
	for _, e := range all {
		if e.key == "name" {
			if s, ok := textOf(d.resolve(e.val)); ok {
				d.lost = append(d.lost, s)
			}
		}
	}
}

// withArticle puts an article before a word.
func withArticle(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}
