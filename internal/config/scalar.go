package config

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// maxName bounds names that are drawn on the screen.
const maxName = 64

// badName says why a text is no name of a person's own, or nothing.
func badName(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "is empty"
	case len([]rune(s)) > maxName:
		return "is longer than " + itoa(maxName) + " characters"
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "has a control character in it"
	}
	return ""
}

func (d *decoder) boolean(n ast.Node, v reflect.Value, what string) {
	if b, ok := n.(*ast.BoolNode); ok {
		v.SetBool(b.Value)
		return
	}
	fix := "write true or false"
	if s, ok := textOf(n); ok {
		switch strings.ToLower(s) {
		case "yes", "on", "y", "true":
			fix = "did you mean true?"
		case "no", "off", "n", "false":
			fix = "did you mean false?"
		}
	}
	d.add(markOf(n), what+" must be true or false, not "+kindOf(n), fix)
}

func (d *decoder) number(n ast.Node, v reflect.Value, what string) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		// YAML has 1e3 as a number, the parser as text.
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.GetToken().Value, "_", ""), 64)
		if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			v.SetFloat(f)
			return
		}
	}
	d.wrong(n, what, "a number", "write a number without a unit, such as 0.5")
}

// integer reads a whole number within the bounds of its field.
func (d *decoder) integer(n ast.Node, v reflect.Value, f field, what string) {
	fix := "write " + f.min + " or more"
	if _, ok := n.(*ast.IntegerNode); !ok {
		d.wrong(n, what, "a whole number", fix)
		return
	}
	number, err := strconv.ParseInt(strings.ReplaceAll(n.GetToken().Value, "_", ""), 10, 32)
	switch {
	case err != nil:
		d.add(markOf(n), what+" is no number that anything has", fix)
	case number < whole(f.min):
		d.add(markOf(n), what+" is too small: "+strconv.FormatInt(number, 10), fix)
	case f.max != "" && number > whole(f.max):
		d.add(markOf(n), what+" is too large: "+strconv.FormatInt(number, 10), "write "+f.max+" or less")
	default:
		v.SetInt(number)
	}
}

// duration reads a duration within the bounds of its field.
func (d *decoder) duration(n ast.Node, f field, what string) time.Duration {
	const grammar = "write a number and ms, s, m or h, such as 10s or 1m30s"
	s, ok := textOf(n)
	if !ok {
		fix := grammar
		if number, isInt := n.(*ast.IntegerNode); isInt {
			fix = `did you mean "` + printable(number.Token.Value) + `s"?`
		}
		d.wrong(n, what, "a duration", fix)
		return 0
	}
	t, err := time.ParseDuration(s)
	switch {
	case err != nil:
		fix := grammar
		if days, isDays := strings.CutSuffix(s, "d"); isDays {
			if n, bad := strconv.Atoi(days); bad == nil && n >= 0 && n < 1000 {
				fix = `did you mean "` + itoa(24*n) + `h"?`
			}
		}
		d.add(markOf(n), what+" is no duration: "+quote(s), fix)
	case t < duration(f.min):
		d.add(markOf(n), what+" is too short: "+quote(s), "write "+f.min+" or more")
	case f.max != "" && t > duration(f.max):
		d.add(markOf(n), what+" is too long: "+quote(s), "write "+f.max+" or less")
	}
	return t
}

// text decodes a string and checks that it is what its field asks for.
func (d *decoder) text(n ast.Node, v reflect.Value, f field, what string) {
	s, ok := textOf(n)
	if !ok {
		fix := "write it as text"
		if scalar, isScalar := n.(ast.ScalarNode); isScalar {
			fix = `write it in quotes: "` + printable(scalar.GetToken().Value) + `"`
		}
		d.wrong(n, what, "text", fix)
		return
	}
	control := func(r rune) bool { return unicode.IsControl(r) && (f.is != "query" || r != '\n' && r != '\t') }
	switch {
	case strings.TrimSpace(s) == "":
		if f.is != "argument" {
			d.add(markOf(n), what+" has no value", "give it one, or remove the key")
			return
		}
	case strings.ContainsFunc(s, control):
		d.add(markOf(n), what+" has a control character or a line break in it", "write it on one line")
		return
	case len(f.enum) > 0 && !slices.Contains(f.enum, s):
		d.add(markOf(n), what+" cannot be "+quote(s), didYouMean(s, f.enum, "known words"))
		return
	}
	s, why, fix := d.check(f.is, s)
	if why != "" {
		d.add(markOf(n), what+" "+why, fix)
		return
	}
	v.SetString(s)
}

