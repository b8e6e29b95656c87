// Package refused is every way to bring a string to the screen around the
// decoder. Each line that ends in a comment must not compile, for the reason in
// the comment.
package refused

import (
	"strings"

	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

type mine string

type hollow struct {
	s string
	w int
}

func refused(outside string, b *strings.Builder, s *style.Sheet) {
	const typed string = "typed"
	_ = text.Const(outside)                          // as text.constant value in argument
	_ = text.Const(typed)                            // as text.constant value in argument
	_ = text.Const(mine("x"))                        // as text.constant value in argument
	_ = text.Const("a" + outside)                    // as text.constant value in argument
	_ = text.constant(outside)                       // not exported by package text
	_ = text.Sprintf(outside)                        // as text.constant value in argument
	_ = text.Sprintf("%s"+outside, 1)                // as text.constant value in argument
	_ = text.Safe(outside)                           // cannot convert outside
	_ = text.Safe{outside, 3}                        // implicit assignment to unexported field
	_ = text.Safe{s: outside}                        // cannot refer to unexported field s
	_ = struct{ s string }(text.Safe{})              // cannot convert
	_ = text.Safe(hollow{})                          // cannot convert
	_ = text.Concat(outside)                         // as text.Safe value in argument
	_ = text.Join([]text.Safe{outside}, text.Safe{}) // as text.Safe value in array or slice literal
	_ = pane.S(style.Text, outside)                  // as text.Safe value in argument
	_ = pane.S(style.Text, "literal")                // as text.Safe value in argument
	_ = pane.Span{Role: style.Text, Text: outside}   // as text.Safe value in struct literal
	_ = pane.Line{outside}                           // as pane.Span value in array or slice literal
	s.Write(b, style.Text, outside)                  // as text.Safe value in argument
}
