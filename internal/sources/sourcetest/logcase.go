package sourcetest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// LogCase is a log store that can be followed, searched or both, and what can be
// expected of it.
type LogCase struct {
	// New returns a fresh source that asks e, and follows nothing yet. Its interval
	// should be short, 20 ms, because the suite waits for what it adds to the store.
	// For a store without a Handler, e has no URL and the source asks the newest
	// store.
	New func(tb testing.TB, e Endpoint) sources.Source
	// Store returns a fresh store. It should clean up with tb.Cleanup.
	Store func(tb testing.TB, s LogSetup) LogStore
	// Query returns the query, in the store's language, for the lines that hold a
	// word of letters; without one, for all lines.
	Query func(word string) string
	// NewestFirst is true where the parts of a search come newest first.
	NewestFirst bool
	// Streams is true where a line is found as soon as it has arrived, also within
	// an answer that is cut later.
	Streams bool
	// Precision is what the store keeps of a line's time; 0 means a millisecond.
	Precision time.Duration
	// Holds returns how many of the suite's lines an answer holds, for a store
	// whose answers are not text. Nil looks for the lines' marks.
	Holds func(body []byte) int
	// Bound is how long a cancelled search or tail may take to end, and the store
	// to see it; 0 means 5 s. Wait and Skip are as in Case.
	Bound, Wait time.Duration
	Skip        map[string]string
}

// LogSetup is what a store holds at first.
type LogSetup struct {
	// Lines are in the order of their times. Their Raw is one line of text, At is
	// by this machine's clock, and Origin is a name; the rest is empty.
	Lines []oncall.LogLine
	// Ahead is how far the store's clock is ahead of this machine's: its answers'
	// Date and the times of the lines it holds are later by so much.
	Ahead time.Duration
}

// LogStore is the other side of a log source, as a test moves it. What it cannot
// do is nil, and the checks that need it are skipped.
type LogStore struct {
	// Handler is the store's server; nil for a store without one.
	Handler http.Handler
	// Add puts lines into the store, which may be older than those it holds.
	Add func(lines ...oncall.LogLine)
	// Spoil puts a record into the store, among the others and within their times,
	// that holds the text and cannot be read as the store's records are.
	Spoil func(text string)
	// Stall makes searches begin and not end.
	Stall func()
	// Running counts the searches that the store is at.
	Running func() int
	// Expire makes the store forget the searches it is at, as it does after some
	// time with those that nobody looks at.
	Expire func()
}

func (c LogCase) plain() Case { return Case{Bound: c.Bound, Wait: c.Wait} }

func (c LogCase) precision() time.Duration {
	if c.Precision > 0 {
		return c.Precision
	}
	return time.Millisecond
}

const (
	// logMark begins each line of the suite, followed by its number.
	logMark = "conway-mark-"
	// held is how many lines a store holds at first.
	held = 24
	// apart is the time between two of them.
	apart = time.Second
	// pointed is a scope, as a page's service is.
	pointed = "scope-of-a-page"
)

// someLines are lines that a store holds, the newest some seconds old. Those of
// even number hold the word alpha, the others beta.
func someLines() []oncall.LogLine {
	end := time.Now().UTC().Truncate(time.Second).Add(-20 * time.Second)
	out := make([]oncall.LogLine, held)
	for i := range out {
		out[i] = aLine(i, end.Add(time.Duration(i-held+1)*apart))
	}
	return out
}

// aLine is one line of the suite, at a time with a fraction.
func aLine(i int, at time.Time) oncall.LogLine {
	word := []string{"alpha", "beta"}[i%2]
	return oncall.LogLine{
		At: at.Truncate(time.Millisecond).Add(123 * time.Millisecond), Origin: "web",
		Raw: fmt.Sprintf("%s%04d level=warn msg=\"upstream %s timed out\"", logMark, i, word),
	}
}

// around is the window of all lines of a store and nothing before them.
func around(lines []oncall.LogLine) oncall.Window {
	return oncall.Window{Start: lines[0].At.Add(-apart), End: time.Now().UTC().Add(time.Minute)}
}

// logBench is a source and its store under observation.
type logBench struct {
	testing.TB

	c      LogCase
	lines  []oncall.LogLine
	store  LogStore
	gate   *gate
	source sources.Source
}

// bench starts a store that holds lines and a source that asks it.
func (c LogCase) bench(tb testing.TB, s LogSetup, timeout time.Duration) *logBench {
	tb.Helper()
	b := &logBench{TB: tb, c: c, lines: s.Lines, store: c.Store(tb, s)}
	if b.store.Handler == nil {
		b.source = c.New(tb, Endpoint{Timeout: timeout})
		return b
	}
	b.gate = &gate{next: b.store.Handler, holds: c.Holds}
	b.source = c.New(tb, endpoint(tb, serve(tb, b.gate).URL, timeout))
	return b
}

func (c LogCase) ordinary(tb testing.TB) *logBench {
	tb.Helper()
	return c.bench(tb, LogSetup{Lines: someLines()}, askTimeout)
}

func (b *logBench) searcher() sources.Searcher {
	b.Helper()
	s, ok := b.source.(sources.Searcher)
	if !ok {
		b.Skip("not a sources.Searcher")
	}
	return s
}

func (b *logBench) tailer() sources.Tailer {
	b.Helper()
	s, ok := b.source.(sources.Tailer)
	if !ok {
		b.Skip("not a sources.Tailer")
	}
	return s
}

// served skips a check that needs a server.
func (b *logBench) served() *gate {
	b.Helper()
	if b.gate == nil {
		b.Skip("the store has no server")
	}
	return b.gate
}

// able skips a check that needs what the store cannot do.
func (b *logBench) able(ok bool, what string) {
	b.Helper()
	if !ok {
		b.Skip("the store cannot be told to " + what)
	}
}

// soon waits for a condition of the other side.
func (b *logBench) soon(what string, limit time.Duration, ok func() bool) {
	b.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.Errorf("no sign of %s within %v", what, limit)
			return
		}
	}
}
