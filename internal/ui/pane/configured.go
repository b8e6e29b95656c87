package pane

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/style"
)

// Configured reports whether there is any source of this kind. Without one
// nothing is asked, and no pane may say that it waits for an answer.
func Configured(b board.Board, kind string) bool {
	for _, s := range b.Sources() {
		if s.Kind == kind {
			return true
		}
	}
	return false
}

// Unconfigured says that nothing of a kind is asked, and what to do about it.
func Unconfigured(kind string, w int) Block {
	var out Block
	for _, l := range text.Sprintf("nothing is asked: name a source under %s: in the config", kind).Wrap(max(1, w)) {
		out = append(out, L(S(style.Dim, l)))
	}
	return out
}

// Heard is Freshness for what the sources of a kind say together, and says when
// there are none. It stands right after a pane's name, because what comes last in
// a title is cut off first.
func Heard[T any](b board.Board, kind string, r oncall.Reading[T], f Frame) Line {
	if !Configured(b, kind) {
		return L(S(style.Dim, text.Const(" not configured")))
	}
	if s := Freshness(r, f.Now); !s.Text.Empty() {
		return L(S(style.Text, text.Const(" ")), s)
	}
	return nil
}
