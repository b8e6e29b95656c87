package board_test

import (
	"reflect"
	"testing"

	"conway/internal/board"
	"conway/internal/oncall"
)

func TestAckIsDrawnOnTheServersWordOnly(t *testing.T) {
	for _, s := range []oncall.ActionState{
		oncall.Held, oncall.Sending, oncall.Unconfirmed, oncall.Refused, oncall.Cancelled,
	} {
		b, _ := after(t, list(0, page("a", oncall.Triggered)), action("1", oncall.Acknowledge, "a", s, 1))
		r := row(t, b, "a")
		if r.Page.Status != oncall.Triggered || len(r.Page.Acks) != 0 {
			t.Errorf("%v: shown as %v", s, r.Page.Status)
		}
		if pending := len(r.Pending) == 1; pending == s.Done() {
			t.Errorf("%v: pending %v", s, r.Pending)
		}
		if r.Last == nil || r.Last.State != s {
			t.Errorf("%v: last is %+v", s, r.Last)
		}
	}
}

func TestPollDoesNotClearThePendingMark(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Triggered)),
		action("1", oncall.Acknowledge, "a", oncall.Sending, 1),
		list(10, page("a", oncall.Triggered)), list(200, page("a", oncall.Triggered)))
	if r := row(t, b, "a"); len(r.Pending) != 1 {
		t.Errorf("pending %v, want the ack", r.Pending)
	}
	if b.Undelivered() != 1 {
		t.Errorf("undelivered %d, want 1", b.Undelivered())
	}
}

func TestConfirmedAckHoldsUntilTheListAgrees(t *testing.T) {
	b, changes := after(t, list(0, page("a", oncall.Triggered)),
		action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5))
	if len(changes) != 2 {
		t.Fatalf("changes %+v, want the page's and the action's", changes)
	}
	if want := (board.PageChanged{Ref: ref("a"), From: oncall.Triggered, To: oncall.Acknowledged}); changes[0] != want {
		t.Errorf("change %+v, want %+v", changes[0], want)
	}
	r := row(t, b, "a")
	if r.Page.Status != oncall.Acknowledged || len(r.Page.Acks) != 1 || r.Page.Acks[0].By.Email != "ana@example.com" {
		t.Errorf("row %+v, want acknowledged by me", r.Page)
	}

	late, changes := b.Apply(list(64, page("a", oncall.Triggered)))
	if row(t, late, "a").Page.Status != oncall.Acknowledged || len(changes) != 0 {
		t.Error("a list within a minute took the ack back")
	}
	disputed, changes := late.Apply(list(65, page("a", oncall.Triggered)))
	want := []board.Change{board.PageChanged{Ref: ref("a"), From: oncall.Acknowledged, To: oncall.Triggered}}
	if r := row(t, disputed, "a"); r.Page.Status != oncall.Triggered || r.Disputed == nil || !reflect.DeepEqual(changes, want) {
		t.Errorf("row %+v, changes %+v; want triggered and disputed", r, changes)
	}
	agreed, _ := late.Apply(list(65, page("a", oncall.Acknowledged)))
	again, changes := agreed.Apply(list(200, page("a", oncall.Triggered)))
	if r := row(t, again, "a"); r.Page.Status != oncall.Triggered || r.Disputed != nil || len(changes) != 1 {
		t.Errorf("row %+v, changes %v; want an ack that ran out, undisputed", r, changes)
	}
}

func TestAnOlderListSaysNothingAboutANewerAck(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Triggered)),
		action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5),
		list(4, page("a", oncall.Triggered)),
		oncall.RosterEvent{Stamp: stamp("pd", 500)})
	if r := row(t, b, "a"); r.Page.Status != oncall.Acknowledged || r.Disputed != nil {
		t.Errorf("row %+v, want acknowledged: no newer list has spoken", r)
	}
}

func TestConfirmedResolve(t *testing.T) {
	b, changes := after(t, list(0, page("a", oncall.Acknowledged)),
		action("1", oncall.Resolve, "a", oncall.Confirmed, 5))
	if len(changes) != 2 || changes[0] != (board.PageResolved{Ref: ref("a")}) {
		t.Errorf("changes %+v, want resolved", changes)
	}
	b, changes = b.Apply(list(10))
	if len(b.Pages()) != 0 || len(changes) != 0 {
		t.Errorf("rows %v, changes %v; want a page that was seen to resolve to leave in silence", ids(b.Pages()), changes)
	}
}

func TestResolveConfirmedAfterThePageVanished(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Acknowledged)), list(10),
		action("1", oncall.Resolve, "a", oncall.Confirmed, 11))
	if r := row(t, b, "a"); r.Gone || r.Page.Status != oncall.Resolved {
		t.Errorf("row %+v, want resolved, not gone", r)
	}
}

func TestAckDoesNotReopen(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Resolved)), action("1", oncall.Acknowledge, "a", oncall.Confirmed, 1))
	if s := row(t, b, "a").Page.Status; s != oncall.Resolved {
		t.Errorf("status %v, want resolved", s)
	}
	b, _ = after(t, list(0, page("a", oncall.Triggered)),
		action("1", oncall.Resolve, "a", oncall.Confirmed, 1), action("2", oncall.Acknowledge, "a", oncall.Confirmed, 2))
	if s := row(t, b, "a").Page.Status; s != oncall.Resolved {
		t.Errorf("status %v after our own resolve, want resolved", s)
	}
}

func TestAckBeforeItsPageIsListed(t *testing.T) {
	b, _ := after(t, list(0), action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5))
	soon, _ := b.Apply(list(5, page("a", oncall.Triggered)))
	if s := row(t, soon, "a").Page.Status; s != oncall.Acknowledged {
		t.Errorf("status %v, want acknowledged", s)
	}
	late, _ := b.Apply(list(70))
	late, _ = late.Apply(list(80, page("a", oncall.Triggered)))
	if s := row(t, late, "a").Page.Status; s != oncall.Triggered {
		t.Errorf("status %v, want triggered: the ack is long over", s)
	}
}

func TestOurAckLeavesTheEventAsItWas(t *testing.T) {
	p := page("a", oncall.Triggered)
	acks := make([]oncall.Acknowledgement, 2)
	p.Acks = acks[:1]
	b, _ := after(t, list(0, p), action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5))
	if n := len(row(t, b, "a").Page.Acks); n != 2 || acks[1] != (oncall.Acknowledgement{}) {
		t.Errorf("%d acks, and the source's slice now holds %+v", n, acks)
	}
}
