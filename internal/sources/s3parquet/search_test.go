package s3parquet

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"conway/internal/oncall"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// local returns a lake in a folder that holds files.
func local(tb testing.TB, files map[string][]byte) *Lake {
	tb.Helper()
	dir := tb.TempDir()
	for key, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	l, err := New(Options{Name: "lake", Path: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func search(tb testing.TB, l *Lake, q oncall.LogQuery) ([]oncall.LogLine, oncall.LogFound) {
	tb.Helper()
	var got []oncall.LogLine
	f, err := l.Search(context.Background(), q, func(p oncall.LogPart) { got = append(slices.Clone(p.Lines), got...) })
	if err != nil {
		tb.Fatal(err)
	}
	return got, f
}

// TestSearchAgainstAll compares searches with looking at every row, over random
// rows, layouts and queries.
func TestSearchAgainstAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := rapid.IntRange(1, 900).Draw(rt, "rows")
		sorted := rapid.Bool().Draw(rt, "sorted")
		rows := make([]row, n)
		for i := range rows {
			rows[i] = row{
				Time:  noon().Add(time.Duration(rnd.IntN(3*3600)) * time.Second).Add(time.Duration(i) * time.Microsecond),
				Level: []string{"info", "warn", "ERROR"}[rnd.IntN(3)], Service: []string{"web", "checkout", "zoo"}[rnd.IntN(3)],
				Status: int32(200 + 100*rnd.IntN(4)), Message: fmt.Sprintf("m%d %s", i, []string{"declined", "ok"}[rnd.IntN(2)]),
			}
			if rnd.IntN(2) == 0 {
				rows[i].Trace = new(fmt.Sprint(i % 5))
			}
		}
		if sorted {
			slices.SortFunc(rows, func(a, b row) int { return a.Time.Compare(b.Time) })
		}
		codec := []parquet.WriterOption{parquet.Compression(&parquet.Zstd), parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Snappy)}[rnd.IntN(3)]
		files := map[string][]byte{}
		for h, of := range byHour(rows) {
			for i, c := range chunks(of, 150) {
				files[strings.TrimPrefix(keyOf(h, fmt.Sprint(i)), "logs/")] = encode(t, c, codec, parquet.PageBufferSize(512), parquet.MaxRowsPerRowGroup(int64(20+rnd.IntN(100))))
			}
		}
		l := local(t, files)
		query := rapid.SampledFrom([]string{"", "service=checkout level>=error", "declined level!=info", "status>300 status<=400", "trace_id=3", "trace!=3", "service!~o m1", "nosuch=1", "nosuch!=1"}).Draw(rt, "query")
		limit := rapid.IntRange(1, 400).Draw(rt, "limit")
		w := oncall.Window{Start: noon().Add(time.Duration(rnd.IntN(120)) * time.Minute)}
		w.End = w.Start.Add(time.Duration(1+rnd.IntN(120)) * time.Minute)
		var want []string
		for _, r := range rows {
			if w.Contains(r.Time) && fits(query, r) {
				want = append(want, r.Time.Format(time.RFC3339Nano)+" "+r.Message)
			}
		}
		slices.Sort(want)
		all := len(want)
		want = want[max(0, len(want)-limit):]
		got, f := search(t, l, oncall.LogQuery{Query: query, Window: w, Limit: limit})
		var have []string
		for _, x := range got {
			have = append(have, x.At.Format(time.RFC3339Nano)+" "+x.Message)
		}
		slices.Sort(have)
		if !slices.Equal(have, want) {
			rt.Fatalf("%q in %v: %d lines, want %d of %d", query, w, len(have), len(want), all)
		}
		if f.Complete != (f.Why == "") || f.Complete && all > limit {
			rt.Fatalf("%+v of %d", f, all)
		}
		cost, err := l.Estimate(t.Context(), oncall.LogQuery{Query: query, Window: w})
		if err != nil || cost.Lines < int64(all) || all > 0 && cost.Bytes == 0 {
			rt.Fatalf("an upper bound of %+v for %d lines (%v)", cost, all, err)
		}
	})
}

// fits is the test's own idea of the queries.
func fits(query string, r row) bool {
	trace := ""
	if r.Trace != nil {
		trace = *r.Trace
	}
	switch query {
	case "service=checkout level>=error":
		return r.Service == "checkout" && r.Level == "ERROR"
	case "declined level!=info":
		return strings.Contains(r.Message, "declined") && r.Level != "info"
	case "status>300 status<=400":
		return r.Status == 400
	case "trace_id=3":
		return trace == "3"
	case "trace!=3":
		return trace != "3"
	case "service!~o m1":
		return !strings.Contains(r.Service, "o") && strings.Contains(r.Message, "m1")
	case "nosuch=1":
		return false
	}
	return true
}

