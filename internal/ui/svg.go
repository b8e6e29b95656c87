package ui

import (
	"fmt"
	"html"
	"strings"

	"conway/internal/ui/style"
)

// The size of a cell in an SVG, in its own units: a monospaced font at 14 is
// 8.4 wide.
const (
	cellW = 8.4
	cellH = 18
)

// SVG returns the frame as a picture, for documents. Each run of text is set to
// its exact width, so that borders meet whatever font is there.
func (m *Model) SVG() string {
	var b strings.Builder
	rows := m.rows()
	w, h := float64(m.w)*cellW+16, m.h*cellH+16
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %d" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">`, w, h)
	ground := m.opts.Sheet.Ground()
	fmt.Fprintf(&b, "\n<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"%s\"/>\n", ground)
	for y, row := range rows {
		x := 0
		for _, s := range row {
			n := s.Text.Width()
			if n == 0 {
				continue
			}
			m.svgSpan(&b, x, y, n, s.Role, s.Text.String())
			x += n
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

func (m *Model) svgSpan(b *strings.Builder, x, y, n int, role style.Role, s string) {
	look := m.opts.Sheet.Look(role)
	px, py, pw := 8+float64(x)*cellW, 8+y*cellH, float64(n)*cellW
	if look.Back != "" && look.Back != m.opts.Sheet.Ground() {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, px, py, pw, cellH, look.Back)
	}
	if strings.TrimSpace(s) == "" {
		return
	}
	weight := ""
	if look.Bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="%s"%s textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve">%s</text>`+"\n",
		px, py+cellH-5, look.Fore, weight, pw, html.EscapeString(s))
}
