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