func TestUnreadableFiles(t *testing.T) {
	good := encode(t, []row{{Time: noon(), Level: "info", Message: "whole"}})
	flipped := slices.Clone(good)
	for i := 4; i < len(flipped)/3; i++ {
		flipped[i] ^= 0x5a
	}
	l := local(t, map[string][]byte{
		"good.parquet": good, "cut.parquet": good[:len(good)-20], "flipped.parquet": flipped, "text.parquet": []byte("this is a text file"),
		"_SUCCESS": []byte("x"), ".part.crc": []byte("x"), "_temporary/x.parquet": []byte("x"),
		"other.parquet": encode(t, []struct{ A int64 }{{1}}),
	})
	got, f := search(t, l, oncall.LogQuery{Window: oncall.Window{Start: noon().Add(-time.Minute), End: noon().Add(time.Minute)}})
	if len(got) != 1 || got[0].Message != "whole" {
		t.Errorf("found %+v", got)
	}
	if f.Complete || !strings.Contains(f.Why, "4 files could not be read, such as cut.parquet: it does not end as a Parquet file does") {
		t.Errorf("%+v", f)
	}
}

// TestFileThatIsNotListed has a listing leave a file out that the next one has again: its
// lines come once. Another file of the same name that comes later is read.
func TestFileThatIsNotListed(t *testing.T) {
	store := newS3()
	l := served(t, store)
	now := time.Now()
	l.o.Now = func() time.Time { now = now.Add(time.Second); return now }
	q := oncall.LogQuery{Window: oncall.Window{Start: now.Add(-time.Hour)}}
	l.failed, l.since = map[string]string{}, q.Window.Start
	var got []string
	pass := func() {
		t.Helper()
		f, err := l.parse("follow", q)
		if err == nil {
			err = l.pass(t.Context(), &q, f, func(e oncall.Event) {
				for _, line := range e.(oncall.LinesEvent).Lines {
					got = append(got, line.Message)
				}
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	key := keyOf(now, "a")
	leave := func() {
		store.mu.Lock()
		defer store.mu.Unlock()
		delete(store.objects, key)
	}
	one := encode(t, []row{{Time: now.Add(-time.Minute), Message: "one"}})
	store.put(key, one)
	pass()
	leave()
	pass()
	pass()
	store.put(key, one)
	pass()
	if !slices.Equal(got, []string{"one"}) {
		t.Errorf("the lines are %q", got)
	}
	leave()
	pass()
	store.put(key, encode(t, []row{{Time: now.Add(-time.Minute), Message: "another"}}))
	pass()
	if !slices.Equal(got, []string{"one", "another"}) {
		t.Errorf("the lines are %q", got)
	}
}

// nested is a row of an OpenTelemetry-like lake.
type nested struct {
	Nanos  int64 `parquet:"time_unix_nano"`
	Number int32 `parquet:"severity_number"`
	Body   struct {
		StringValue string `parquet:"stringValue"`
	} `parquet:"body"`
	Attrs    map[string]string `parquet:"attributes"`
	Tags     []string          `parquet:"tags,list"`
	Plain    []int64           `parquet:"plain"`
	Resource *struct {
		Name  string   `parquet:"name"`
		Zones []string `parquet:"zones,list"`
	} `parquet:"resource,optional"`
	ID [16]byte `parquet:"trace_id"`
}

func TestNested(t *testing.T) {
	a := nested{Nanos: noon().UnixNano(), Number: 17, Attrs: map[string]string{"k": "v\""}, Tags: []string{"x", "", "z"}, Plain: []int64{4, 5}, ID: [16]byte{0xab}}
	a.Body.StringValue = "line \x1b[31m one"
	a.Resource = &struct {
		Name  string   `parquet:"name"`
		Zones []string `parquet:"zones,list"`
	}{"web", []string{"a", "b"}}
	b := nested{Nanos: noon().Add(time.Second).UnixNano(), Number: 9}
	l := local(t, map[string][]byte{"region=eu/x.parquet": encode(t, []nested{a, b})})
	got, _ := search(t, l, oncall.LogQuery{Window: oncall.Window{Start: noon(), End: noon().Add(time.Hour)}})
	if len(got) != 2 || got[0].Level != oncall.LevelError || got[0].Message != a.Body.StringValue || got[1].Level != oncall.LevelInfo {
		t.Fatalf("found %+v", got)
	}
	want := `{"time_unix_nano":"2026-03-02T12:00:00Z","severity_number":17,"body":{"stringValue":"line \u001b[31m one"},"attributes":{"k":"v\""},"tags":["x","","z"],"plain":[4,5],"resource":{"name":"web","zones":["a","b"]},"trace_id":"ab000000000000000000000000000000","region":"eu"}`
	if got[0].Raw != want {
		t.Errorf("the row is\n%s, want\n%s", got[0].Raw, want)
	}
	for _, x := range got {
		if !json.Valid([]byte(x.Raw)) {
			t.Errorf("no JSON: %s", x.Raw)
		}
	}
	for q, n := range map[string]int{
		`level>=error`: 1, `severity_number=9`: 1, `resource.name=web`: 1, `tags.list.element=z`: 1, `region=eu`: 2, `region=us`: 0,
		`resource.name!=web`: 1, `one`: 1,
	} {
		if got, f := search(t, l, oncall.LogQuery{Query: q, Window: oncall.Window{Start: noon(), End: noon().Add(time.Hour)}}); len(got) != n {
			t.Errorf("%s found %d, want %d (%+v)", q, len(got), n, f)
		}
	}
	_, err := l.Search(t.Context(), oncall.LogQuery{Query: "severity_number>high"}, func(oncall.LogPart) {})
	if err == nil || !strings.Contains(err.Error(), `compares "severity_number" with "high", but that column holds numbers`) {
		t.Errorf("%v", err)
	}
}

func TestTimes(t *testing.T) {
	type in[T any] struct {
		Time T      `parquet:"time"`
		Msg  string `parquet:"msg"`
	}
	at := noon().Add(123 * time.Millisecond)
	for name, data := range map[string][]byte{
		"seconds": encode(t, []in[float64]{{float64(at.UnixMilli()) / 1000, "x"}}),
		"millis":  encode(t, []in[int64]{{at.UnixMilli(), "x"}}),
		"micros":  encode(t, []in[int64]{{at.UnixMicro(), "x"}}),
		"nanos":   encode(t, []in[int64]{{at.UnixNano(), "x"}}),
		"text":    encode(t, []in[string]{{at.Format(time.RFC3339Nano), "x"}}),
		"type": encode(t, []struct {
			Time time.Time `parquet:"time,timestamp(millisecond)"`
			Msg  string    `parquet:"msg"`
		}{{at, "x"}}),
	} {
		l := local(t, map[string][]byte{"a.parquet": data})
		for shift, n := range map[time.Duration]int{-time.Minute: 0, 0: 1, time.Minute: 0} {
			got, _ := search(t, l, oncall.LogQuery{Window: oncall.Window{Start: at.Add(shift - time.Second), End: at.Add(shift + time.Second)}})
			if len(got) != n || n > 0 && got[0].At.Sub(at).Abs() > time.Microsecond {
				t.Errorf("%s, window %v beside: %+v", name, shift, got)
			}
		}
	}
}

// TestReadsLittle searches a lake of many rows for few.
func TestReadsLittle(t *testing.T) {
	s := newS3()
	s.page = 3
	total := 0
	for h := range 12 {
		rows := make([]row, 20_000)
		for i := range rows {
			rows[i] = row{
				Time: noon().Add(time.Duration(h)*time.Hour + time.Duration(i)*180*time.Millisecond), Level: []string{"info", "error"}[i%10/9],
				Service: []string{"web", "checkout"}[i%4/3], Message: fmt.Sprintf("request %x took %d ms", i*7919, i%977),
			}
		}
		data := encode(t, rows, parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(16<<10))
		total += len(data)
		s.put(keyOf(rows[0].Time, "a"), data)
	}
	l := served(t, s)
	end := noon().Add(6*time.Hour + 30*time.Minute)
	var parts []oncall.LogPart
	f, err := l.Search(t.Context(), oncall.LogQuery{
		Query: "service=checkout level=error", Window: oncall.Window{Start: end.Add(-15 * time.Minute), End: end}, Limit: 100,
	}, func(p oncall.LogPart) { parts = append(parts, p) })
	if err != nil || f.Lines != 100 || f.Complete {
		t.Fatalf("%+v %v", f, err)
	}
	sent, gets := s.counts()
	if int64(sent) != f.Scanned {
		t.Errorf("%d bytes were sent, and %d counted", sent, f.Scanned)
	}
	if sent*100 > total*8 {
		t.Errorf("%d of %d bytes were read, in %d requests", sent, total, gets)
	}
	if last := parts[len(parts)-1].Done; last != 1 {
		t.Errorf("at the end a share of %v is done", last)
	}
}
