package style

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"conway/internal/text"
)

// WriteLink appends t as Write does, as a link where the sheet allows the address,
// which is as it came from outside.
func (s *Sheet) WriteLink(b *strings.Builder, role Role, t text.Safe, url string) {
	if url == "" || s.Linkable == nil || !s.Linkable(url) {
		s.Write(b, role, t)
		return
	}
	b.WriteString(ansi.SetHyperlink(url))
	s.Write(b, role, t)
	b.WriteString(ansi.ResetHyperlink())
}
