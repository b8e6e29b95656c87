package board_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

func TestQuery(t *testing.T) {
	json := oncall.ParseLine(`{"level":"warn","msg":"Payment declined","order":"A-17","n":5,"path":"/a b"}`, at(0))
	logfmt := oncall.ParseLine(`level=error msg="retry budget" order=a-17`, at(0))
	plain := oncall.ParseLine(`INFO starting order=9`, at(0))
	for query, want := range map[string]string{
		"":                         "jlp",
		"PAYMENT":                  "j",
		`"payment"`:                "",
		`"Payment declined"`:       "j",
		"order":                    "jlp",
		"order !payment":           "lp",
		"re:de.l":                  "j",
		"/retry b/":                "l",
		"re:(?i)payment.*A-1[0-9]": "j",
		"!/order=[0-9]/":           "jl",
		"level>=warn":              "jl",
		"level>warn":               "l",
		"level=info":               "p",
		"level<=info":              "p",
		"!level<error":             "l",
		"order=a-17":               "jl",
		"!order=a-17":              "p",
		"order=9":                  "p",
		"n=5 level=warn":           "j",
		`path="/a b"`:              "j",
		"declined level>=error":    "",
		"!":                        "",
		"nosuch=1":                 "",
		"payment re:Pay declined":  "j",
		"/[/ne":                    "",
		"order=17":                 "",
	} {
		q, err := board.ParseQuery(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		got := ""
		for i, l := range []oncall.LogLine{json, logfmt, plain} {
			if q.Match(l) {
				got += string("jlp"[i])
			}
		}
		if got != want {
			t.Errorf("%s matches %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"re:[":        "missing closing ]",
		"/(/":         "missing closing )",
		"re:":         "needs an expression",
		"level>=loud": "trace, debug, info",
		"level==warn": "write level>=warn",
	} {
		if _, err := board.ParseQuery(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}

// TestScanFindsWhatMatches compares the search over the arena, in steps of any
// size, with looking at each line.
func TestScanFindsWhatMatches(t *testing.T) {
	queries := []string{
		"ab", `"ab"`, "b !a", "re:a+b", "/(?i)ABA/", "re:[ab]c", "!re:a", "level>=warn", "level>=warn c", "a=b", "!a=b x", "aa", "", "cab",
	}
	rapid.Check(t, func(t *rapid.T) {
		b := board.New(board.Options{LineCap: rapid.IntRange(1, 5000).Draw(t, "cap")})
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abcABC= \"{}:x")), 0, 12, -1)
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			var in []oncall.LogLine
			for range rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 3000)).Draw(t, "n") {
				in = append(in, oncall.LogLine{At: at(0), Raw: "c", Message: "c", Source: "s"})
			}
			for i := range rapid.IntRange(0, 30).Draw(t, "own") {
				raw := word.Draw(t, "raw")
				in[i*7%len(in)] = oncall.LogLine{At: at(0), Raw: raw, Message: raw, Level: oncall.Level(i % 7)}
			}
			b, _ = b.Apply(batch(in, 0))
		}
		tail := b.Logs()
		q, err := board.ParseQuery(rapid.SampledFrom(queries).Draw(t, "query"))
		if err != nil {
			t.Fatal(err)
		}
		var want, got []uint64
		for i, l := range tail.From(0) {
			if q.Match(l) {
				want = append(want, tail.FirstSeq()+uint64(i))
			}
		}
		room := rapid.SampledFrom([]int{1, 100, 1 << 20, 1 << 30}).Draw(t, "room")
		for before := tail.Received(); before > tail.FirstSeq(); {
			part, next := tail.Scan(q, before, room)
			if next >= before {
				t.Fatalf("no progress at %d", before)
			}
			got, before = append(slices.Clone(part), got...), next
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", q, got, want)
		}
	})
}

