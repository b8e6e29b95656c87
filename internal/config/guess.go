package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// strangers returns the words of a line that are not the file's own, in bytes.
// Where there is no YAML nobody knows which of them are secrets.
func strangers(line string) [][]int {
	own := ownWords()
	words := regexp.MustCompile(`[^\s{}\[\],:"'#&*!|>]+`).FindAllStringIndex(line, -1)
	return slices.DeleteFunc(words, func(m []int) bool {
		word := line[m[0]:m[1]]
		return strings.Trim(word, "-=") == "" || slices.Contains(own, word)
	})
}

// ownWords returns every word that means something in the file.
func ownWords() []string {
	return vocabulary(reflect.TypeFor[Config](), []string{"type", "true", "false", "env", "file", "command"})
}

// vocabulary returns the keys, types and words of choice of a type and of what
// is in it.
func vocabulary(t reflect.Type, out []string) []string {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return vocabulary(t.Elem(), out)
	case reflect.Interface:
		_, types := variants(t)
		for _, v := range types {
			out = vocabulary(v.typ, append(out, v.name))
		}
	case reflect.Struct:
		if t == reflect.TypeFor[Secret]() {
			return out
		}
		for _, f := range fields(t) {
			out = vocabulary(f.typ, append(append(out, f.name), f.enum...))
		}
	default:
	}
	return out
}

// secretive reports whether an argument of a program may be or hold a secret:
// it names one, or has a word in it that looks random.
func secretive(arg string) bool {
	for _, word := range regexp.MustCompile(`[A-Za-z0-9+/=_-]{20,}`).FindAllString(arg, -1) {
		variable := strings.ToUpper(word) == word && strings.Contains(word, "_")
		if strings.ContainsAny(word, "0123456789") && !variable {
			return true
		}
	}
	name, _, given := strings.Cut(arg, "=")
	if !given {
		name, _, given = strings.Cut(arg, ":")
	}
	return given && secretish(strings.TrimLeft(name, "-"))
}

// secretish reports whether a key sounds like one for a secret, misspelt or
// not. It errs towards hiding.
func secretish(key string) bool {
	key = bareWord(key)
	for _, part := range []string{"token", "secret", "passw", "pwd", "apikey", "auth", "credential", "cookie", "private", "bearer"} {
		if strings.Contains(key, part) && key != "oauth" {
			return true
		}
	}
	_, near := suggest(key, []string{"token", "password", "secret", "apikey", "passphrase"})
	return near
}
