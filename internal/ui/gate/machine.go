package gate

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"conway/internal/text"
)

// state is where in a sequence the bytes so far end.
type state uint8

const (
	ground state = iota
	// escape is after ESC, escapeMore after ESC and intermediate bytes.
	escape
	escapeMore
	// control is inside a CSI sequence, lost in one that is too long.
	control
	lost
	// str is inside an OSC or another control string, strEscape after an ESC in
	// it, strLost in one that is too long.
	str
	strEscape
	strLost
	// matching is inside what may be an armed sequence.
	matching
)

// machine takes bytes one after another and appends to out what may pass.
type machine struct {
	g   *Gate
	out []byte
	// seq is the sequence, or the beginning of a character, read so far.
	seq   []byte
	state state
	// prev is the character before on the same row, a virama also when other marks
	// came behind it; 0 when the cursor moved.
	prev rune
	// owed are the cells over which the cursor has to be put when the cluster
	// that was anchored ends.
	owed  int
	bells int
	ink   ink
	// inLink is true between the two ends of a link.
	inLink bool
}

// feed takes the next bytes. The first is not matched with what is armed when
// plain is true, because that has just failed.
func (m *machine) feed(p []byte, plain bool) {
	for i := 0; i < len(p); {
		if m.state != ground {
			m.inside(p[i])
			i++
			continue
		}
		if len(m.seq) > 0 { // the beginning of a character from before
			i += m.finish(p[i:])
			continue
		}
		if n := printable(p[i:]); n > 0 {
			m.settle()
			m.out = append(m.ink.wet(m.out), p[i:i+n]...)
			m.prev = rune(p[i+n-1])
			i += n
			continue
		}
		switch b := p[i]; {
		case b == ansi.ESC:
			if n := m.whole(p[i:]); n > 0 {
				i += n
				continue
			}
			m.seq = append(m.seq[:0], b)
			m.state = escape
			if (!plain || i > 0) && m.candidate() {
				m.state = matching
			}
			i++
		case b < utf8.RuneSelf:
			m.single(b)
			i++
		case utf8.FullRune(p[i:]):
			i += m.char(p[i:])
		default:
			m.seq = append(m.seq[:0], p[i:]...)
			return
		}
	}
}

// whole takes a CSI sequence at the start of p if all of it is there, and returns
// its length, else 0. It is what nearly all sequences are; byte by byte the
// result is the same.
func (m *machine) whole(p []byte) int {
	if len(p) < 3 || p[1] != '[' || len(m.g.armed) > 0 {
		return 0
	}
	for i, b := range p[2:min(len(p), maxSequence)] {
		if b >= 0x40 && b < 0x7f {
			m.seq = append(m.seq[:0], p[:i+3]...)
			m.end(m.judge(m.seq[2:]))
			return i + 3
		}
		if b < 0x20 || b >= 0x7f {
			return 0
		}
	}
	return 0
}

// printable returns how many leading bytes are printable ASCII.
func printable(p []byte) int {
	for i, b := range p {
		if b-0x20 > 0x7e-0x20 {
			return i
		}
	}
	return len(p)
}

// finish completes a character that an earlier write began, and returns how many
// bytes of p belong to it.
func (m *machine) finish(p []byte) int {
	var buf [utf8.UTFMax]byte
	n := copy(buf[:], m.seq)
	k := copy(buf[n:], p)
	if !utf8.FullRune(buf[:n+k]) {
		m.seq = append(m.seq, p[:k]...)
		return k
	}
	m.seq = m.seq[:0]
	used := m.char(buf[:n+k])
	if used < n { // its beginning was none: the rest begins anew
		m.drop()
		return 0
	}
	return used - n
}

// char takes the character at the start of p and returns its length.
func (m *machine) char(p []byte) int {
	r, n := utf8.DecodeRune(p)
	cells, anchored := text.Place(m.prev, r)
	switch {
	case r == utf8.RuneError && n == 1, cells < 0:
		m.drop()
		return n
	case anchored:
		m.anchor(cells)
	case m.owed > 0 && cells == 0: // another mark on the same cluster
	default:
		m.settle()
		m.out = m.ink.wet(m.out)
	}
	m.out = append(m.out, p[:n]...)
	if cells > 0 || !text.Virama(m.prev) {
		m.prev = r
	}
	return n
}

// anchor prepares for a character whose cells terminals disagree about: the
// cells are blanked and the cursor is where it was. The pen is saved and put back
// with it, and is the same all the while.
func (m *machine) anchor(cells int) {
	m.settle()
	m.out = append(m.ink.wet(m.out), ansi.SaveCursor...)
	m.out = append(m.out, "  "[:cells]...)
	m.out = append(m.out, ansi.RestoreCursor...)
	m.owed = cells
}

// settle puts the cursor behind an anchored cluster.
func (m *machine) settle() {
	if m.owed == 0 {
		return
	}
	m.out = append(m.out, ansi.RestoreCursor...)
	m.out = append(m.out, ansi.CursorForward(m.owed)...)
	m.owed = 0
}

// single takes a control character.
func (m *machine) single(b byte) {
	m.settle()
	switch b {
	case '\n': // it may scroll
		m.out = m.ink.fill(m.out)
		m.prev = 0
	case '\r', '\b', '\t':
		m.prev = 0
	case ansi.BEL:
		if m.bells++; m.bells > maxBell {
			m.drop()
			return
		}
	default:
		m.drop()
		return
	}
	m.out = append(m.out, b)
}

