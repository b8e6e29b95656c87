package board_test

import (
	"reflect"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

func TestPagesOrder(t *testing.T) {
	mk := func(id string, s oncall.Status, u oncall.Urgency, born int) oncall.Page {
		p := page(id, s)
		p.Urgency, p.CreatedAt = u, at(born)
		return p
	}
	b, _ := after(t, list(0,
		mk("resolved", oncall.Resolved, oncall.High, 9),
		mk("low", oncall.Triggered, oncall.Low, 9),
		mk("acked", oncall.Acknowledged, oncall.High, 9),
		mk("old", oncall.Triggered, oncall.High, 1),
		mk("new", oncall.Triggered, oncall.High, 2),
		mk("b", oncall.Triggered, oncall.High, 0),
		mk("a", oncall.Triggered, oncall.High, 0),
		mk("odd", oncall.StatusUnknown, oncall.High, 3),
	))
	if got, want := ids(b.Pages()), "new old a b low odd acked resolved "; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	c := b.Counts()
	want := board.Counts{Triggered: 5, Acked: 1, Open: 7, OldestUnacked: at(0), Known: true}
	if c != want {
		t.Errorf("counts %+v, want %+v", c, want)
	}
}

func TestChangesOfPages(t *testing.T) {
	tests := []struct {
		name   string
		events []oncall.Event
		want   []board.Change
	}{
		{
			"the first answer does not ring",
			[]oncall.Event{list(0, page("a", oncall.Triggered))},
			[]board.Change{board.PageOpened{Ref: ref("a"), First: true}},
		},
		{
			"a later page rings",
			[]oncall.Event{list(0), list(10, page("a", oncall.Triggered))},
			[]board.Change{board.PageOpened{Ref: ref("a")}},
		},
		{
			"the rest of a list that was cut short does not ring",
			[]oncall.Event{
				oncall.PagesEvent{Stamp: stamp("pd", 0)},
				list(10, page("a", oncall.Triggered)),
			},
			[]board.Change{board.PageOpened{Ref: ref("a"), First: true}, board.SourceRecovered{Name: "pd"}},
		},
		{
			"a page resolves",
			[]oncall.Event{list(0, page("a", oncall.Triggered)), list(10, page("a", oncall.Resolved))},
			[]board.Change{board.PageResolved{Ref: ref("a")}},
		},
		{
			"a page opens again",
			[]oncall.Event{list(0, page("a", oncall.Resolved)), list(10, page("a", oncall.Triggered))},
			[]board.Change{board.PageChanged{Ref: ref("a"), From: oncall.Resolved, To: oncall.Triggered}},
		},
		{
			"nothing changes",
			[]oncall.Event{list(0, page("a", oncall.Triggered)), list(10, page("a", oncall.Triggered))},
			nil,
		},
		{
			"a page that is over when first seen is no news",
			[]oncall.Event{list(0), list(10, page("a", oncall.Resolved))},
			nil,
		},
		{
			"a source fails",
			[]oncall.Event{list(0), oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: at(1), Err: &oncall.Fault{}}}},
			[]board.Change{board.SourceFailed{Name: "pd"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := after(t, tt.events...); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("changes %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestNewUntilSeen(t *testing.T) {
	b, _ := after(t, list(0, page("old", oncall.Triggered)),
		list(10, page("old", oncall.Triggered), page("a", oncall.Triggered), page("b", oncall.Triggered)),
		list(20, page("old", oncall.Triggered), page("a", oncall.Triggered), page("b", oncall.Triggered)))
	one := b.MarkSeen(ref("a"))
	all := b.MarkSeen()
	for _, tt := range []struct {
		name       string
		b          board.Board
		old, a, b_ bool
	}{{"before", b, false, true, true}, {"one", one, false, false, true}, {"all", all, false, false, false}} {
		got := [3]bool{row(t, tt.b, "old").New, row(t, tt.b, "a").New, row(t, tt.b, "b").New}
		if want := [3]bool{tt.old, tt.a, tt.b_}; got != want {
			t.Errorf("%s: new %v, want %v", tt.name, got, want)
		}
	}
}

func TestSilenceIsNoGoodNews(t *testing.T) {
	fault := &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Op: "list pages"}
	failed := oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: at(10), Err: fault}, Complete: true}
	short := oncall.PagesEvent{Stamp: stamp("pd", 10), Every: 10 * time.Second}
	down := oncall.HealthEvent{Stamp: oncall.Stamp{Source: "pd", At: at(10), Err: fault}, NextTry: at(15), Attempt: 2}
	for name, e := range map[string]oncall.Event{"failed": failed, "cut short": short, "down": down} {
		t.Run(name, func(t *testing.T) {
			b, _ := after(t, list(0, page("a", oncall.Triggered)), e)
			if r := row(t, b, "a"); r.Gone || r.Page.Status != oncall.Triggered {
				t.Errorf("row %+v, want it kept as it was", r)
			}
			if q := b.PagesReading().Quality(at(10)); q != oncall.Late {
				t.Errorf("list is %v, want late", q)
			}
			b, _ = b.Apply(list(20))
			if q := b.PagesReading().Quality(at(20)); q != oncall.Live {
				t.Errorf("list is %v after a good answer with a row still gone, want live", q)
			}
		})
	}
}

func TestAFailedListAddsButRemovesNothing(t *testing.T) {
	part := list(10, page("b", oncall.Triggered))
	part.Err = &oncall.Fault{Kind: oncall.Unavailable}
	b, _ := after(t, list(0, page("a", oncall.Triggered)), part)
	if row(t, b, "a").Gone || row(t, b, "b").Gone {
		t.Errorf("rows %+v, want both", b.Pages())
	}
	if q := b.PagesReading().Quality(at(10)); q != oncall.Late {
		t.Errorf("list is %v, want late", q)
	}
}

func TestEmptyListIsBelievedOnlyWhenAllAnswered(t *testing.T) {
	b := board.New(board.Options{Sources: []board.SourceInfo{{Name: "pd", Kind: board.KindPages}, {Name: "am", Kind: board.KindPages}}})
	check := func(what string, q oncall.Quality, known bool) {
		t.Helper()
		if got := b.PagesReading().Quality(at(0)); got != q || b.Counts().Known != known {
			t.Errorf("%s: %v, known %v; want %v, %v", what, got, b.Counts().Known, q, known)
		}
	}
	check("nobody answered", oncall.Never, false)
	b, _ = b.Apply(list(0))
	check("one answered", oncall.Never, false)
	b, _ = b.Apply(oncall.PagesEvent{Stamp: stamp("am", 0), Every: time.Minute})
	check("one in part", oncall.Late, false)
	b, _ = b.Apply(oncall.PagesEvent{Stamp: stamp("am", 0), Complete: true, Every: time.Minute})
	check("both answered", oncall.NoData, true)
	if q := b.PagesReading().Quality(at(40)); q != oncall.Stale {
		t.Errorf("after 40 s without news %v, want stale by the faster source", q)
	}
	if c := (board.Board{}).Counts(); c.Known {
		t.Error("a board without page sources knows how many pages there are")
	}
}

func TestGoneIsKeptAndSaysSo(t *testing.T) {
	b, changes := after(t, list(0, page("a", oncall.Triggered)), list(10))
	r := row(t, b, "a")
	if !r.Gone || !r.GoneSince.Equal(at(10)) || r.Quality(at(10)) != oncall.Stale || len(changes) != 0 {
		t.Errorf("row %+v, changes %v; want it gone, stale and silent", r, changes)
	}
	if c := b.Counts(); c.Open != 0 || c.Gone != 1 {
		t.Errorf("counts %+v, want 0 open and 1 gone", c)
	}
	if b.PagesReading().Quality(at(10)) == oncall.NoData {
		t.Error("the list is called empty although a row is in it")
	}
	b, _ = b.Apply(list(609))
	if _, ok := b.Page(ref("a")); !ok {
		t.Error("forgotten before 10 minutes")
	}
	back, changes := b.Apply(list(609, page("a", oncall.Triggered)))
	if row(t, back, "a").Gone || len(changes) != 0 {
		t.Error("listed again and still gone, or news")
	}
	b, _ = b.Apply(list(610))
	if _, ok := b.Page(ref("a")); ok {
		t.Error("still there after 10 minutes")
	}
}

// TestLeftIsSomebodyElses has a page go to another person, be told of again, and come
// back.
func TestLeftIsSomebodyElses(t *testing.T) {
	p := page("a", oncall.Acknowledged)
	p.Assignees = []oncall.Person{{Name: "Ben"}}
	left := func(s int) oncall.PagesEvent {
		e := list(s)
		e.Left = []oncall.Page{p, page("never seen", oncall.Triggered)}
		return e
	}
	b, changes := after(t, list(0, page("a", oncall.Triggered)), left(10))
	r := row(t, b, "a")
	if !r.Gone || !r.Left || r.Page.Status != oncall.Acknowledged || len(r.Page.Assignees) != 1 || len(changes) != 0 || len(b.Pages()) != 1 {
		t.Errorf("row %+v, changes %v; want it with Ben", r, changes)
	}
	b, _ = b.Apply(left(20))
	if r := row(t, b, "a"); !r.Left || !r.GoneSince.Equal(at(10)) {
		t.Errorf("told again it is %+v", r)
	}
	b, _ = b.Apply(list(30, page("a", oncall.Triggered)))
	if r := row(t, b, "a"); r.Gone || r.Left {
		t.Errorf("back again it is %+v", r)
	}
	b, _ = b.Apply(left(40))
	if b, _ = b.Apply(left(640)); len(b.Pages()) != 0 {
		t.Errorf("after ten minutes there are %+v", b.Pages())
	}
}

func TestResolvedLeavesWithItsList(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Resolved)), list(10))
	if n := len(b.Pages()); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

func TestTwoPagersDoNotEmptyEachOther(t *testing.T) {
	other := oncall.Page{Ref: oncall.Ref{Source: "am", ID: "x"}, Status: oncall.Triggered}
	b, _ := after(t, list(0, page("a", oncall.Triggered)),
		oncall.PagesEvent{Stamp: stamp("am", 1), Pages: []oncall.Page{other}, Complete: true},
		list(2))
	if r, ok := b.Page(other.Ref); !ok || r.Gone {
		t.Errorf("row %+v, %v: the other pager's page went with this one's list", r, ok)
	}
}
