package intake

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Times that decide what bytes mean. A person needs some 50 ms from key to key;
// the parts of a sequence that was cut come as fast as the link allows.
const (
	// escapeHold is how long an ESC may stay alone before it is the key.
	escapeHold = 50 * time.Millisecond
	// lateHold is how long the first byte after such a key may wait for a second,
	// when it could be the rest of a sequence; lateSpan is how long that is feared.
	lateHold = 80 * time.Millisecond
	lateSpan = 2 * time.Second
	// pasteQuiet ends a paste: what follows sooner was pasted too, whatever marks
	// stand before it.
	pasteQuiet = 150 * time.Millisecond
	// aloneAfter is how long after a short text without marks one byte by itself is
	// a key: a program that types for a person, or a lagging link, sends the text at
	// once and the key that ends it after.
	aloneAfter = 3 * time.Millisecond
	// pasteLost is how long an open paste may pause.
	pasteLost = 5 * time.Second
	// sequenceLost is how long a sequence may pause. A single byte that comes
	// typedAfter into a string is a person who wonders why nothing happens.
	sequenceLost = 2 * time.Second
	typedAfter   = 500 * time.Millisecond
	// wheelEvery is the pace of wheel reports, one a frame of 60 a second.
	wheelEvery = 16 * time.Millisecond
)

const (
	// MaxPaste bounds a paste in bytes; the rest of a longer one is dropped.
	MaxPaste = 64 << 10
	// Growth bounds how many times longer what passes can be than what came.
	Growth = 5
	// Held bounds what of it can be from earlier.
	Held = 128
	// burst is how many bytes of text at once are no typing. A link that lags
	// collects a few keys; a key that is held down sends one byte many times.
	burst = 12
	// shortText bounds a text that a key may follow sooner than a paste ends.
	shortText = 1 << 10
	// maxSequence bounds the sequences that keys send.
	maxSequence = 48
)

type state uint8

const (
	ground state = iota
	// escape is after ESC; chord after ESC and a character, which is alt+character
	// if nothing follows at once; junk in what follows such a one.
	escape
	chord
	junk
	// more is after ESC and an intermediate byte.
	more
	// late is after the first byte that may belong to an ESC taken for a key.
	late
	control
	console
	single
	str
	strEscape
	// raw is in the bare bytes after an old mouse report.
	raw
	// pasting is in a paste, closing after its end, until it has been quiet.
	pasting
	closing
)

// Intake takes what the terminal sends and gives what may pass. It is not safe
// for concurrent use.
type Intake struct {
	// Mouse lets clicks and the wheel pass.
	Mouse bool

	state   state
	out     []byte
	seq     []byte
	char    []byte
	last    time.Time
	alone   time.Time // when an ESC was last taken for the key
	wheel   time.Time
	left    int  // bytes of raw, or of the paste
	eight   bool // the string was begun by one byte, and may end with one
	bare    bool // the paste has no marks
	mark    int  // how much of a paste's mark has been read
	kitty   bool // the terminal never sends a bare ESC for the key
	dropped uint64
}

// Dropped returns how many sequences and characters did not pass.
func (in *Intake) Dropped() uint64 { return in.dropped }

// Feed takes the bytes of one read at a time and returns what passes, which is
// good until the next call.
func (in *Intake) Feed(p []byte, now time.Time) []byte {
	in.out = in.out[:0]
	in.giveUp(p, now)
	in.last = now
	for i, b := range p {
		if in.state == ground && !in.continues(b, now) && fast(p[i:]) {
			in.beginPaste(closing)
		}
		in.step(b, now)
	}
	switch in.state {
	case chord:
		in.alt()
	case junk:
		in.state = ground
	default:
	}
	return in.out
}

// Wait returns how long to wait for more before Expire is called, 0 for not at
// all.
func (in *Intake) Wait() time.Duration {
	switch in.state {
	case escape:
		if in.kitty {
			return 0
		}
		return escapeHold
	case late:
		return lateHold
	case closing:
		return pasteQuiet
	default:
		return 0
	}
}

// Expire is called when nothing has come for as long as Wait said, and returns
// what passes because of that.
func (in *Intake) Expire(now time.Time) []byte {
	in.out = in.out[:0]
	switch in.state {
	case escape:
		in.key(27, 0)
		in.alone = now
		in.state = ground
	case late:
		in.out = append(in.out, in.seq...)
		in.alone = time.Time{}
		in.state = ground
	case closing:
		in.endPaste()
	default:
	}
	return in.out
}