// inside takes a byte of a sequence.
func (m *machine) inside(b byte) {
	switch m.state {
	case matching:
		m.match(b)
	case str, strLost:
		m.inString(b)
	case strEscape:
		m.afterStringEscape(b)
	default:
		m.inSequence(b)
	}
}

// inSequence takes a byte after ESC or in a CSI sequence.
func (m *machine) inSequence(b byte) {
	switch {
	case b == ansi.ESC: // abandons what came before
		m.drop()
		m.seq = append(m.seq[:0], b)
		m.state = escape
		return
	case b < 0x20 || b >= 0x7f:
		m.end(foreign)
		m.feed([]byte{b}, false)
		return
	}
	if m.state != lost {
		m.seq = append(m.seq, b)
	}
	final := b >= 0x40
	switch m.state {
	case escape:
		m.opened(b)
	case escapeMore:
		if b >= 0x30 {
			m.end(foreign)
		}
	case lost:
		if final {
			m.end(foreign)
		}
	default: // control
		switch {
		case final:
			m.end(m.judge(m.seq[2:]))
		case len(m.seq) >= maxSequence:
			m.state = lost
		}
	}
}

// opened takes the byte after ESC.
func (m *machine) opened(b byte) {
	switch {
	case b == '[':
		m.state = control
	case strings.IndexByte("]PX^_k", b) >= 0:
		m.state = str
	case b < 0x30:
		m.state = escapeMore
	default:
		m.end(when(b == 'M')) // reverse index
	}
}

// end ends a sequence, which passes or not.
func (m *machine) end(v verdict) {
	m.state = ground
	switch v {
	case ours:
		m.pass()
	case foreign:
		m.drop()
	case unasked:
	}
	m.seq = m.seq[:0]
}

// The order of right-to-left text: ECMA-48 mode 8 (BDSM), as in
// https://terminal-wg.pages.freedesktop.org/bidi/. In the implicit order, which
// some terminals begin with, a border between two Arabic words is moved.
const (
	explicitOrder = "\x1b[8l"
	implicitOrder = "\x1b[8h"
)

// pass appends the sequence. While the alternate screen is shown, the order of
// text is explicit.
func (m *machine) pass() {
	m.settle()
	if m.styled() {
		return
	}
	switch needOf(m.seq) {
	case all:
		m.out = m.ink.wet(m.out)
	case blank:
		m.out = m.ink.fill(m.out)
	case none:
	}
	switch string(m.seq) {
	case ansi.SetModeAltScreenSaveCursor:
		m.seq = append(m.seq, explicitOrder...)
		m.ink.lose()
	case ansi.ResetModeAltScreenSaveCursor:
		m.out = append(m.out, implicitOrder...)
		m.ink.lose() // the pen from before the screen comes back
	}
	m.out = append(m.out, m.seq...)
	if m.seq[len(m.seq)-1] != 'm' {
		m.prev = 0
	}
}

// styled keeps SGR back, and reports whether the sequence is one.
func (m *machine) styled() bool {
	var p params
	last := len(m.seq) - 1
	if m.seq[1] != '[' || m.seq[last] != 'm' || !p.read(m.seq[2:last]) || !looks(&p) {
		return false
	}
	m.ink.ask(&p)
	return true
}

func (m *machine) drop() { m.g.dropped.Add(1) }

// inString takes a byte of a control string.
func (m *machine) inString(b byte) {
	switch {
	case b == ansi.ESC:
		m.state = strEscape
	case b == ansi.CAN || b == ansi.SUB: // abandons it, as in a terminal
		m.end(foreign)
	case b == ansi.BEL:
		m.end(when(m.state == str && (m.title() || m.linked())))
	case m.state == strLost:
	case len(m.seq) >= maxString:
		m.state = strLost
	default:
		m.seq = append(m.seq, b)
	}
}

// afterStringEscape takes the byte after an ESC in a control string. Only a
// backslash ends the string; anything else abandons it and begins a sequence.
func (m *machine) afterStringEscape(b byte) {
	if b == '\\' {
		m.end(foreign) // the program ends its titles with BEL
		return
	}
	m.drop()
	m.seq = append(m.seq[:0], ansi.ESC)
	m.state = escape
	m.inSequence(b)
}

// title reports whether the string is the window's title in plain words, and
// completes it.
func (m *machine) title() bool {
	body, ok := strings.CutPrefix(string(m.seq), "\x1b]2;")
	if !ok {
		return false
	}
	for i, r := range body {
		if r == utf8.RuneError && body[i] != 0xef || !text.Drawn(r) {
			return false
		}
	}
	m.seq = append(m.seq, ansi.BEL)
	return true
}

// candidate reports whether the bytes so far begin an armed sequence.
func (m *machine) candidate() bool {
	for _, a := range m.g.armed {
		if strings.HasPrefix(a, string(m.seq)) {
			return true
		}
	}
	return false
}

// match takes a byte of what may be an armed sequence.
func (m *machine) match(b byte) {
	m.seq = append(m.seq, b)
	for i, a := range m.g.armed {
		if a == string(m.seq) {
			m.g.armed = append(m.g.armed[:i], m.g.armed[i+1:]...)
			m.end(ours)
			m.ink.lose() // the gate does not know what it let through
			return
		}
	}
	if m.candidate() {
		return
	}
	again := append([]byte(nil), m.seq...)
	m.seq, m.state = m.seq[:0], ground
	m.feed(again, true)
}
