package board_test

import (
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

// t0 is when every test begins.
var t0 = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

// at returns the moment s seconds into the test.
func at(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }

func ref(id string) oncall.Ref { return oncall.Ref{Source: "pd", ID: id} }

func stamp(source string, s int) oncall.Stamp { return oncall.Stamp{Source: source, At: at(s)} }

func page(id string, status oncall.Status) oncall.Page {
	return oncall.Page{Ref: ref(id), Title: "title " + id, Status: status, CreatedAt: at(-600)}
}

// list is a complete answer of the pager at second s.
func list(s int, pages ...oncall.Page) oncall.PagesEvent {
	return oncall.PagesEvent{Stamp: stamp("pd", s), Pages: pages, Complete: true, Every: 10 * time.Second}
}

func action(id string, kind oncall.ActionKind, page string, state oncall.ActionState, s int) oncall.ActionEvent {
	return oncall.ActionEvent{
		Stamp:  stamp("pd", s),
		Action: oncall.Action{ID: id, Kind: kind, Target: ref(page), At: t0},
		State:  state,
	}
}

// after applies the events to a board with one pager and returns it with the
// changes of the last event.
func after(t *testing.T, events ...oncall.Event) (board.Board, []board.Change) {
	t.Helper()
	b := board.New(board.Options{
		Me:      "ana@example.com",
		Sources: []board.SourceInfo{{Name: "pd", Kind: board.KindPages}},
	})
	var changes []board.Change
	for _, e := range events {
		b, changes = b.Apply(e)
	}
	return b, changes
}

func row(t *testing.T, b board.Board, id string) board.PageRow {
	t.Helper()
	r, ok := b.Page(ref(id))
	if !ok {
		t.Fatalf("page %s is not there", id)
	}
	return r
}

func ids(rows []board.PageRow) string {
	s := ""
	for _, r := range rows {
		s += r.Page.Ref.ID + " "
	}
	return s
}