// giveUp forgets what was begun too long ago.
func (in *Intake) giveUp(p []byte, now time.Time) {
	gap := now.Sub(in.last)
	switch in.state {
	case ground:
	case pasting:
		if gap > pasteLost {
			in.endPaste()
		}
	case closing:
		ended := in.bare && len(p) == 1 && gap >= aloneAfter && in.left > MaxPaste-shortText
		if gap > pasteQuiet || ended {
			in.endPaste()
		}
	case str:
		typed := gap > typedAfter && len(p) == 1 && p[0] >= 0x20
		if gap > sequenceLost || typed {
			in.drop()
		}
	default:
		if gap > sequenceLost {
			in.drop()
		}
	}
}

// fast reports whether more text comes at once than anybody types.
func fast(p []byte) bool {
	n, same := 0, true
	for rest := p; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r < 0x20 && r != '\r' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			break
		}
		same = same && rest[0] == p[0]
		rest = rest[size:]
		if n += size; n >= burst && !same {
			return true
		}
	}
	return false
}

// continues reports whether a byte may go on what began with an ESC that was
// taken for the key.
func (in *Intake) continues(b byte, now time.Time) bool {
	return introduces(b) && now.Sub(in.alone) < lateSpan
}

func (in *Intake) drop() {
	in.dropped++
	in.state = ground
	in.seq = in.seq[:0]
}

// key writes a key in the form that needs no waiting for more.
func (in *Intake) key(code, modifiers int) {
	in.out = append(in.out, "\x1b["...)
	in.out = strconv.AppendInt(in.out, int64(code), 10)
	if modifiers > 0 {
		in.out = append(in.out, ';')
		in.out = strconv.AppendInt(in.out, int64(modifiers+1), 10)
	}
	in.out = append(in.out, 'u')
}

