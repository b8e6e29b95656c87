package lookback

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tailless is the files as a source that only searches.
type tailless struct{ *Files }

func (tailless) Name() string { return "app" }

func (tailless) Run(ctx context.Context, _ sources.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestLogs(t *testing.T) {
	path := ""
	write := func(tb testing.TB, text string) {
		tb.Helper()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			tb.Error(err)
		}
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	}
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, _ sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return tailless{files(tb, path)}
		},
		Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			path = filepath.Join(tb.TempDir(), "app[1].log")
			add := func(lines ...oncall.LogLine) {
				for _, l := range lines {
					write(tb, l.At.UTC().Format(time.RFC3339Nano)+" "+l.Raw+"\n")
				}
			}
			write(tb, "")
			add(s.Lines...)
			return sourcetest.LogStore{Add: add, Spoil: func(text string) { write(tb, "\x00\xff"+text+"\n") }}
		},
		Query:       func(word string) string { return word },
		NewestFirst: true,
	})
}

func files(tb testing.TB, paths ...string) *Files {
	tb.Helper()
	for i, p := range paths {
		paths[i] = strings.ReplaceAll(p, "[", `\[`)
	}
	s, err := New("app", paths)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// put writes a file that was last written to at a moment.
func put(t *testing.T, path string, written time.Time, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
}

// hourly are lines of one hour, one every so often.
func hourly(from time.Time, name string, every time.Duration) []byte {
	var b bytes.Buffer
	for at := from; at.Before(from.Add(time.Hour)); at = at.Add(every) {
		fmt.Fprintf(&b, "%s INFO %s %s\n\tat the line above\n", at.UTC().Format(time.RFC3339), name, at.UTC().Format("15:04:05"))
	}
	return b.Bytes()
}

func search(t *testing.T, s *Files, q oncall.LogQuery) (lines []string, f oncall.LogFound, err error) {
	t.Helper()
	f, err = s.Search(t.Context(), q, func(p oncall.LogPart) {
		for _, l := range p.Lines {
			lines = append(lines, filepath.Base(l.Origin)+": "+l.Message)
		}
	})
	return lines, f, err
}

// TestRotated searches through a file and what was rotated away from it, and finds
// in each only what lies in the window.
func TestRotated(t *testing.T) {
	dir := t.TempDir()
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	hour := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = g.Write(hourly(hour(7), "seven", time.Minute)) // a buffer takes everything
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(hourly(hour(8), "eight", time.Minute))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "app.log"), hour(11), hourly(hour(10), "ten", time.Minute))
	put(t, filepath.Join(dir, "app.log.1"), hour(10), hourly(hour(9), "nine", time.Minute))
	put(t, filepath.Join(dir, "app.log-20260302.zst"), hour(9), zst.Bytes())
	put(t, filepath.Join(dir, "app.log.3.gz"), hour(8), gz.Bytes())
	put(t, filepath.Join(dir, "app.log.4.gz"), hour(7), []byte("no gzip"))
	put(t, filepath.Join(dir, "app.log.swp"), hour(11), hourly(hour(10), "other", time.Minute))
	if err := os.Link(filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.2")); err != nil {
		t.Fatal(err)
	}
	s := files(t, filepath.Join(dir, "app.log"))
	window := oncall.Window{Start: hour(7).Add(58 * time.Minute), End: hour(10).Add(2 * time.Minute)}
	for text, want := range map[string][]string{
		"seven": {"app.log.3.gz: seven 07:58:00", "app.log.3.gz: seven 07:59:00"},
		"ten":   {"app.log: ten 10:00:00", "app.log: ten 10:01:00"},
		"other": nil,
	} {
		got, f, err := search(t, s, oncall.LogQuery{Query: text, Window: window})
		if err != nil || !f.Complete || !slices.Equal(got, want) {
			t.Errorf("%s found %q, %+v, %v", text, got, f, err)
		}
	}
	got, f, err := search(t, s, oncall.LogQuery{Query: "above", Window: window, Limit: 122})
	if err != nil || f.Complete || len(got) != 122 || f.Why != "the limit of 122 lines was reached" || got[0] != "app.log-20260302.zst: at the line above" {
		t.Errorf("found %d, first %q, %+v, %v", len(got), got[0], f, err)
	}
	window.Start = hour(6)
	_, f, err = search(t, s, oncall.LogQuery{Window: window})
	if want := filepath.Join(dir, "app.log.4.gz") + " could not be read: unexpected EOF"; err != nil || f.Complete || f.Why != want || f.Lines != 364 {
		t.Errorf("found %+v, %v, want it to say %q", f, err, want)
	}
}

// TestWindowOfALargeFile reads of a file of a day only what is near the window, and
// says so before.
func TestWindowOfALargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	for h := range 24 {
		b.Write(hourly(day.Add(time.Duration(h)*time.Hour), "line", 100*time.Millisecond))
	}
	put(t, path, day.Add(24*time.Hour), b.Bytes())
	s := files(t, path)
	q := oncall.LogQuery{Query: "line 1", Window: oncall.Window{Start: day.Add(12 * time.Hour), End: day.Add(12*time.Hour + time.Minute)}}
	cost, err := s.Estimate(t.Context(), q)
	if err != nil || cost.Bytes > int64(b.Len())/20 || cost.Parts != 1 || !cost.Bound {
		t.Errorf("it would cost %+v of %d bytes, %v", cost, b.Len(), err)
	}
	got, f, err := search(t, s, q)
	if err != nil || !f.Complete || len(got) != 600 || f.Scanned > cost.Bytes {
		t.Errorf("found %d, %+v, %v", len(got), f, err)
	}
}

// TestRotatedMeanwhile has a file renamed, and another truncated, between the moment at
// which they are listed and the one at which they are read: what the search lacks is said.
func TestRotatedMeanwhile(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"renamed": func(path string) error {
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
			return os.WriteFile(path, nil, 0o600)
		},
		"truncated": func(path string) error { return os.Truncate(path, 0) },
	} {
		dir := t.TempDir()
		now := time.Now()
		newer, older := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
		put(t, newer, now, hourly(now.Add(-time.Hour), "a", time.Minute))
		put(t, older, now.Add(-time.Minute), hourly(now.Add(-time.Hour), "b", time.Minute))
		var lines int
		f, err := files(t, newer, older).Search(t.Context(), oncall.LogQuery{}, func(p oncall.LogPart) {
			if lines += len(p.Lines); len(p.Lines) == 0 && change != nil {
				if err := change(older); err != nil {
					t.Fatal(err)
				}
				change = nil
			}
		})
		if want := older + " was rotated while it was searched; search again"; err != nil || lines == 0 || f.Complete || f.Why != want {
			t.Errorf("%s: found %d, %+v, %v", name, lines, f, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	_, _, err := search(t, files(t, filepath.Join(dir, "*.log")), oncall.LogQuery{})
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), "no file matches "+dir) {
		t.Errorf("nothing matches: %v", err)
	}
	if _, err := New("app", []string{"["}); err == nil || !strings.Contains(err.Error(), "no pattern") {
		t.Errorf("a bad pattern: %v", err)
	}
	path := filepath.Join(dir, "a.log")
	put(t, path, time.Now(), []byte("x\n"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := files(t, path).Search(ctx, oncall.LogQuery{}, func(oncall.LogPart) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}