func TestPick(t *testing.T) {
	b := board.New(board.Options{LineCap: 2500})
	in := lines(0, 3000)
	for i := range in {
		in[i].Level = oncall.Level(i % 7)
	}
	b = fold(b, batch(in, 0))
	got := slices.Collect(b.Logs().Pick(board.Pick{Level: oncall.LevelError, Origin: func(source, origin string) bool { return source == "app" && origin == "pod-1" }}, 1000))
	var want []uint64
	for i, l := range in {
		if i >= 1000 && l.Level >= oncall.LevelError && l.Origin == "pod-1" {
			want = append(want, uint64(i))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d picked, want %d", len(got), len(want))
	}
}

// million writes a million JSON lines of about 195 bytes.
func million() []byte {
	var text bytes.Buffer
	levels := []string{"info", "info", "debug", "info", "warn", "info", "info", "error"}
	for i := range 1_000_000 {
		fmt.Fprintf(&text, `{"ts":"2026-03-02T03:%02d:%02d.%06dZ","level":%q,"msg":"order placed","order":"ord-%08x","customer":"cust-%06d","upstream":"acquirer-%d","duration_ms":%d,"trace_id":"%016x"}`+"\n",
			i/100_000%60, i/1000%60, i%1000*1000, levels[i%8], i*2654435761%(1<<32), i%999_983, i%5, i%1777, uint64(i)*0x9e3779b97f4a7c15)
	}
	return text.Bytes()
}

// BenchmarkSearch searches a million held lines, and has ripgrep search the same
// bytes in a file beside it.
func BenchmarkSearch(b *testing.B) {
	rg, err := exec.LookPath("rg")
	if err != nil {
		b.Skip("ripgrep is not installed, and there is nothing to compare with")
	}
	text := million()
	path := filepath.Join(b.TempDir(), "log")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	bd := board.New(board.Options{})
	var in []oncall.LogLine
	for raw := range strings.Lines(string(text)) {
		in = append(in, oncall.ParseLine(strings.TrimSuffix(raw, "\n"), at(0)))
		if len(in) == 4096 {
			bd, in = fold(bd, batch(in, 0)), in[:0]
		}
	}
	b.Run("one source", func(b *testing.B) { searched(b, fold(bd, batch(in, 0)).Logs(), rg, path) })
	b.Run("five sources", func(b *testing.B) { searched(b, dealt(text), rg, path) })
}

// dealt returns the lines as five sources say them, each every fifth.
func dealt(text []byte) board.Tail {
	const sources, each = 5, 1250
	var g board.Gatherer
	bd := board.New(board.Options{})
	for k := range sources {
		bd = fold(bd, said(fmt.Sprint(k), -1_000_000_000)) // long before the first line
	}
	rest := strings.TrimSuffix(string(text), "\n")
	for rest != "" {
		var own [sources][]string
		for i := 0; rest != "" && i < sources*each; i++ {
			var raw string
			raw, rest, _ = strings.Cut(rest, "\n")
			own[i%sources] = append(own[i%sources], raw)
		}
		var events []oncall.Event
		for k, raws := range own {
			e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: fmt.Sprint(k), At: at(200_000)}} // after the last line
			for part := range slices.Chunk(raws, each/4) {
				text := strings.Join(part, "\n")
				e.Texts = append(e.Texts, text)
				for raw := range strings.SplitSeq(text, "\n") {
					l := oncall.ParseLine(raw, at(0))
					l.Source = e.Source
					e.Lines = append(e.Lines, l)
				}
			}
			events = append(events, e)
		}
		bd, _ = bd.ApplyTogether(g.Gather(events))
	}
	return bd.Logs()
}

// searched times searches of a tail, and ripgrep's of the same lines.
func searched(b *testing.B, tail board.Tail, rg, path string) {
	b.Helper()
	for _, tt := range []struct {
		name, query string
		args        []string
	}{
		{"rare text", `"cust-123456"`, []string{"-cF", "cust-123456"}},
		{"frequent text", `"acquirer-3"`, []string{"-cF", "acquirer-3"}},
		{"rare text, any case", `cust-123456`, []string{"-ciF", "cust-123456"}},
		{"frequent text, any case", `error`, []string{"-ciF", "error"}},
		{"regex with a literal", `re:cust-99[0-9]*7"`, []string{"-c", `cust-99[0-9]*7"`}},
		{"regex without", `re:[0-9]{7}[a-f]{4}[0-9]`, []string{"-c", `[0-9]{7}[a-f]{4}[0-9]`}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			q, err := board.ParseQuery(tt.query)
			if err != nil {
				b.Fatal(err)
			}
			own, theirs, first := time.Hour, time.Hour, time.Duration(0)
			for b.Loop() {
				start := time.Now()
				found := 0
				for before := tail.Received(); before > tail.FirstSeq(); {
					part, next := tail.Scan(q, before, 16<<20)
					if before == tail.Received() {
						first = time.Since(start)
					}
					found, before = found+len(part), next
				}
				own = min(own, time.Since(start))
				start = time.Now()
				out, err := exec.Command(rg, append(tt.args, path)...).Output()
				theirs = min(theirs, time.Since(start))
				if strings.TrimSpace(string(out)) != fmt.Sprint(found) {
					b.Fatalf("found %d, ripgrep %s, %v", found, out, err)
				}
			}
			b.ReportMetric(float64(own.Milliseconds()), "ms")
			b.ReportMetric(float64(theirs.Milliseconds()), "ms-rg")
			b.ReportMetric(own.Seconds()/theirs.Seconds(), "ratio")
			b.ReportMetric(float64(first.Milliseconds()), "ms-first")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestScanFindsWhatIsThere looks for texts of a small alphabet, whose every byte
// is frequent, and of bytes that are rare, in lines of both.
func TestScanFindsWhatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([]string{"ab", "aBb-A", "xyzäÄ0", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-"}).Draw(t, "alphabet")
		word := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 1, 12, -1)
		lines := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune(alphabet+"  ")), 0, 60, -1), 1, 200).Draw(t, "lines")
		var in []oncall.LogLine
		for _, raw := range lines {
			in = append(in, oncall.LogLine{At: at(0), Source: "app", Raw: raw, Message: raw})
		}
		tail := board.NewTail(in)
		text := word.Draw(t, "text")
		query, holds := `"`+text+`"`, func(raw string) bool { return strings.Contains(raw, text) }
		if rapid.Bool().Draw(t, "any case") {
			query = text
			holds = func(raw string) bool { return strings.Contains(lowered(raw), lowered(text)) }
			if strings.HasPrefix(text, "!") {
				t.Skip("a negation")
			}
		}
		q, err := board.ParseQuery(query)
		if err != nil {
			t.Skip(err)
		}
		var want []uint64
		for i, raw := range lines {
			if holds(raw) {
				want = append(want, uint64(i))
			}
		}
		if got, _ := tail.Scan(q, tail.Received(), 1<<30); !slices.Equal(got, want) {
			t.Fatalf("%s is in %v, found in %v", query, want, got)
		}
	})
}

// lowered lowers ASCII letters only, as a search does.
func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
