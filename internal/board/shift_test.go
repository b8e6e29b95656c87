package board_test

import (
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

// TestShift sets the wall clock back by an hour amid everything that is known:
// every age goes on as if it had not been set, and the older board is as it was.
func TestShift(t *testing.T) {
	fault := &oncall.Fault{Kind: oncall.Unavailable, Source: "gh"}
	before, _ := after(t,
		list(0, page("1", oncall.Triggered), page("2", oncall.Triggered)),
		list(5, page("1", oncall.Triggered)),
		oncall.DetailEvent{Stamp: stamp("pd", 6), Page: ref("1")},
		oncall.RosterEvent{Stamp: stamp("pd", 6), Every: time.Minute},
		oncall.DeploysEvent{Stamp: stamp("gh", 7), Every: time.Minute, Deploys: []oncall.Deploy{{Ref: oncall.Ref{Source: "gh", ID: "d"}}}},
		oncall.SeriesEvent{Stamp: stamp("prom", 8), Every: 15 * time.Second},
		oncall.HealthEvent{Stamp: oncall.Stamp{Source: "gh", At: at(9), Err: fault}, NextTry: at(30), Attempt: 1},
		action("a", oncall.Acknowledge, "1", oncall.Confirmed, 10),
	)
	const back = -time.Hour
	after := before.Shift(back)
	for _, s := range []int{10, 20, 40, 4000} {
		old, now := at(s), at(s).Add(back)
		for name, read := range map[string]func(board.Board, time.Time) (oncall.Quality, time.Duration){
			"pages": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := b.PagesReading()
				return r.Quality(n), r.Age(n)
			},
			"deploys": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := b.DeploysReading()
				return r.Quality(n), r.Age(n)
			},
			"metrics": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := b.Metrics()
				return r.Quality(n), r.Age(n)
			},
			"roster": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := b.Roster()
				return r.Quality(n), r.Age(n)
			},
			"detail": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := b.Detail(ref("1"))
				return r.Quality(n), r.Age(n)
			},
			"row": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := row(t, b, "1")
				return r.Quality(n), r.Reading.Age(n)
			},
			"since": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				br := b.Brief(ref("1"), n)
				return br.Quality, br.Age
			},
			"gone": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				r := row(t, b, "2")
				return r.Quality(n), n.Sub(r.GoneSince)
			},
			"next try": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				return oncall.Live, b.Sources()[1].NextTry.Sub(n)
			},
			"action": func(b board.Board, n time.Time) (oncall.Quality, time.Duration) {
				return oncall.Live, n.Sub(b.Actions()[0].At)
			},
		} {
			q, age := read(before, old)
			if gotQ, got := read(after, now); gotQ != q || got != age {
				t.Errorf("%s %d s in: %v, %v old; it was %v, %v", name, s, gotQ, got, q, age)
			}
		}
	}
	// The claim on the list's word runs out when it would have.
	b, _ := after.Apply(oncall.PagesEvent{
		Stamp: oncall.Stamp{Source: "pd", At: at(71).Add(back)}, Pages: []oncall.Page{page("1", oncall.Triggered)}, Complete: true,
	})
	if r := row(t, b, "1"); r.Disputed == nil {
		t.Error("after a minute of disagreement the list's word does not count")
	}
	if _, known := after.Page(ref("2")); !known {
		t.Error("a page that is gone was forgotten")
	}
	b, _ = b.Apply(oncall.HealthEvent{Stamp: oncall.Stamp{Source: "pd", At: at(606).Add(back)}, Up: true})
	if _, known := b.Page(ref("2")); known {
		t.Error("a page that has been gone for ten minutes is still there")
	}
	if same := before.Shift(0); same.PagesReading() != before.PagesReading() {
		t.Error("a shift by nothing changed something")
	}
}

// TestPartOfTheDeploysIsTaken keeps the fault of a source of which one part
// failed, and shows what the other parts said.
func TestPartOfTheDeploysIsTaken(t *testing.T) {
	fault := &oncall.Fault{Kind: oncall.Unavailable, Source: "gh"}
	d := oncall.Deploy{Ref: oncall.Ref{Source: "gh", ID: "d"}, Service: "checkout"}
	b, _ := after(t,
		oncall.DeploysEvent{Stamp: stamp("gh", 0), Every: time.Minute, Deploys: []oncall.Deploy{}},
		oncall.DeploysEvent{Stamp: oncall.Stamp{Source: "gh", At: at(60), Err: fault}, Every: time.Minute, Deploys: []oncall.Deploy{d}},
	)
	if got := b.Deploys(); len(got) != 1 {
		t.Errorf("%d deploys are shown, want that of the part that answered", len(got))
	}
	if r := b.DeploysReading(); r.Quality(at(60)) != oncall.Late || r.Fault != fault {
		t.Errorf("the answer in part is %v with %v", r.Quality(at(60)), r.Fault)
	}
}
