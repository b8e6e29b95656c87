package oncall

import (
	"errors"
	"fmt"
	"time"
)

// FaultKind classifies a failure by what a caller can do about it.
type FaultKind uint8

// The kinds of Fault.
const (
	// Unavailable means that the other side could not be reached, took too long
	// or answered 5xx. Trying again later is right.
	Unavailable FaultKind = iota
	// Auth means that a credential is missing, wrong or lacks a permission
	// (HTTP 401, 403). Trying again does not help until somebody renews it.
	Auth
	// RateLimited means that the other side asked for fewer requests (HTTP 429).
	RateLimited
	// Rejected means that the other side understood the request and refused it
	// (HTTP 4xx). The same request will be refused again.
	Rejected
	// Malformed means that the answer could not be understood.
	Malformed
	// Repeated means that the other side has what was asked for more than once.
	Repeated
)

// String returns the kind in the words shown to a person.
func (k FaultKind) String() string {
	switch k {
	case Unavailable:
		return "unavailable"
	case Auth:
		return "not authorised"
	case RateLimited:
		return "rate limited"
	case Rejected:
		return "refused"
	case Malformed:
		return "malformed answer"
	case Repeated:
		return "done twice"
	}
	return "fault"
}

// Fault is the error that every source and every action returns. Its text is
// one sentence for a person: who failed, doing what, why, and what to do next.
// It never holds a secret.
type Fault struct { //nolint:errname // the design's own word, and what a person reads
	// Kind says what can be done about it.
	Kind FaultKind
	// Source is the configured name of the source, such as "pd".
	Source string
	// Op is what was attempted, verb and object, such as "list incidents".
	Op string
	// Status is the HTTP status of the answer, or 0 when there was none.
	Status int
	// Detail is the other side's own words, or the cause in ours.
	Detail string
	// Fix says what a person can do next; empty when only waiting helps.
	Fix string
	// RetryAfter is how long the other side asked to be left alone, or 0.
	RetryAfter time.Duration
	// Ambiguous is true for a write whose request may have reached the other
	// side although no answer came back.
	Ambiguous bool
	// Cause is the underlying error, if any, for errors.Is and errors.As.
	Cause error
}

// Error returns the sentence "source: op: kind: detail; fix".
func (f *Fault) Error() string {
	s := f.Kind.String()
	if f.Status != 0 {
		s = fmt.Sprintf("%s (HTTP %d)", s, f.Status)
	}
	if f.Op != "" {
		s = f.Op + ": " + s
	}
	if f.Source != "" {
		s = f.Source + ": " + s
	}
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Fix != "" {
		s += "; " + f.Fix
	}
	return s
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Passing reports whether trying the same thing again later can succeed.
func (f *Fault) Passing() bool {
	return f.Kind == Unavailable || f.Kind == RateLimited
}

// AsFault returns err as a Fault. An error that is none becomes an Unavailable
// fault of the given source and op with err as its cause, so that no failure is
// ever lost for want of a kind. It returns nil for a nil error.
func AsFault(err error, source, op string) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Kind: Unavailable, Source: source, Op: op, Detail: err.Error(), Cause: err}
}
