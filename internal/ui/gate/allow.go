package gate

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// maxBell is how many bells of one write pass: the program rings once for
// whatever has come. More is not its doing.
const maxBell = 1

// Allow says what passes besides what always does: the mouse being asked for,
// and links to addresses that link, nil for none, approves of. It is called
// before the first write.
func (g *Gate) Allow(mouse bool, link func(url string) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mouse, g.link = mouse, link
}

// judge is the grammar's verdict, and this terminal's exceptions from it.
func (m *machine) judge(body []byte) verdict {
	switch string(body) {
	case "?1002h", "?1006h": // clicks, the wheel and drags, in a form without bare bytes
		return when(m.g.mouse)
	case "?1002l", "?1003l", "?1006l":
		return ours // what is off can be put off
	}
	return judge(body)
}

// linked reports whether the string begins a link that is allowed, or ends one
// that was, and completes it. Of the first, what is not allowed takes its end
// with it: a link that never began needs none.
func (m *machine) linked() bool {
	if m.g.link == nil {
		return false
	}
	url, ok := strings.CutPrefix(string(m.seq), "\x1b]8;;")
	if !ok || url != "" && !m.g.link(url) || url == "" && !m.inLink {
		return false
	}
	m.inLink = url != ""
	m.seq = append(m.seq, ansi.BEL)
	return true
}
