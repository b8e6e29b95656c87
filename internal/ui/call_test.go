package ui

import (
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// alerts returns the calls so far, and forgets them.
func (f *fixture) alerts() (out []pane.Alert) {
	for _, i := range f.intents {
		if a, ok := i.(pane.Alert); ok {
			out = append(out, a)
		}
	}
	f.intents = nil
	return out
}

// poll has the pager answer with these pages now.
func (f *fixture) poll(pages ...oncall.Page) {
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Pages: pages, Complete: true, Every: 10 * time.Second})
}

// pass lets time pass with the pager answering each ten seconds.
func (f *fixture) pass(d time.Duration, pages ...oncall.Page) {
	for ; d > 0; d -= 10 * time.Second {
		f.wait(5 * time.Second)
		f.wait(5 * time.Second)
		f.poll(pages...)
	}
}

func newPage(id string, change ...func(*oncall.Page)) oncall.Page {
	p := uitest.Pages()[0]
	p.Ref.ID, p.Title, p.Urgency, p.Pending = id, "page "+id, oncall.High, nil
	for _, c := range change {
		c(&p)
	}
	return p
}

func TestAPersonIsCalledOnceForANewPage(t *testing.T) {
	f := newFixture(t)
	f.opts.Calls = Calls{}
	f.poll(newPage("A"))
	if got := f.alerts(); len(got) != 0 {
		t.Errorf("called for what was there before: %v", got)
	}
	f.pass(time.Minute, newPage("A"), newPage("B"))
	if got := f.alerts(); len(got) != 1 || got[0].Words != "page B" || got[0].Pages != 1 {
		t.Errorf("for one new page: %v", got)
	}
	f.pass(time.Hour, newPage("A"), newPage("B"))
	if got := f.alerts(); len(got) != 0 {
		t.Errorf("called again: %v", got)
	}
	f.pass(10*time.Second, newPage("A"), newPage("B"), newPage("C"), newPage("D"))
	if got := f.alerts(); len(got) != 1 || got[0].Pages != 2 {
		t.Errorf("two pages at once: %v", got)
	}
}

func TestACallIsRepeatedWhileNobodyAcknowledges(t *testing.T) {
	f := newFixture(t)
	f.opts.Calls = Calls{Again: 5 * time.Minute}
	f.poll()
	f.pass(10*time.Second, newPage("A"))
	f.pass(16*time.Minute, newPage("A"))
	if got := f.alerts(); len(got) != 4 {
		t.Errorf("%d calls in 16 minutes, want 4", len(got))
	}
	// The clock is set back: the calls go on as if it had not been.
	acked := newPage("A", func(p *oncall.Page) { p.Status = oncall.Acknowledged })
	f.pass(time.Hour, acked)
	if got := f.alerts(); len(got) != 0 {
		t.Errorf("called for an acknowledged page: %v", got)
	}
	f.pass(10*time.Second, newPage("A"))
	if got := f.alerts(); len(got) != 1 {
		t.Errorf("an ack that has run out calls %d times", len(got))
	}
}

func TestNobodyIsCalledForWhatIsNotTheirs(t *testing.T) {
	f := newFixture(t)
	f.opts.Calls = Calls{Again: time.Minute}
	f.poll()
	low := newPage("L", func(p *oncall.Page) { p.Urgency = oncall.Low })
	f.pass(10*time.Minute,
		newPage("A", func(p *oncall.Page) { p.Mine = false }), low,
		newPage("C", func(p *oncall.Page) { p.Status = oncall.Acknowledged }))
	if got := f.alerts(); len(got) != 0 {
		t.Errorf("called: %v", got)
	}
	f.opts.Calls.Low = true
	f.pass(10*time.Second, low)
	if got := f.alerts(); len(got) != 1 {
		t.Errorf("%d calls for low urgency when asked for", len(got))
	}
}

// A key that was pressed is an answer, and a source that is silent is no news.
func TestNobodyIsCalledWhileAnAckIsOnItsWayNorForOldNews(t *testing.T) {
	f := newFixture(t)
	f.opts.Calls = Calls{Again: time.Minute}
	f.poll()
	f.pass(10*time.Second, newPage("A"))
	f.alerts()
	a := oncall.Action{ID: "1", Kind: oncall.Acknowledge, Target: oncall.Ref{Source: "pd", ID: "A"}, Title: "page A"}
	f.status(a, oncall.Sending, nil)
	f.pass(3*time.Minute, newPage("A"))
	if got := f.alerts(); len(got) != 0 {
		t.Errorf("called while the ack is on its way: %v", got)
	}
	f.status(a, oncall.Refused, &oncall.Fault{Kind: oncall.Rejected, Source: "pd", Op: "ack"})
	if got := f.alerts(); len(got) != 1 {
		t.Errorf("a refused ack calls %d times, want 1", len(got))
	}
	for range 60 { // ten minutes of silence
		f.wait(5 * time.Second)
		f.wait(5 * time.Second)
	}
	if got := f.alerts(); len(got) > 1 {
		t.Errorf("%d calls for what may not be so any more", len(got))
	}
}

func TestTheTitleCarriesTheCountInEveryState(t *testing.T) {
	f := newFixture(t)
	title := func() string { return f.View().WindowTitle }
	if got := title(); got != "conway" {
		t.Errorf("before an answer: %q", got)
	}
	f.poll()
	if got := title(); got != "conway 0 open, 0 unacked" {
		t.Errorf("nothing open: %q", got)
	}
	f.poll(newPage("A"), newPage("B", func(p *oncall.Page) { p.Status = oncall.Acknowledged }))
	if got := title(); got != "conway 2 open, 1 unacked" {
		t.Errorf("two open: %q", got)
	}
	f.press("?")
	if got := title(); got != "conway 2 open, 1 unacked" {
		t.Errorf("under the help: %q", got)
	}
	f.size(3, 1)
	if got := title(); got != "conway 2 open, 1 unacked" {
		t.Errorf("on a tiny screen: %q", got)
	}
	for range 60 {
		f.wait(5 * time.Second)
		f.wait(5 * time.Second)
	}
	if got := title(); got == "conway 2 open, 1 unacked" || len(got) < len("conway ?") {
		t.Errorf("of a silent pager: %q", got)
	}
}