// binding decodes the keys of one action: a key, a list of them, or none.
func (d *decoder) binding(n ast.Node, what string) Binding {
	out := Binding{}
	var keys []ast.Node
	switch v := n.(type) {
	case *ast.NullNode:
	case *ast.SequenceNode:
		keys = v.Values
	default:
		if s, ok := textOf(n); !ok || s != "" && s != "none" {
			keys = []ast.Node{n}
		}
	}
	for _, k := range keys {
		r := d.resolve(k)
		if r == nil {
			continue
		}
		s, ok := textOf(r)
		switch {
		case !ok:
			fix := "write a key such as a, ctrl+x or space"
			if scalar, isScalar := r.(ast.ScalarNode); isScalar {
				fix = `write it in quotes: "` + printable(scalar.GetToken().Value) + `"`
			}
			d.wrong(r, what, "a key, a list of keys or none", fix)
		case badName(s) != "" && s != " ":
			d.add(markOf(r), what+" "+badName(s), "write a key such as a, ctrl+x or space")
		case slices.Contains(out, s):
			d.add(markOf(r), what+" has "+quote(s)+" twice", "keep one")
		default:
			if err := d.checkKey(s); err != nil {
				d.add(markOf(r), what+" cannot be "+quote(s), printable(err.Error()))
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) checkKey(key string) error {
	if d.opts.CheckKey == nil {
		return nil
	}
	return d.opts.CheckKey(key)
}

// secret decodes a reference to a secret. It never repeats what it refuses.
func (d *decoder) secret(n ast.Node, what string) Secret {
	const shape = "write {env: NAME}, {file: PATH} or {command: [program, argument]}"
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.veil.hide(n)
		if _, isList := n.(*ast.SequenceNode); isList {
			d.wrong(n, what, "a reference to a secret", shape)
			return Secret{}
		}
		d.add(markOf(n), what+" is written out; a secret in a config file ends up in backups and chats",
			"use {env: NAME}, {file: PATH} or {command: [...]}, and replace the secret if others have seen it")
		return Secret{}
	}
	all := d.entries(m, 0)
	if len(all) != 1 || !slices.Contains([]string{"env", "file", "command"}, all[0].key) {
		if !isReference(m) {
			d.veil.hideReference(n)
		}
		fix := shape
		if len(all) > 0 && strings.Contains(all[0].key, ":") {
			fix = "put a space after the colon: {env: NAME}"
		}
		d.add(markOf(n), what+" must be a reference to one secret", fix)
		return Secret{}
	}
	return d.reference(all[0], what)
}

func (d *decoder) reference(e entry, what string) Secret {
	var s Secret
	switch e.key {
	case "env":
		r := d.resolve(e.val)
		name, _ := textOf(r)
		if r != nil && !envName(name) {
			d.veil.hide(r)
			d.add(markOf(e.val), what+" does not name an environment variable",
				"write its name, such as {env: PAGERDUTY_TOKEN}, not its value")
			return Secret{}
		}
		s.env = name
	case "file":
		d.value(e.val, reflect.ValueOf(&s.file).Elem(), field{is: "path"}, "", `"file" of `+what)
	case "command":
		d.value(e.val, reflect.ValueOf(&s.argv).Elem(), field{is: "argv", required: true, doc: "The program."}, "", `"command" of `+what)
	}
	return s
}
