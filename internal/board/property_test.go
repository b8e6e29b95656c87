package board_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

// drawEvent makes any event, at second s or a little before or after.
func drawEvent(t *rapid.T, s int) oncall.Event {
	source := rapid.SampledFrom([]string{"pd", "am", "other"}).Draw(t, "source")
	st := stamp(source, s+rapid.IntRange(-5, 5).Draw(t, "skew"))
	if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
		st.Err = &oncall.Fault{Kind: oncall.Unavailable, Source: source}
	}
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	every := 10 * time.Second
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0, 1:
		e := oncall.PagesEvent{Stamp: st, Every: every, Complete: rapid.IntRange(0, 4).Draw(t, "complete") > 0}
		for _, id := range rapid.SliceOfN(id, 0, 5).Draw(t, "pages") {
			e.Pages = append(e.Pages, oncall.Page{
				Ref: oncall.Ref{Source: source, ID: id}, Status: oncall.Status(rapid.IntRange(0, 4).Draw(t, "status")),
				Mine: rapid.Bool().Draw(t, "mine"), CreatedAt: at(s - rapid.IntRange(0, 50).Draw(t, "age")),
			})
		}
		return e
	case 2, 3:
		return oncall.ActionEvent{
			Stamp: st, State: oncall.ActionState(rapid.IntRange(0, 5).Draw(t, "state")),
			Attempt: rapid.IntRange(0, 3).Draw(t, "attempt"),
			Action: oncall.Action{
				ID: rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "action"), At: at(s),
				Kind:   oncall.ActionKind(rapid.IntRange(0, 2).Draw(t, "verb")),
				Target: oncall.Ref{Source: source, ID: id.Draw(t, "target")},
			},
		}
	case 4:
		return oncall.HealthEvent{Stamp: st, Up: rapid.Bool().Draw(t, "up")}
	case 5:
		return oncall.LinesEvent{Stamp: st, Lines: lines(s, rapid.IntRange(0, 40).Draw(t, "lines"))}
	case 6:
		return oncall.RunEvent{
			Stamp: st, Run: oncall.StepRun{ID: id.Draw(t, "run"), State: oncall.RunState(rapid.IntRange(0, 5).Draw(t, "run state"))},
			Output: []oncall.OutputLine{{Text: "x", Partial: rapid.Bool().Draw(t, "partial")}},
		}
	case 7:
		return oncall.DeploysEvent{Stamp: st, Every: every, Deploys: []oncall.Deploy{{
			Ref: oncall.Ref{Source: source, ID: id.Draw(t, "deploy")}, Commit: "abc", FinishedAt: at(s),
		}}}
	default:
		return oncall.SeriesEvent{Stamp: st, Every: every, Panels: []oncall.Panel{{PanelQuery: oncall.PanelQuery{Panel: "p"}}}}
	}
}

// face is all that a board shows. Two equal faces look the same in every pane.
func face(b board.Board) map[string]any {
	f := map[string]any{
		"pages": b.Pages(), "counts": b.Counts(), "list": b.PagesReading(), "actions": b.Actions(),
		"undelivered": b.Undelivered(), "runs": b.Runs(), "sources": b.Sources(), "deploys": b.Deploys(),
		"metrics": b.Metrics(), "lines": all(b.Logs()), "roster": b.Roster(), "logs": b.LogsReading(),
	}
	for _, r := range b.Pages() {
		f["timeline "+r.Page.Ref.String()] = b.Timeline(r.Page.Ref)
		f["brief "+r.Page.Ref.String()] = b.Brief(r.Page.Ref, at(1000))
	}
	return f
}

