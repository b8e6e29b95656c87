package journald

import (
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		s := newJournal(tb, oncall.LogLine{At: time.Now().Add(-time.Minute), Origin: "checkout.service", Raw: "upstream timeout"}).source()
		s.Follow(oncall.LogQuery{Scope: "checkout"})
		return s
	}})
}

func TestLogs(t *testing.T) {
	var newest *fakeJournal
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(testing.TB, sourcetest.Endpoint) sources.Source { return newest.source() },
		Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			j := newJournal(tb, s.Lines...)
			newest = j
			return sourcetest.LogStore{
				Add:     j.add,
				Spoil:   func(text string) { j.write("journal", text+"\n") },
				Stall:   func() { j.write("stall", "") },
				Running: j.running,
			}
		},
		Query:       func(word string) string { return word },
		NewestFirst: true,
	})
}
