package s3parquet

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
)

// traced is a row with the ids of its request, in the form that an exporter gives
// them.
type traced[T, S any] struct {
	Time  time.Time `parquet:"Timestamp,timestamp(nanosecond)"`
	Body  string    `parquet:"Body"`
	Trace T         `parquet:"TraceId"`
	Span  S         `parquet:"SpanId"`
}

// ids are 16 and 8 bytes of traces and spans: with bytes that are no text, and with
// none but such as are.
func ids() [][2]string {
	var out [][2]string
	for i := range 40 {
		out = append(out, [2]string{fmt.Sprintf("%02x651916cd43dd8448eb211c80319c%02x", 6*i, i), fmt.Sprintf("%02xf067aa0ba902%02x", 6*i, i)})
	}
	return append(out,
		[2]string{"00010203040506070809202122232425", "2021222324252627"},
		[2]string{"00000000000000000000000000000000", "0000000000000000"},
	)
}

// TestIDsAreShownAndFoundInEveryForm has the same ids in the forms in which they are
// kept, in files of several row groups and pages.
func TestIDsAreShownAndFoundInEveryForm(t *testing.T) {
	raw := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, data := range map[string][]byte{
		"bytes":      rowsOf(t, raw, raw),
		"fixed":      rowsOf(t, func(s string) [16]byte { return [16]byte(raw(s)) }, func(s string) [8]byte { return [8]byte(raw(s)) }),
		"text":       rowsOf(t, strings.Clone, strings.Clone),
		"plain text": rowsOf(t, func(s string) []byte { return []byte(s) }, func(s string) []byte { return []byte(s) }),
		"optional": rowsOf(t, func(s string) *[]byte {
			b := raw(s)
			return &b
		}, raw),
	} {
		t.Run(name, func(t *testing.T) {
			l := local(t, map[string][]byte{"a.parquet": data})
			found := func(q string) []oncall.LogLine {
				lines, f := search(t, l, oncall.LogQuery{Query: q, Window: oncall.Window{Start: noon(), End: noon().Add(time.Hour)}})
				if !f.Complete {
					t.Errorf("%s: %+v", q, f)
				}
				return lines
			}
			all := ids()
			for _, id := range all {
				var shown struct{ TraceId, SpanId string }
				lines := found(`trace="` + id[0] + `"`)
				if len(lines) != 1 {
					t.Fatalf("%d lines of trace %s, want 1", len(lines), id[0])
				}
				if err := json.Unmarshal([]byte(lines[0].Raw), &shown); err != nil || shown.TraceId != id[0] || shown.SpanId != id[1] {
					t.Errorf("trace %s and span %s are shown as %+v (%v)", id[0], id[1], shown, err)
				}
				for q, want := range map[string]int{
					`SpanId="` + id[1] + `"`:      1,
					`trace!="` + id[0] + `"`:      len(all) - 1,
					`TraceId~"` + id[0][4:] + `"`: 1,
					`TraceId!~"` + id[0] + `"`:    len(all) - 1,
					// What the cockpit asks when a request is followed.
					`text~"` + id[0] + `" trace!="` + id[0] + `" request_id!="` + id[0] + `" TraceId!="` + id[0] + `"`: 0,
				} {
					if got := len(found(q)); got != want {
						t.Errorf("%s: %d lines, want %d", q, got, want)
					}
				}
			}
			for _, q := range []string{`trace>="80"`, `trace<"80"`} {
				want := 0
				for _, id := range all {
					if id[0] >= "80" == strings.Contains(q, ">") {
						want++
					}
				}
				if got := len(found(q)); got != want {
					t.Errorf("%s: %d lines, want %d", q, got, want)
				}
			}
		})
	}
}

func rowsOf[T, S any](tb testing.TB, trace func(string) T, span func(string) S) []byte {
	tb.Helper()
	all := ids()
	rows := make([]traced[T, S], 0, len(all))
	for i, id := range all {
		rows = append(rows, traced[T, S]{Time: noon().Add(time.Duration(i) * time.Second), Body: fmt.Sprint("m", i), Trace: trace(id[0]), Span: span(id[1])})
	}
	return encode(tb, rows, parquet.MaxRowsPerRowGroup(7), parquet.PageBufferSize(64))
}

// Text of the length of an id is no id, whatever holds it.
func TestTextIsNotTakenForAnID(t *testing.T) {
	type in struct {
		Time  time.Time `parquet:"ts,timestamp(nanosecond)"`
		Body  []byte    `parquet:"body"`
		Note  string    `parquet:"note"`
		Trace []byte    `parquet:"my_trace_id"`
	}
	l := local(t, map[string][]byte{"a.parquet": encode(t, []in{{noon(), []byte("sixteen letters!"), "8 bytes!", []byte("req-0042:a.b_c-d")}})})
	for _, q := range []string{"", `my_trace_id="req-0042:a.b_c-d"`, `"sixteen letters"`, `note="8 bytes!"`} {
		got, _ := search(t, l, oncall.LogQuery{Query: q, Window: oncall.Window{Start: noon(), End: noon().Add(time.Hour)}})
		if want := `"body":"sixteen letters!","note":"8 bytes!","my_trace_id":"req-0042:a.b_c-d"}`; len(got) != 1 || !strings.HasSuffix(got[0].Raw, want) {
			t.Errorf("%q: %+v, want one that ends with %s", q, got, want)
		}
	}
}

func TestConfiguredTraceColumnMayBeRaw(t *testing.T) {
	type in struct {
		Time time.Time `parquet:"ts,timestamp(nanosecond)"`
		Msg  string    `parquet:"msg"`
		Req  []byte    `parquet:"req"`
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.parquet"), encode(t, []in{{noon(), "x", []byte("0123456789 <=>\x01\x02")}}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := New(Options{Name: "lake", Path: dir, Columns: Columns{Trace: "req"}})
	if err != nil {
		t.Fatal(err)
	}
	q := `trace="30313233343536373839203c3d3e0102"`
	got, _ := search(t, l, oncall.LogQuery{Query: q, Window: oncall.Window{Start: noon(), End: noon().Add(time.Hour)}})
	if len(got) != 1 || !strings.Contains(got[0].Raw, `"req":"30313233343536373839203c3d3e0102"`) {
		t.Errorf("%+v", got)
	}
}