// alt writes the key that was pressed with alt.
func (in *Intake) alt() {
	const modifier = 2
	in.key(int(in.seq[1]), modifier)
	in.seq = in.seq[:0]
	in.state = ground
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

// step takes a byte.
func (in *Intake) step(b byte, now time.Time) {
	switch in.state {
	case ground:
		in.typed(b, now)
	case escape:
		in.opened(b, now)
	case chord:
		in.afterChord(b)
	case junk:
		if b == 0x1b {
			in.begin(b)
		}
	case more:
		if b < 0x20 || b > 0x2f {
			in.drop()
		}
	case late:
		in.alone = time.Time{}
		in.open(in.seq[0])
		in.step(b, now)
	case control:
		in.inControl(b, now)
	case console:
		in.afterConsole(b)
	case single:
		in.inSingle(b, now)
	case str:
		in.inString(b)
	case strEscape:
		in.afterStringEscape(b, now)
	case raw:
		if in.left--; in.left == 0 {
			in.drop()
		}
	case pasting, closing:
		in.pasted(b)
	}
}

// begin starts a sequence with a byte.
func (in *Intake) begin(b byte) {
	in.seq = append(in.seq[:0], b)
	in.state = escape
}

// typed takes a byte outside of any sequence.
func (in *Intake) typed(b byte, now time.Time) {
	switch {
	case b >= utf8.RuneSelf:
		if r, ok := in.decode(b); ok && r >= 0xa0 {
			in.out = utf8.AppendRune(in.out, r)
		} else if ok {
			in.single8(byte(r))
		}
		return
	case len(in.char) > 0: // a character that was not finished
		in.char = in.char[:0]
		in.dropped++
	}
	switch {
	case b == 0x1b:
		in.begin(b)
	case in.continues(b, now):
		in.seq = append(in.seq[:0], b)
		in.state = late
	default:
		in.alone = time.Time{}
		in.out = append(in.out, b)
	}
}

// decode takes a byte of a character beyond ASCII, and returns the character
// when it is whole. A byte that can be in none is returned as it is.
func (in *Intake) decode(b byte) (rune, bool) {
	in.char = append(in.char, b)
	if !utf8.FullRune(in.char) {
		return 0, false
	}
	r, n := utf8.DecodeRune(in.char)
	whole := n == len(in.char)
	in.char = in.char[:0]
	if r == utf8.RuneError && n == 1 {
		if whole && b < 0xa0 {
			return rune(b), true
		}
		in.dropped++
		return 0, false
	}
	return r, true
}

// introduces reports whether ESC and this byte begin a sequence.
func introduces(b byte) bool {
	switch b {
	case '[', 'O', ']', 'P', 'X', '^', '_':
		return true
	}
	return false
}

// single8 takes a control character of the upper half, which stands for ESC and
// a character of the lower.
func (in *Intake) single8(c byte) {
	if c < 0x80 || !introduces(c-0x40) {
		in.dropped++
		return
	}
	in.begin(0x1b)
	in.open(c - 0x40)
	in.eight = true
}

// open goes into the sequence that a byte introduces.
func (in *Intake) open(b byte) {
	in.eight = false
	switch b {
	case '[':
		in.state = control
	case 'O':
		in.state = single
	default:
		in.state = str
	}
	in.seq = append(in.seq[:0], 0x1b, b)
}

// opened takes the byte after ESC.
func (in *Intake) opened(b byte, now time.Time) {
	switch {
	case b == 0x1b:
		in.key(27, 0)
		in.alone = now
		in.begin(b)
	case introduces(b):
		in.open(b)
	case b >= 0x20 && b <= 0x2f:
		in.state = more
	case b == '\r' || b > 0x2f && b <= 0x7f:
		in.seq = append(in.seq, b)
		in.state = chord
	default:
		in.drop()
	}
}

// afterChord takes a byte that came together with what looks like alt and a key:
// nobody types that fast, except with one key held down.
func (in *Intake) afterChord(b byte) {
	if b == 0x1b {
		in.alt()
		in.begin(b)
		return
	}
	in.drop()
	in.state = junk
}

// inControl takes a byte of a CSI sequence.
func (in *Intake) inControl(b byte, now time.Time) {
	switch {
	case b < 0x20 || b >= 0x7f:
		in.drop()
		in.step(b, now)
	case b < 0x40:
		if len(in.seq) < maxSequence {
			in.seq = append(in.seq, b)
		} else {
			in.seq[2] = '!' // too long: no key begins like this
		}
	default:
		in.seq = append(in.seq, b)
		in.whole(now)
	}
}

// whole judges a CSI sequence that is whole.
func (in *Intake) whole(now time.Time) {
	body := in.seq[2:]
	if n := trailing(body); n > 0 {
		in.state, in.left = raw, n
		return
	}
	in.state = ground
	switch what := judge(body); {
	case what == pasteStart:
		in.seq = in.seq[:0]
		in.beginPaste(pasting)
		return
	case what == linuxKey:
		in.state = console
		return
	case what == wheel && in.Mouse && now.Sub(in.wheel) >= wheelEvery:
		in.wheel = now
	case what == click && in.Mouse, what == pressed:
	case what == protocol:
		in.kitty = body[1] != '0'
	default:
		in.drop()
		return
	}
	in.out = append(in.out, in.seq...)
	in.seq = in.seq[:0]
}

// afterConsole takes the last byte of one of the Linux console's function keys.
func (in *Intake) afterConsole(b byte) {
	if b < 'A' || b > 'E' {
		in.drop()
		return
	}
	in.out = append(append(in.out, in.seq...), b)
	in.seq = in.seq[:0]
	in.state = ground
}

// inSingle takes a byte after ESC O.
func (in *Intake) inSingle(b byte, now time.Time) {
	switch {
	case b == 0x1b || b < 0x20 || b >= 0x7f:
		in.drop()
		in.step(b, now)
	case (b >= '0' && b <= '9' || b == ';') && len(in.seq) < 8:
		in.seq = append(in.seq, b)
	case b >= 'A' && b <= 'D', b == 'F', b == 'H', b == 'M', b >= 'P' && b <= 'S', b >= 'j' && b <= 'y':
		in.out = append(append(in.out, in.seq...), b)
		in.seq = in.seq[:0]
		in.state = ground
	default:
		in.drop()
	}
}

// inString takes a byte of a control string, none of which are a key's.
func (in *Intake) inString(b byte) {
	switch {
	case b == 0x1b:
		in.state = strEscape
	case b == 0x18, b == 0x1a, // cancelled
		b == 0x07 && in.seq[1] == ']',
		b == 0x9c && in.eight:
		in.drop()
	}
}

// afterStringEscape takes the byte after an ESC in a control string.
func (in *Intake) afterStringEscape(b byte, now time.Time) {
	in.drop()
	if b != '\\' {
		in.begin(0x1b)
		in.opened(b, now)
	}
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
