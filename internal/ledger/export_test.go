package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func exported(tb testing.TB, j *Journal) string {
	tb.Helper()
	var b bytes.Buffer
	try(tb, j.Export(tb.Context(), &b))
	return b.String()
}

func imported(tb testing.TB, j *Journal, text string, added, known int) {
	tb.Helper()
	a, k, err := j.Import(tb.Context(), strings.NewReader(text))
	if err != nil || a != added || k != known {
		tb.Errorf("added %d, known %d, %v; want %d and %d", a, k, err, added, known)
	}
}

func TestExportShape(t *testing.T) {
	j := fresh(t)
	r, err := j.Append(t.Context(), Record{
		ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", At: start(), Kind: "note", Src: "<pd>", Body: json.RawMessage(`{"b":1,"a":"<&>\u2028"}`),
	})
	try(t, err)
	want := fmt.Sprintf(`{"v":1,"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-03-29T04:12:00.123456789Z","kind":"note","src":"<pd>",`+
		`"actor":"ana","body":{"b":1,"a":"<&>\u2028"},"prev":"%064d","hash":"%s"}`+"\n", 0, r.Hash)
	if got := exported(t, j); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestImportIsAUnion(t *testing.T) {
	a, b, c := fresh(t), fresh(t), fresh(t)
	appended(t, a, 5)
	recorded(t, a, "action of a")
	appended(t, b, 7)
	weird, err := b.Append(t.Context(), Record{Kind: "note", Src: "\xff", Actor: "é\u2028", Body: json.RawMessage("[\"\xff\u2028<\", 1e400]")})
	try(t, err)
	fromA, fromB := exported(t, a), exported(t, b)
	imported(t, c, fromB+"\n\n"+fromA, 14, 0)
	imported(t, c, fromA, 0, 6)
	imported(t, a, fromB, 8, 0)
	imported(t, b, fromA, 6, 0)
	imported(t, b, exported(t, c), 0, 14)
	imported(t, b, "", 0, 0)
	content := func(j *Journal) []string {
		var out []string
		for _, r := range everything(t, j) {
			out = append(out, r.sum(Hash{}).String())
		}
		slices.Sort(out)
		return out
	}
	for _, j := range []*Journal{a, b, c} {
		verified(t, j, 14)
		expect(t, "content", content(j), content(a))
	}
	expect(t, "imported actions are history", pending(t, c), "")
	expect(t, "one's own are not", pending(t, a), "action of a")
	if got := everything(t, a)[13]; !got.same(weird) || got.Hash == weird.Hash {
		t.Errorf("got %+v, want the content of %+v", got, weird)
	}
}

func TestImportIsWholeOrNot(t *testing.T) {
	source := fresh(t)
	appended(t, source, 3)
	good := exported(t, source)
	lines := strings.SplitAfter(good, "\n")
	// here has one record of the source, and one of its ids with other content.
	here := fresh(t)
	imported(t, here, lines[0], 1, 0)
	taken := everything(t, source)[2]
	taken.Body = json.RawMessage(`"another"`)
	_, err := here.Append(t.Context(), taken)
	try(t, err)
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":      {lines[1] + "{\"v\":1,", "line 2"},
		"no object":    {"[]\n", "line 1"},
		"no id":        {"{}\n", "line 1"},
		"no time":      {`{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","kind":"note"}`, "time is missing"},
		"no kind":      {`{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-01-01T00:00:00Z"}`, "kind is missing"},
		"bad hash":     {`{"hash":"zz"}`, "read hash"},
		"later":        {lines[1] + strings.Replace(lines[1], `"v":1`, `"v":2`, 1), "line 2: it has version 2"},
		"changed":      {lines[1] + strings.Replace(lines[1], `"n":1`, `"n":9`, 1), "line 2: it is not what was exported"},
		"conflict":     {lines[1] + "\n" + lines[2], "line 3"},
		"twice, other": {lines[1] + `{"id":"` + everything(t, source)[1].ID + `","at":"2026-01-01T00:00:00Z","kind":"x"}`, "line 2"},
		"endless line": {lines[1] + strings.Repeat(" ", maxLine+1), "line 2"},
	} {
		added, known, err := here.Import(t.Context(), strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || added != 0 || known != 0 {
			t.Errorf("%s: %d, %d, %v; want an error with %q", name, added, known, err, c.want)
		}
	}
	if _, _, err := here.Import(t.Context(), strings.NewReader(good)); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := here.Import(ctx, strings.NewReader(good)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	verified(t, here, 2)
	if err := here.Writable(); err != nil {
		t.Error(err)
	}
	imported(t, here, `{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-01-01T00:00:00+01:00","kind":"note","new":{}}`, 1, 0)
	verified(t, here, 3)
}
