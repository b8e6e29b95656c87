package ledgertest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
)

func snapshots(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	try(t, j.SaveSnapshot(t.Context(), "pd", "pages", start(), []byte("new")))
	try(t, j.SaveSnapshot(t.Context(), "pd", "pages", start().Add(-time.Second), []byte("old")))
	try(t, j.SaveSnapshot(t.Context(), "am", "pages", start(), nil))
	got, err := j.Snapshots(t.Context())
	if err != nil || len(got) != 2 || got[0].Source != "am" || string(got[1].Data) != "new" || !got[1].At.Equal(start()) {
		t.Errorf("got %+v, %v", got, err)
	}
	verified(t, j, 0)
}

func exportAndImport(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	record(t, j, "a")
	settle(t, j, "a", oncall.Confirmed)
	notes(t, j, 3)
	var out bytes.Buffer
	try(t, j.Export(t.Context(), &out))
	added, known, err := j.Import(t.Context(), bytes.NewReader(out.Bytes()))
	if err != nil || added != 0 || known != 5 {
		t.Errorf("into itself: %d added, %d known, %v", added, known, err)
	}
	foreign := `{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-01-01T00:00:00Z","kind":"action","body":{"id":"b","kind":"ack","target":{"source":"pd","id":"P1"},"at":"2026-01-01T00:00:00Z"}}`
	added, known, err = j.Import(t.Context(), strings.NewReader(foreign+"\n"+strings.SplitN(out.String(), "\n", 2)[0]))
	if err != nil || added != 1 || known != 1 {
		t.Errorf("%d added, %d known, %v", added, known, err)
	}
	expect(t, "what was imported is history", pending(t, j), "")
	changed := strings.Replace(out.String(), `"n":2`, `"n":7`, 1)
	if _, _, err := j.Import(t.Context(), strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("a changed line: %v", err)
	}
	verified(t, j, 6)
}

func kinds(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	notes(t, j, 2)
	record(t, j, "a")
	notes(t, j, 1)
	got, at, err := j.Kinds(t.Context(), 0, ledger.KindAction, ledger.KindTag)
	if err != nil || len(got) != 1 || got[0].Kind != ledger.KindAction || at != 4 {
		t.Errorf("%v up to %d, %v", got, at, err)
	}
	if got, next, err := j.Kinds(t.Context(), at, ledger.KindAction); err != nil || len(got) != 0 || next != at {
		t.Errorf("nothing new: %v up to %d, %v", got, next, err)
	}
	record(t, j, "b")
	if got, next, err := j.Kinds(t.Context(), at, ledger.KindAction); err != nil || len(got) != 1 || next != 5 {
		t.Errorf("news: %v up to %d, %v", got, next, err)
	}
}

func exportSome(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	all := notes(t, j, 4)
	var out bytes.Buffer
	left, err := j.ExportSome(t.Context(), &out, func(r ledger.Record) bool { return r.ID != all[1].ID && r.ID != all[3].ID })
	if err != nil || left != 2 || strings.Count(out.String(), "\n") != 2 || strings.Contains(out.String(), all[1].ID) {
		t.Errorf("%d left out, %v:\n%s", left, err, out.String())
	}
	if added, known, err := j.Import(t.Context(), &out); err != nil || added != 0 || known != 2 {
		t.Errorf("what is left is no export: %d added, %d known, %v", added, known, err)
	}
}

func readOnly(t *testing.T, open Open) {
	t.Helper()
	notes(t, open(t, ledger.Options{}), 2)
	j := open(t, ledger.Options{ReadOnly: true})
	if _, err := j.Append(t.Context(), ledger.Record{Kind: "note"}); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("it wrote: %v", err)
	}
	if err := j.Reopen(t.Context()); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("reopened: %v", err)
	}
	expect(t, "records", len(everything(t, j)), 2)
	verified(t, j, 2)
}
