package report

import (
	"bytes"
	"unicode/utf8"
)

// plain reads the JSON of a record's body where it is written as this program
// writes it: an object of known members, whose values are texts, true or false, and
// short numbers. It is there for its pace. What it does not know it refuses, and
// encoding/json has the word; what it takes, that takes for the same.
type plain struct {
	words *words
	// left is what is to be read, and text the last text with its escapes undone.
	left, text []byte
	// source, id and ref are an oncall.Ref, in parts and as a string.
	source, id, ref []byte
}

// member is one that an object may have. One of the pointers says what its value is
// and where it goes; none is for a text that nobody asks for.
type member struct {
	name string
	text *word
	flag *bool
	ref  *word
	// number and whole are true for numbers that nobody asks for.
	number, whole bool
	// check takes a text that not every one will do for, without an escape.
	check func([]byte) error
	// raw is for the parts of a ref.
	raw *[]byte
}

// body reads a whole body, and reports whether it could.
func (p *plain) body(b []byte, members ...member) bool {
	p.left = b
	return p.object(members) && len(p.left) == 0
}

func (p *plain) object(members []member) bool {
	if !p.skip('{') {
		return false
	}
	if p.skip('}') {
		return true
	}
	for {
		name, ok := p.quoted()
		if !ok || !p.skip(':') || !p.value(name, members) {
			return false
		}
		if p.skip('}') {
			return true
		}
		if !p.skip(',') {
			return false
		}
	}
}

// value reads the value of the member with a name.
func (p *plain) value(name []byte, members []member) bool {
	for i := range members {
		m := &members[i]
		if string(name) != m.name {
			continue
		}
		switch {
		case m.flag != nil:
			return p.truth(m.flag)
		case m.whole:
			return p.whole()
		case m.number:
			return p.number()
		case m.ref != nil:
			return p.reference(m.ref)
		}
		from := p.left
		text, ok := p.quoted()
		switch {
		case m.check != nil:
			return ok && len(from)-len(p.left) == len(text)+len(`""`) && m.check(text) == nil
		case m.text != nil && ok:
			*m.text = p.words.of(text)
		case m.raw != nil:
			*m.raw = append((*m.raw)[:0], text...)
		}
		return ok
	}
	return false // it may be another spelling of a name that counts
}

// reference reads an oncall.Ref.
func (p *plain) reference(w *word) bool {
	p.source, p.id = p.source[:0], p.id[:0]
	if !p.object([]member{{name: "source", raw: &p.source}, {name: "id", raw: &p.id}}) {
		return false
	}
	p.ref = append(append(append(p.ref[:0], p.source...), '/'), p.id...)
	*w = p.words.of(p.ref)
	return true
}

func (p *plain) skip(c byte) bool {
	if len(p.left) == 0 || p.left[0] != c {
		return false
	}
	p.left = p.left[1:]
	return true
}

func (p *plain) truth(to *bool) bool {
	for _, word := range []string{"true", "false"} {
		if rest, ok := bytes.CutPrefix(p.left, []byte(word)); ok {
			p.left, *to = rest, word == "true"
			return true
		}
	}
	return false
}

// longestNumber bounds one: up to there nothing is too large to be one.
const longestNumber = 24

// number passes over a number without an exponent.
func (p *plain) number() bool {
	all := len(p.left)
	if !p.whole() || p.skip('.') && !p.digits() {
		return false
	}
	// An exponent, or a digit after a zero, is where an end should be.
	return all-len(p.left) <= longestNumber
}

// longestWhole bounds a number that has to be an int.
const longestWhole = 18

func (p *plain) whole() bool {
	p.skip('-')
	all := len(p.left)
	return (p.skip('0') || p.digits()) && all-len(p.left) <= longestWhole
}

func (p *plain) digits() bool {
	n := 0
	for n < len(p.left) && '0' <= p.left[n] && p.left[n] <= '9' {
		n++
	}
	p.left = p.left[n:]
	return n > 0
}

// quoted reads a text. It holds until the next one.
func (p *plain) quoted() ([]byte, bool) {
	if !p.skip('"') {
		return nil, false
	}
	wide := false
	for i, c := range p.left {
		switch {
		case c == '"':
			text := p.left[:i]
			p.left = p.left[i+1:]
			return text, !wide || utf8.Valid(text)
		case c == '\\':
			return p.escaped(i)
		case c < ' ':
			return nil, false
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	return nil, false
}

// escaped reads on where a text has its first escape.
func (p *plain) escaped(i int) ([]byte, bool) {
	p.text = append(p.text[:0], p.left[:i]...)
	for i < len(p.left) {
		c := p.left[i]
		switch {
		case c == '"':
			p.left = p.left[i+1:]
			return p.text, utf8.Valid(p.text)
		case c < ' ':
			return nil, false
		case c == '\\':
			is, n := unescape(p.left[i:])
			if n == 0 {
				return nil, false
			}
			p.text = append(p.text, is)
			i += n
			continue
		}
		p.text = append(p.text, c)
		i++
	}
	return nil, false
}

// unescape returns the character that an escape stands for, and how long that is; 0
// for one that is not of ASCII.
func unescape(b []byte) (is byte, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return b[1], 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'u':
		if len(b) < 6 || b[2] != '0' || b[3] != '0' {
			return 0, 0
		}
		high, low := digit(b[4]), digit(b[5])
		if high > 7 || low > 15 {
			return 0, 0
		}
		return high<<4 | low, 6
	}
	return 0, 0
}

// digit is the value of a hexadecimal digit, more than 15 for none.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// word is a text that is kept once, however often it stands in a ledger; 0 is the
// empty one.
type word uint32

// words are all of them.
type words struct {
	all []string
	at  map[string]word
	// lately has each where its last bytes lead to: what is written together is about
	// the same.
	lately [1 << 10]word
}

// newWords makes room for so many.
func newWords(n int) *words {
	w := &words{all: make([]string, 0, n+1), at: make(map[string]word, n+1)}
	w.keep("")
	return w
}

// of returns a text's word. It keeps nothing of the bytes.
func (w *words) of(b []byte) word {
	place := uint32(len(b))
	for _, c := range b[max(0, len(b)-6):] {
		place = place*31 + uint32(c)
	}
	near := &w.lately[place%uint32(len(w.lately))]
	if w.all[*near] == string(b) {
		return *near
	}
	n, known := w.at[string(b)]
	if !known {
		n = w.keep(string(b))
	}
	*near = n
	return n
}

// keep is of for a text that may be kept as it is.
func (w *words) keep(s string) word {
	if n, known := w.at[s]; known {
		return n
	}
	n := word(len(w.all))
	w.all, w.at[s] = append(w.all, s), n
	return n
}
