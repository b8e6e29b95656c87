package board_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

func told(moments []board.Moment) string {
	var s strings.Builder
	for _, m := range moments {
		fmt.Fprintf(&s, "%d %s %s: %s [%s]\n", int(m.At.Sub(t0).Seconds()), m.Kind, m.Who, m.Text, m.State)
	}
	return s.String()
}

func TestTimelineTellsEachThingOnce(t *testing.T) {
	ana := oncall.Person{ID: "U1", Name: "Ana", Email: "ana@example.com"}
	p := page("a", oncall.Acknowledged)
	p.CreatedAt, p.Service.Name = at(0), "checkout"
	p.Acks = []oncall.Acknowledgement{{By: ana, At: at(61)}}
	act := func(id string, k oncall.ActionKind, text string, asked, settled int, s oncall.ActionState) oncall.ActionEvent {
		e := action(id, k, "a", s, settled)
		e.Action.At, e.Action.Text = at(asked), text
		return e
	}
	b, _ := after(t,
		oncall.RosterEvent{Stamp: stamp("pd", 0), Roster: oncall.Roster{Me: ana}},
		list(100, p),
		oncall.DeploysEvent{Stamp: stamp("gh", 0), Deploys: []oncall.Deploy{
			{Ref: oncall.Ref{ID: "1"}, Service: "checkout", Version: "v413", Team: "payments", Status: oncall.DeploySucceeded, FinishedAt: at(-540)},
			{Ref: oncall.Ref{ID: "2"}, Service: "old", FinishedAt: at(-7 * 3600)},
		}},
		oncall.DetailEvent{Stamp: stamp("pd", 0), Page: ref("a"), Detail: oncall.PageDetail{
			Notes: []oncall.Note{{By: ana, At: at(120), Text: "rolled back (k7)"}, {By: oncall.Person{Name: "Ben"}, At: at(300), Text: "thanks"}},
			Log: []oncall.LogEntry{
				{At: at(0), Kind: "trigger_log_entry", By: "Prometheus", Text: "Triggered"},
				{At: at(2), Kind: "notify_log_entry", By: "Ana", Text: "Notified by phone"},
				{At: at(61), Kind: "acknowledge_log_entry", By: "Ana", Text: "Acknowledged by Ana"},
				{At: at(121), Kind: "annotate_log_entry", By: "Ana", Text: "Note added"},
				{At: at(400), Kind: "acknowledge_log_entry", By: "Ben", Text: "Acknowledged by Ben"},
			},
		}},
		act("1", oncall.Acknowledge, "", 57, 62, oncall.Confirmed),
		act("2", oncall.Annotate, "rolled back", 118, 122, oncall.Confirmed),
		act("3", oncall.Annotate, "watching", 130, 131, oncall.Sending),
		oncall.RunEvent{Stamp: stamp("runner", 0), Run: oncall.StepRun{
			ID: "r", Page: ref("a"), Title: "Roll back", State: oncall.RunExited, Exit: 1, Started: at(90),
		}},
		oncall.RunEvent{Stamp: stamp("runner", 0), Run: oncall.StepRun{ID: "s", Page: ref("b"), Started: at(90)}},
	)
	want := `-540 deploy payments: checkout v413 [success]
0 opened checkout: title a []
2 log Ana: Notified by phone []
61 ack Ana: acknowledged [confirmed]
90 run : Roll back [exit 1]
120 note Ana: rolled back (k7) [confirmed]
130 action Ana: note: watching [sending]
300 note Ben: thanks []
400 ack Ben: Acknowledged by Ben []
`
	if got := told(b.Timeline(ref("a"))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	none := told(b.TimelineOf(ref("a"), func(oncall.Deploy) bool { return false }))
	if strings.Contains(none, "deploy") {
		t.Errorf("a deploy that does not concern the page is in\n%s", none)
	}
	if got := b.Timeline(ref("nobody")); len(got) != 0 {
		t.Errorf("a page that is not known has the timeline %+v", got)
	}
}

func TestOurAckIsToldBeforeTheListShowsIt(t *testing.T) {
	b, _ := after(t, list(0, page("a", oncall.Triggered)), action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5))
	got := told(b.Timeline(ref("a")))
	if strings.Count(got, "ack") != 1 || !strings.Contains(got, "[confirmed]") {
		t.Errorf("got\n%swant one confirmed ack", got)
	}
}

func TestAnEarlierAckOfOursIsAnother(t *testing.T) {
	p := page("a", oncall.Triggered)
	p.Acks = []oncall.Acknowledgement{{By: oncall.Person{Email: "ana@example.com"}, At: at(-300)}}
	b, _ := after(t, list(0, p), action("1", oncall.Acknowledge, "a", oncall.Confirmed, 5))
	if got := told(b.Timeline(ref("a"))); strings.Count(got, "confirmed") != 1 || !strings.Contains(got, "0 action ana@example.com: ack [confirmed]") {
		t.Errorf("got\n%swant our new ack beside the old one", got)
	}
}

func TestBrief(t *testing.T) {
	ana, ben := oncall.Person{ID: "U1", Name: "Ana"}, oncall.Person{ID: "U2", Name: "Ben"}
	dan := oncall.Person{ID: "U3", Name: "Dan"}
	p := page("a", oncall.Triggered)
	p.CreatedAt, p.PolicyID, p.Alerts = at(0), "P1", 2
	p.Assignees = []oncall.Person{ana}
	p.Pending = []oncall.Escalation{{Kind: "escalate", At: at(900)}}
	roster := oncall.Roster{Shifts: []oncall.Shift{
		{PolicyID: "P1", Level: 1, Person: ana},
		{PolicyID: "P1", Level: 2, Person: dan, End: at(800)},
		{PolicyID: "P1", Level: 2, Person: ben, Start: at(800)},
		{PolicyID: "P2", Level: 2, Person: dan},
	}}
	history := &oncall.History{Count: 3, Fix: "rolled back v398"}
	b, _ := after(t, list(240, p),
		oncall.RosterEvent{Stamp: stamp("pd", 240), Roster: roster},
		oncall.DetailEvent{Stamp: stamp("pd", 240), Page: ref("a"), Detail: oncall.PageDetail{History: history}})
	br := b.Brief(ref("a"), at(240))
	if !br.Known || br.Age != 4*time.Minute || br.Alerts != 2 || br.History != history || br.Quality != oncall.Live {
		t.Errorf("brief %+v", br)
	}
	if n := br.Next; n == nil || n.Level != 2 || n.In != 11*time.Minute || len(n.Who) != 1 || n.Who[0] != ben {
		t.Errorf("next %+v, want Ben in 11 minutes", br.Next)
	}
	if br := b.Brief(ref("a"), at(-60)); br.Age != 0 {
		t.Errorf("age %v with a clock that is behind, want 0", br.Age)
	}

	last := p
	last.Assignees = []oncall.Person{ben}
	b2, _ := b.Apply(list(850, last))
	if n := b2.Brief(ref("a"), at(850)).Next; n == nil || len(n.Who) != 0 || n.Level != 0 {
		t.Errorf("next %+v after the last level, want a time without a name", n)
	}
	acked, _ := b.Apply(action("1", oncall.Acknowledge, "a", oncall.Confirmed, 241))
	if n := acked.Brief(ref("a"), at(241)).Next; n != nil {
		t.Errorf("next %+v after our ack, want nobody", n)
	}
	if br := b.Brief(ref("x"), at(0)); br.Known || br.Next != nil {
		t.Errorf("brief of no page %+v", br)
	}
}
