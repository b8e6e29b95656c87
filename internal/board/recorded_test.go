package board_test

import (
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

// What is not recorded yet is under way, and what could not be recorded begins
// anew when it is sent unrecorded.
func TestActionThatCannotBeRecorded(t *testing.T) {
	e := func(state oncall.ActionState, unrecorded bool) oncall.ActionEvent {
		a := action("1", oncall.Acknowledge, "a", state, 1)
		a.Action.Unrecorded = unrecorded
		return a
	}
	b, _ := after(t, list(0, page("a", oncall.Triggered)), e(oncall.Recording, false))
	if r := row(t, b, "a"); b.Undelivered() != 1 || len(r.Pending) != 1 || r.Pending[0].State != oncall.Recording {
		t.Errorf("%d undelivered, row %+v", b.Undelivered(), r.Pending)
	}
	b, _ = b.Apply(e(oncall.Refused, false))
	if b.Undelivered() != 0 {
		t.Error("what was refused is undelivered")
	}
	b, _ = b.Apply(e(oncall.Sending, true))
	if a := b.Actions(); b.Undelivered() != 1 || len(a) != 1 || a[0].State != oncall.Sending || row(t, b, "a").Page.Status != oncall.Triggered {
		t.Errorf("sent unrecorded it is %+v", a)
	}
	b, _ = b.Apply(e(oncall.Confirmed, true))
	if r := row(t, b, "a"); r.Page.Status != oncall.Acknowledged || b.Undelivered() != 0 {
		t.Errorf("confirmed it is %+v", r)
	}
}

// A second copy of a note is told once more after its end, and once only.
func TestNoteThatIsThereTwice(t *testing.T) {
	e := action("1", oncall.Annotate, "a", oncall.Confirmed, 1)
	twice := e
	twice.Err = &oncall.Fault{Kind: oncall.Repeated}
	b, _ := after(t, list(0, page("a", oncall.Triggered)), e)
	for i, want := range []int{1, 0} {
		if i == 1 {
			twice.Err = nil
		}
		var changes []board.Change
		b, changes = b.Apply(twice)
		if a := b.Actions(); len(changes) != want || a[0].Fault == nil || a[0].State != oncall.Confirmed {
			t.Errorf("%d changes, %+v", len(changes), a)
		}
	}
}

func TestTimelineMarksSecondCopies(t *testing.T) {
	first, other := oncall.Action{ID: "1", Text: "rolled back"}, oncall.Action{ID: "2", Text: "rolled back"}
	var notes []oncall.Note
	for i, text := range []string{first.MarkedText(), "rolled back", other.MarkedText(), first.MarkedText(), "rolled back"} {
		notes = append(notes, oncall.Note{At: at(i), Text: text})
	}
	b, _ := after(t, list(0, page("a", oncall.Triggered)), oncall.DetailEvent{
		Stamp: stamp("pd", 1), Page: ref("a"), Detail: oncall.PageDetail{Notes: notes},
	})
	for _, m := range b.Timeline(ref("a")) {
		if copied := m.Kind == board.MomentNote && m.At.Equal(at(3)); (m.State == board.StateCopy) != copied {
			t.Errorf("%+v", m)
		}
	}
}

// News that comes out of order, as lines behind pages do, does not make a board
// take an old list for a fresh one.
func TestOldNewsMakeNoListFresh(t *testing.T) {
	b := board.New(board.Options{Sources: []board.SourceInfo{{Name: "pd", Kind: board.KindPages}, {Name: "am", Kind: board.KindPages}}})
	am := list(30)
	am.Source = "am"
	for _, e := range []oncall.Event{list(10), am, oncall.LinesEvent{Stamp: stamp("app", 5)}} {
		b, _ = b.Apply(e)
	}
	if q := b.PagesReading().Quality(at(10).Add(18 * time.Second)); q != oncall.Late {
		t.Errorf("18 s after the older list it is %s", q)
	}
}

// An action of another cockpit is neither ours to deliver nor told as ours, and
// changes the page only once the pager confirmed it.
func TestActionOfAnotherCockpit(t *testing.T) {
	e := func(state oncall.ActionState) oncall.ActionEvent {
		a := action("1", oncall.Acknowledge, "a", state, 1)
		a.By = "ben@example.com"
		return a
	}
	b, _ := after(t, list(0, page("a", oncall.Triggered)), e(oncall.Sending))
	r := row(t, b, "a")
	if b.Undelivered() != 0 || len(r.Pending) != 0 || len(r.Others) != 1 || r.Page.Status != oncall.Triggered {
		t.Errorf("under way it is %d undelivered, row %+v", b.Undelivered(), r)
	}
	b, changes := b.Apply(e(oncall.Confirmed))
	r = row(t, b, "a")
	if r.Page.Status != oncall.Acknowledged || len(r.Others) != 0 || r.Last.By != "ben@example.com" || r.Page.Acks[0].By.Email != "ben@example.com" {
		t.Errorf("confirmed it is %+v", r)
	}
	for _, c := range changes {
		if _, ok := c.(board.ActionSettled); ok {
			t.Error("it is told as an action of ours")
		}
	}
	for _, m := range b.Timeline(ref("a")) {
		if m.Kind == board.MomentAction && m.Who != "ben@example.com" {
			t.Errorf("the timeline says that %s did it", m.Who)
		}
	}
}
