package attack

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
)

// files are strings that others collected; testdata/README.md says who, and on
// what terms.
//
//go:embed testdata/*.txt testdata/*.hex testdata/*.quoted
var files embed.FS

// collections are the files, the threat that each tries most, and how a line of
// it becomes bytes.
func collections() []collection {
	return []collection{
		{"T7", "naughty", "naughty.txt", asIs},
		{"T1", "terminal", "terminal.quoted", strconv.Unquote},
		{"T1", "stream", "stream.quoted", strconv.Unquote},
		{"T6", "bidi", "bidi.hex", codePoints},
		{"T8", "grapheme", "grapheme.hex", codePoints},
		{"T8", "emoji", "emoji.hex", codePoints},
	}
}

type collection struct {
	threat, name, file string
	read               func(line string) (string, error)
}

// Public returns the strings of public collections: naughty strings, the test
// streams of two terminals, and the test data of Unicode for clusters, emoji and
// the order of text. It is far longer than [All], and none of its strings holds
// a newline but those of the terminals.
func Public() ([]Attack, error) {
	var out []Attack
	for _, c := range collections() {
		data, err := files.ReadFile("testdata/" + c.file)
		if err != nil {
			return nil, fmt.Errorf("read the collection %s: %w", c.name, err)
		}
		n := 0
		for l := range strings.SplitSeq(string(data), "\n") {
			n++
			if l == "" || strings.HasPrefix(l, "#") {
				continue
			}
			raw, err := c.read(l)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %q: %w", c.file, n, l, err)
			}
			out = append(out, Attack{c.threat, c.name + " " + strconv.Itoa(n), raw})
		}
	}
	return out, nil
}

func asIs(line string) (string, error) { return line, nil }

// codePoints reads hexadecimal numbers between spaces.
func codePoints(line string) (string, error) {
	var b strings.Builder
	for f := range strings.FieldsSeq(line) {
		v, err := strconv.ParseUint(f, 16, 21)
		if err != nil {
			return "", err
		}
		b.WriteRune(rune(v))
	}
	return b.String(), nil
}
