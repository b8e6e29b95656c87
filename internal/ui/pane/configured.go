package pane

import (
	"time"

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
	return Paragraph(style.Dim, text.Sprintf("nothing is asked: name a source under %s: in the config", kind), w)
}

// Heard is Freshness for what the sources of a kind say together, and says when
// there are none. It stands right after a pane's name, because what comes last in
// a title is cut off first.
func Heard[T any](b board.Board, kind string, r oncall.Reading[T], f Frame) Line {
	if !Configured(b, kind) {
		return L(S(style.Dim, text.Const(" not configured")))
	}
	s := Freshness(r, f.Now)
	if s.Text.Empty() {
		return nil
	}
	l := L(S(style.Text, text.Const(" ")), s)
	if r.Fault != nil {
		l = append(l, cause(b, r.Fault, f.Now))
	}
	return l
}

// cause says in a few words why nothing newer is there, when it is asked for
// again and what a person can do; the pane of sources has the whole sentence.
func cause(b board.Board, fault *oncall.Fault, now time.Time) Span {
	words := text.Sprintf(": %s %s", fault.Source, fault.Kind)
	switch {
	case fault.Status != 0:
		words = text.Sprintf("%s (HTTP %d)", words, fault.Status)
	case fault.Detail != "":
		words = text.Sprintf(": %s: %s", fault.Source, fault.Detail)
	}
	if fault.Fix != "" {
		words = text.Sprintf("%s; %s", words, fault.Fix)
	}
	for _, s := range b.Sources() {
		if s.Name == fault.Source && s.NextTry.After(now) {
			words = text.Sprintf("%s; next try in %s", words, Age(s.NextTry.Sub(now)))
		}
	}
	return S(style.Dim, words)
}