// checkWhole checks what must hold of any board.
func checkWhole(t *rapid.T, b board.Board) {
	var want board.Counts
	pending := map[string]bool{}
	for i, r := range b.Pages() {
		if got, ok := b.Page(r.Page.Ref); !ok || !reflect.DeepEqual(got, r) {
			t.Fatalf("row %d is not what Page says", i)
		}
		for _, a := range r.Pending {
			pending[a.Action.ID] = true
			if a.State.Done() || a.Action.Target != r.Page.Ref {
				t.Fatalf("row %v has pending %+v", r.Page.Ref, a)
			}
		}
		switch {
		case r.Gone:
			want.Gone++
		case r.Page.Status != oncall.Resolved:
			want.Open++
			if r.Page.Mine {
				want.Mine++
			}
			switch r.Page.Status {
			case oncall.Acknowledged:
				want.Acked++
			case oncall.Triggered:
				want.Triggered++
				if want.OldestUnacked.IsZero() || r.Page.CreatedAt.Before(want.OldestUnacked) {
					want.OldestUnacked = r.Page.CreatedAt
				}
			default:
			}
		}
	}
	got := b.Counts()
	got.Known = false
	if got != want {
		t.Fatalf("counts %+v, want %+v", got, want)
	}
	under := 0
	for _, a := range b.Actions() {
		if !a.State.Done() {
			under++
		} else if pending[a.Action.ID] {
			t.Fatalf("action %s is done and pending", a.Action.ID)
		}
	}
	if under != b.Undelivered() {
		t.Fatalf("undelivered %d, want %d", b.Undelivered(), under)
	}
	if !b.Counts().Known && b.PagesReading().Quality(at(0)) != oncall.Never && b.PagesReading().Fault == nil {
		t.Fatal("the list looks whole although not all pagers have answered")
	}
}

// TestAnyEvents applies any events in any order: every board on the way is
// consistent, no listed page is lost, no ack is drawn that the source did not
// confirm, and no board ever changes after it was made.
func TestAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := board.New(board.Options{LineCap: 100, Sources: []board.SourceInfo{{"pd", board.KindPages}, {"am", board.KindPages}}})
		n := rapid.IntRange(1, 40).Draw(t, "events")
		boards, faces := make([]board.Board, 0, n), make([]map[string]any, 0, n)
		word := map[oncall.Ref]oncall.Status{} // the last list's
		confirmed := map[oncall.Ref]bool{}
		s := 0
		for range n {
			if len(boards) > 0 && rapid.IntRange(0, 9).Draw(t, "branch") == 0 {
				// A second event on an old board; the new board is looked at, then left.
				old := boards[rapid.IntRange(0, len(boards)-1).Draw(t, "old")]
				side, _ := old.Apply(drawEvent(t, s))
				checkWhole(t, side)
			}
			s += rapid.IntRange(0, 40).Draw(t, "pause")
			e := drawEvent(t, s)
			b, _ = b.Apply(e)
			switch e := e.(type) {
			case oncall.PagesEvent:
				for _, p := range e.Pages {
					word[p.Ref] = p.Status
					if _, ok := b.Page(p.Ref); !ok {
						t.Fatalf("page %v is listed and not shown", p.Ref)
					}
				}
			case oncall.ActionEvent:
				if e.State == oncall.Confirmed {
					confirmed[e.Action.Target] = true
				}
			}
			for _, r := range b.Pages() {
				if r.Page.Status != word[r.Page.Ref] && !confirmed[r.Page.Ref] {
					t.Fatalf("%v is shown as %v, the source said %v", r.Page.Ref, r.Page.Status, word[r.Page.Ref])
				}
			}
			checkWhole(t, b)
			boards, faces = append(boards, b), append(faces, face(b))
		}
		for i := range boards {
			if !reflect.DeepEqual(face(boards[i]), faces[i]) {
				t.Fatalf("board %d changed after it was made", i)
			}
		}
	})
}

// storm is a list of n pages.
func storm(s, n int) oncall.PagesEvent {
	e := list(s)
	for i := range n {
		e.Pages = append(e.Pages, page(fmt.Sprint(i), oncall.Triggered))
	}
	return e
}

func BenchmarkApplyPages(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			bd := board.New(board.Options{})
			e := storm(0, n)
			for b.Loop() {
				bd, _ = bd.Apply(e)
				if len(bd.Pages()) != n {
					b.Fatal("rows are missing")
				}
			}
		})
	}
}

func BenchmarkApplyAction(b *testing.B) {
	bd := board.New(board.Options{})
	bd, _ = bd.Apply(storm(0, 1000))
	e := action("1", oncall.Acknowledge, "1", oncall.Sending, 1)
	for b.Loop() {
		bd, _ = bd.Apply(e)
	}
}
