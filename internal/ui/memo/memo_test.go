package memo_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"conway/internal/ui/memo"
)

func full() memo.Memory {
	return memo.Memory{
		Version: memo.Version, Page: memo.Ref{Source: "pd", ID: "Q1"}, Preset: "triage", PresetOf: "watch", Theme: "light", ThemeOf: "night",
		Focus: "logs", Drawer: "runbook", Zoom: true, UTC: true, Pinned: []string{"logs"},
		Window: memo.Window{Span: time.Hour, End: time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)}, Cursor: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC),
		Reminded: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC),
		Reading:  time.Date(2026, 3, 2, 2, 59, 58, 250_000_000, time.UTC),
		Sizes:    map[string]memo.Sizes{"watch": {Left: 2, Bottom: -1, Grown: map[string]int{"pages": 3}}},
		Filters:  map[string]string{"logs": "payment"}, Places: map[string]int{"detail": 7},
		Earlier: map[string][]string{"logs": {"payment", "retry"}}, Found: []string{"theme light"}, Asked: []string{"li"},
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	data, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := memo.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, full()) {
		t.Errorf("got\n%+v\nwant\n%+v", got, full())
	}
}

func TestEveryFieldIsInTheExample(t *testing.T) {
	v := reflect.ValueOf(full())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not tried", v.Type().Field(i).Name)
		}
	}
}

func TestBadFilesAreRefusedInAFewWords(t *testing.T) {
	data, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, want string }{
		"empty":      {"", "damaged"},
		"no version": {"{}", "damaged"},
		"newer":      {`{"version": 2, "page": {"shape": "unknown"}}`, "newer conway (version 2, this one knows 1)"},
		"other type": {`{"version": 1, "focus": 3}`, "damaged"},
		"not json":   {"\x00\x01", "damaged"},
		"huge":       {`{"version": 1}` + strings.Repeat(" ", memo.MaxBytes), "too large"},
	} {
		m, err := memo.Decode([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if !reflect.DeepEqual(m, memo.Memory{}) {
			t.Errorf("%s: something was taken from it: %+v", name, m)
		}
	}
	// A file that was cut anywhere is either refused or was whole already.
	for n := range len(data) - 1 {
		if _, err := memo.Decode(data[:n]); err == nil && n < len(data)-1 {
			t.Fatalf("%d of %d bytes pass for a whole file", n, len(data))
		}
	}
}

func TestNothingGrowsWithoutEnd(t *testing.T) {
	m := full()
	for range 1000 {
		m.Asked = append(m.Asked, "word")
		m.Earlier["logs"] = append(m.Earlier["logs"], strings.Repeat("x", 1000), "y")
	}
	for i := range 1000 {
		m.Sizes[strings.Repeat("p", i)] = memo.Sizes{Left: 1}
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > memo.MaxBytes/4 {
		t.Errorf("%d bytes", len(data))
	}
	if _, err := memo.Decode(data); err != nil {
		t.Error(err)
	}
	var earlier []string
	for i := range 200 {
		earlier = memo.Push(earlier, strings.Repeat("a", 1+i%60))
	}
	if len(earlier) != memo.MaxEarlier || earlier[0] != strings.Repeat("a", 20) {
		t.Errorf("%d earlier ones, the newest is %q", len(earlier), earlier[0])
	}
}

func FuzzDecode(f *testing.F) {
	data, err := full().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"sizes":{"watch":null},"earlier":{"logs":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := memo.Decode(data)
		if err != nil {
			return
		}
		if _, err := m.Encode(); err != nil {
			t.Error(err)
		}
	})
}
