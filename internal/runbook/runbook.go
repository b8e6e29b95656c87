package runbook

import "fmt"

// Effect is what a step does to the system it is run on. The zero value is
// Change: what is not known to be harmless may change production. Effects are
// ordered, a greater one asks for more care.
type Effect int8

// The effects of a Step.
const (
	// Observe only looks.
	Observe Effect = iota - 1
	// Change may change something.
	Change
	// Dangerous destroys or interrupts something, or cannot be taken back.
	Dangerous
)

// String returns the effect in the word that an author writes.
func (e Effect) String() string {
	switch e {
	case Observe:
		return "observe"
	case Dangerous:
		return "dangerous"
	case Change:
	}
	return "change"
}

// MarshalText makes effects words in JSON.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Problem is one fault of a runbook: where, what, and what its author can do.
type Problem struct {
	// Line counts from 1 in the file; 0 is the file as a whole.
	Line int    `json:"line"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

// In returns the problem as one sentence about the named file, such as
// "runbooks/checkout.md:12: …; …".
func (p Problem) In(name string) string {
	s := name + ": " + p.Text
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d: %s", name, p.Line, p.Text)
	}
	if p.Fix != "" {
		s += "; " + p.Fix
	}
	return s
}

// Step is one fenced shell block.
type Step struct {
	// Index counts from 0 in the order of the document.
	Index int `json:"index"`
	// Title is the heading above the block, or the text just before it when the
	// heading already names an earlier step.
	Title string `json:"title"`
	// Prose is what stands between the previous step or heading and the block.
	Prose string `json:"prose,omitempty"`
	// Script is exactly the block's bytes, without the indentation that
	// Markdown takes off a block inside a list.
	Script []byte `json:"script"`
	// Lang is the language the author wrote, Interpreter the program that runs
	// it: sh, bash or zsh; empty for a transcript.
	Lang        string `json:"lang"`
	Interpreter string `json:"interpreter,omitempty"`
	// Line is the line of the opening fence, counted from 1.
	Line   int    `json:"line"`
	Effect Effect `json:"effect"`
	// Why says what in the script made Effect greater than declared.
	Why string `json:"why,omitempty"`
	// Problems say why the step cannot be run as it is written.
	Problems []Problem `json:"problems,omitempty"`
}

// Runnable reports whether the step may be run as it is written.
func (s Step) Runnable() bool { return len(s.Problems) == 0 }

// Kind is what a Block is.
type Kind uint8

// The kinds of Block.
const (
	Text Kind = iota
	Heading
	List
	Quote
	Code
	HTML
	Rule
)

// String returns the kind in a word.
func (k Kind) String() string {
	switch k {
	case Heading:
		return "heading"
	case List:
		return "list"
	case Quote:
		return "quote"
	case Code:
		return "code"
	case HTML:
		return "html"
	case Rule:
		return "rule"
	case Text:
	}
	return "text"
}

// MarshalText makes kinds words in JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// NoStep is the Step of a Block that is none.
const NoStep = -1

// Block is one piece of the document, for display in order. Its text is the
// source as written, markup included, so nothing in it is hidden.
type Block struct {
	Kind Kind `json:"kind"`
	// Level is a heading's level, or how deep a list item or a quote is nested,
	// counted from 1; otherwise 0.
	Level int    `json:"level,omitempty"`
	Text  string `json:"text,omitempty"`
	// Marker is a list item's bullet or number, on the item's first block only.
	Marker string `json:"marker,omitempty"`
	// Info is what stands behind a code block's opening fence.
	Info string `json:"info,omitempty"`
	// Line is where the block starts, counted from 1.
	Line int `json:"line"`
	// Step is the index of the step that this block is, or NoStep.
	Step int `json:"step"`
}

// Front is what a runbook says of itself between two lines of dashes at its top:
//
//	---
//	title: Checkout 5xx
//	services: checkout, ledger-api
//	alerts: [CheckoutErrorRate]
//	labels: {team: payments}
//	---
//
// It is not YAML: a key and a value on each line, where a value may be a list
// with commas or one item on each following line. Other keys are left alone.
type Front struct {
	Title    string   `json:"title,omitempty"`
	Services []string `json:"services,omitempty"`
	// Alerts are the names of alerts (the label alertname) it is for.
	Alerts []string `json:"alerts,omitempty"`
	// Labels must all be on a page for it to match.
	Labels map[string]string `json:"labels,omitempty"`
}

// Runbook is one Markdown file.
type Runbook struct {
	// Name is the file's path as messages show it.
	Name string `json:"name"`
	// Title is the front matter's, else the first heading, else the file's name.
	Title  string  `json:"title"`
	Front  Front   `json:"front"`
	Blocks []Block `json:"blocks"`
	Steps  []Step  `json:"steps"`
	// Problems are faults of the document as a whole; it can still be read.
	Problems []Problem `json:"problems,omitempty"`
}

// Lint returns every problem of the document and its steps, ordered by line.
func (r Runbook) Lint() []Problem {
	all := append([]Problem(nil), r.Problems...)
	for _, s := range r.Steps {
		all = append(all, s.Problems...)
	}
	sortProblems(all)
	return all
}
