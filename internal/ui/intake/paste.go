package intake

import (
	"math/bits"
	"unicode/utf8"
)

const (
	// burst is how many bytes of text at once are no typing, unless they are few keys
	// again and again: a link that lags collects them.
	burst = 12
	// fewKeys is how many letters somebody presses by turns who moves about, such as
	// j, k and n. No text of burst letters has so few, and one that does has no line
	// end. Any one key may be held down.
	fewKeys = 3
	// shortText bounds a text that a key may follow sooner than a paste ends.
	shortText = 1 << 10
)

// fast reports whether more text comes at once than anybody types. A sequence, such
// as that of an arrow, is no text: pastes that hold one have marks, or lose it.
func fast(p []byte) bool {
	n, same, letters := 0, true, true
	var keys uint32
	for rest := p; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r < 0x20 && r != '\r' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			break
		}
		same = same && rest[0] == p[0]
		lower := rest[0] | 0x20
		if letters = letters && lower >= 'a' && lower <= 'z'; letters {
			keys |= 1 << (lower - 'a')
		}
		rest = rest[size:]
		few := letters && bits.OnesCount32(keys) <= fewKeys
		if n += size; n >= burst && !same && !few {
			return true
		}
	}
	return false
}

func (in *Intake) beginPaste(s state) {
	in.out = append(in.out, "\x1b[200~"...)
	in.state, in.left, in.mark, in.bare = s, MaxPaste, 0, s == closing
	in.char = in.char[:0]
}

func (in *Intake) endPaste() {
	in.out = append(in.out, "\x1b[201~"...)
	in.state, in.char = ground, in.char[:0]
}

// pasteMarks differ in one digit.
const pasteMarks = "\x1b[20?~"

// pasted takes a byte of a paste: text and line ends pass.
func (in *Intake) pasted(b byte) {
	want := pasteMarks[in.mark]
	switch {
	case b == want, want == '?' && (b == '0' || b == '1'):
		if want == '?' {
			in.seq = append(in.seq[:0], b)
		}
		if in.mark++; in.mark < len(pasteMarks) {
			return
		}
		in.mark = 0
		if in.seq[0] == '1' {
			in.state = closing
		}
		return
	case in.mark > 0:
		// No mark after all: what looked like one is text, without its ESC.
		looked := pasteMarks[1:in.mark]
		in.mark = 0
		in.dropped++
		for i := range len(looked) {
			c := looked[i]
			if c == '?' {
				c = in.seq[0]
			}
			in.text(c)
		}
		in.pasted(b)
		return
	}
	in.text(b)
}

// text takes a byte of a paste's text.
func (in *Intake) text(b byte) {
	switch {
	case b >= utf8.RuneSelf:
		if r, ok := in.decode(b); ok && r >= 0xa0 && in.left >= utf8.RuneLen(r) {
			in.left -= utf8.RuneLen(r)
			in.out = utf8.AppendRune(in.out, r)
		}
		return
	case b < 0x20 && b != '\n' && b != '\r' && b != '\t', b == 0x7f, in.left == 0:
		in.dropped++
		return
	}
	in.left--
	in.out = append(in.out, b)
}
