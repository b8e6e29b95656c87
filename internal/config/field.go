package config

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one key of the file, as the tags of a struct describe it:
//
//	yaml     the key, and ",required"
//	is       what its text is, see text
//	default  its value when absent
//	enum     the words it can be
//	min max  the bounds of a duration, the least of a whole number
//	doc      a sentence for a person
type field struct {
	name     string
	index    int
	typ      reflect.Type
	required bool
	is       string
	def      string
	enum     []string
	min, max string
	doc      string
}

// fields returns the keys of a struct in their order.
func fields(t reflect.Type) []field {
	out := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		one := field{
			name: name, index: i, typ: f.Type, required: opts == "required",
			is: f.Tag.Get("is"), def: f.Tag.Get("default"),
			min: f.Tag.Get("min"), max: f.Tag.Get("max"), doc: f.Tag.Get("doc"),
		}
		if words := f.Tag.Get("enum"); words != "" {
			one.enum = strings.Split(words, ",")
		}
		out = append(out, one)
	}
	return out
}

// setDefaults fills in the defaults of a struct and of the structs in it.
func setDefaults(v reflect.Value) {
	for _, f := range fields(v.Type()) {
		setDefault(v.Field(f.index), f)
	}
}

func setDefault(v reflect.Value, f field) {
	switch {
	case v.Type() == reflect.TypeFor[Secret]():
	case v.Kind() == reflect.Struct:
		setDefaults(v)
	case f.def == "":
	case v.Type() == reflect.TypeFor[time.Duration]():
		v.SetInt(int64(duration(f.def)))
	case v.Kind() == reflect.Bool:
		v.SetBool(f.def == "true")
	case v.Kind() == reflect.Int:
		v.SetInt(whole(f.def))
	case v.Kind() == reflect.String:
		v.SetString(f.def)
	}
}

// duration reads a duration written in a tag; a test reads all of them.
func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return d
}

// whole reads a whole number written in a tag; a test reads all of them.
func whole(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0
	}
	return n
}

// Default returns what an empty file means.
func Default() Config {
	var c Config
	setDefaults(reflect.ValueOf(&c).Elem())
	return c
}

// names returns the keys of fields.
func names(fs []field) []string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.name
	}
	return out
}
