package s3parquet

import (
	"fmt"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func lakeOf(tb testing.TB, e sourcetest.Endpoint, every time.Duration) *Lake {
	tb.Helper()
	l, err := New(Options{
		Name: "lake", URL: e.URL, Bucket: "lake", Prefix: "logs", AccessKey: e.Token, SecretKey: e.Token,
		Every: every, Timeout: e.Timeout, Transport: e.Transport,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// shelve puts the suite's lines into files of a few rows, by the hour.
func shelve(tb testing.TB, s *s3, n *atomic.Int64, ls []oncall.LogLine) {
	tb.Helper()
	rows := make([]row, 0, len(ls))
	for _, l := range ls {
		rows = append(rows, row{Time: l.At, Level: "warn", Service: l.Origin, Message: l.Raw})
	}
	for h, of := range byHour(rows) {
		for _, c := range chunks(of, 7) {
			// Without compression the suite can count the lines in an answer.
			s.put(keyOf(h, fmt.Sprintf("part-%04d", n.Add(1))), encode(tb, c, parquet.Compression(&parquet.Uncompressed)))
		}
	}
}

// distinct counts the suite's lines in the bytes of a file, whose statistics
// repeat some.
func distinct(body []byte) int {
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`conway-mark-\d{4} level`).FindAll(body, -1) {
		seen[string(m)] = true
	}
	return len(seen)
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			l := lakeOf(tb, e, time.Hour)
			l.Follow(oncall.LogQuery{Scope: "checkout", Window: oncall.Window{Start: time.Now().Add(-time.Hour)}})
			return l
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			s := newS3()
			shelve(tb, s, new(atomic.Int64), []oncall.LogLine{{At: time.Now(), Origin: "checkout", Raw: "declined"}})
			return s
		},
	})
}

func TestLogs(t *testing.T) {
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return lakeOf(tb, e, 20*time.Millisecond)
		},
		Store: func(tb testing.TB, set sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			s, n := newS3(), new(atomic.Int64)
			shelve(tb, s, n, set.Lines)
			return sourcetest.LogStore{
				Handler: s,
				Add:     func(ls ...oncall.LogLine) { shelve(tb, s, n, ls) },
				Spoil:   func(text string) { s.put(keyOf(set.Lines[3].At, "spoiled"), []byte(text)) },
			}
		},
		Query:       func(word string) string { return word },
		NewestFirst: true,
		Holds:       distinct,
		Skip: map[string]string{
			"search by another clock": "the times in the files are by the clocks of their writers, of which the store's says nothing",
			"tail by another clock":   "the times in the files are by the clocks of their writers, of which the store's says nothing",
		},
	})
}
