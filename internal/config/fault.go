package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const (
	// mask stands for what must not be shown.
	mask = "****"
	// excerptWidth bounds the shown part of a line, in characters, so that it
	// fits on the narrowest usual terminal together with its number.
	excerptWidth = 72
	// maxFaults bounds how many faults are reported; more help nobody.
	maxFaults = 100
)

// Error is one fault of a config file.
type Error struct {
	// File is the name that the file was read by.
	File string
	// Line and Column count from 1, the column in characters; both are 0 for a
	// fault of the whole file.
	Line, Column int
	// Message says what is wrong.
	Message string
	// Source is the line, shortened and with secrets masked; empty when it
	// cannot be shown.
	Source string
	// Fix says what to do about it; it may be empty.
	Fix string

	caret, width int // where in Source the fault is, in characters
}

// Error returns the place and the message, and below it the line with a caret
// and the fix.
func (e Error) Error() string {
	if e.Source == "" {
		s := e.place() + ": " + e.Message
		if e.Fix != "" {
			s += "; " + e.Fix
		}
		return s
	}
	carets := strings.Repeat(" ", e.caret) + strings.Repeat("^", max(1, e.width))
	return strings.TrimRight(fmt.Sprintf("%s: %s\n%5d | %s\n      | %s %s",
		e.place(), e.Message, e.Line, e.Source, carets, e.Fix), " ")
}

func (e Error) place() string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}

// Errors is every fault of a config file, in the order of the file.
type Errors []Error

// Error returns all faults, one below the other.
func (e Errors) Error() string {
	all := make([]string, len(e))
	for i, one := range e {
		all[i] = one.Error()
	}
	return strings.Join(all, "\n")
}

// Unwrap returns the faults one by one, for errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// mark is a place in a file.
type mark struct{ line, col, width int }

func (m mark) before(o mark) int {
	if m.line != o.line {
		return m.line - o.line
	}
	return m.col - o.col
}

// faults collects what is wrong with one file.
type faults struct {
	file  string
	lines []string
	veil  veil
	found []found
	more  int
}

type found struct {
	at           mark
	message, fix string
}

// add records a fault. The same one found twice, such as through two aliases,
// is one.
func (f *faults) add(at mark, message, fix string) {
	one := found{at, message, fix}
	switch {
	case slices.Contains(f.found, one):
	case len(f.found) >= maxFaults:
		f.more++
	default:
		f.found = append(f.found, one)
	}
}

// err returns the faults in the order of the file, or nil for none.
func (f *faults) err() error {
	if len(f.found) == 0 {
		return nil
	}
	slices.SortStableFunc(f.found, func(a, b found) int { return a.at.before(b.at) })
	out := make(Errors, 0, len(f.found)+1)
	for _, one := range f.found {
		e := Error{
			File: f.file, Line: one.at.line, Column: one.at.col,
			Message: f.veil.scrub(one.message), Fix: f.veil.scrub(one.fix),
		}
		if one.at.line > 0 && one.at.line <= len(f.lines) {
			e.Source, e.caret, e.width = f.veil.excerpt(f.lines[one.at.line-1], one.at)
		}
		out = append(out, e)
	}
	if f.more > 0 {
		out = append(out, Error{File: f.file, Message: fmt.Sprintf("there are %d more faults", f.more), Fix: "mend these first"})
	}
	return out
}

// printable returns s with everything that is not plainly visible replaced, one
// character for one, so that a file can neither move the cursor nor a caret.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// quote returns a word of the file for a message.
func quote(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return `"` + printable(s) + `"`
}
