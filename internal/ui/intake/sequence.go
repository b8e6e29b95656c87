package intake

import "time"

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
