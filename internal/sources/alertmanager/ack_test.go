package alertmanager_test

import (
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/alertmanager"
)

func status(e oncall.PagesEvent, id string) (oncall.Page, bool) {
	for _, p := range e.Pages {
		if p.Ref.ID == id {
			return p, true
		}
	}
	return oncall.Page{}, false
}

// TestAcknowledgeTellsNobody acknowledges an alert: Alertmanager is sent nothing,
// and the page says that its pager has no acknowledgements.
func TestAcknowledgeTellsNobody(t *testing.T) {
	f := &fake{}
	id := f.fire(10*time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{From: "ana@example.com"})
	if p, ok := status(d.next(t), id); !ok || p.Status != oncall.Triggered || !p.NoAck {
		t.Fatalf("%+v", p)
	}
	for range 2 { // twice is harmless
		if err := d.Acknowledge(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := status(d.again(t), id)
	if p.Status != oncall.Acknowledged || !p.NoAck || len(p.Acks) != 1 || p.Acks[0].By.Email != "ana@example.com" {
		t.Errorf("%+v", p)
	}
	if f.posts != 0 || len(f.made()) != 0 {
		t.Error("Alertmanager was told something")
	}
	f.end(id)
	if fault := oncall.AsFault(d.Acknowledge(t.Context(), id), "", ""); fault == nil || fault.Kind != oncall.Rejected || fault.Ambiguous {
		t.Errorf("of an alert that has ended: %v", fault)
	}
}

// TestAnotherFiringIsAnotherPage has an alert end and fire again: whoever took the
// first has not taken the second.
func TestAnotherFiringIsAnotherPage(t *testing.T) {
	f := &fake{}
	first := f.fire(10*time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{})
	d.next(t)
	d.Acknowledged(first, oncall.Acknowledgement{By: oncall.Person{Name: "ben@example.com", Email: "ben@example.com"}, At: time.Now()})
	if p, _ := status(d.next(t), first); p.Status != oncall.Acknowledged {
		t.Fatalf("%+v", p)
	}
	f.end(first)
	second := f.fire(time.Minute, checkout(), nil)
	e := d.again(t)
	if p, _ := status(e, first); p.Status != oncall.Resolved {
		t.Errorf("the first: %+v", p)
	}
	if p, ok := status(e, second); !ok || p.Status != oncall.Triggered || len(p.Acks) != 0 {
		t.Errorf("the second: %+v", p)
	}
	if err := d.Acknowledge(t.Context(), first); err == nil {
		t.Error("a firing that is over was acknowledged by way of the next")
	}
}

// TestAnEarlierStartIsTheSameFiring has another replica of Prometheus report that
// the alert began before.
func TestAnEarlierStartIsTheSameFiring(t *testing.T) {
	f := &fake{}
	id := f.fire(10*time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{})
	d.next(t)
	f.mu.Lock()
	f.alerts[0].starts = f.alerts[0].starts.Add(-20 * time.Second)
	f.mu.Unlock()
	if e := d.again(t); len(e.Pages) != 1 || e.Pages[0].Ref.ID != id || e.Pages[0].Status != oncall.Triggered {
		t.Errorf("%+v", e.Pages)
	}
	if err := d.Acknowledge(t.Context(), id); err != nil {
		t.Error(err)
	}
}

// TestWhatEndedUnseen is told of two pages of an earlier start, of which one fires
// still.
func TestWhatEndedUnseen(t *testing.T) {
	f := &fake{}
	still := f.fire(time.Hour, checkout(), nil)
	over := f.fire(time.Hour, map[string]string{"alertname": "Over"}, nil)
	before := work(t, f, alertmanager.Options{}).next(t)
	f.end(over)
	d := work(t, f, alertmanager.Options{})
	d.next(t)
	seen := time.Now().Add(-30 * time.Minute)
	d.WereOpen(before.Pages, seen)
	e := d.next(t)
	if p, _ := status(e, still); p.Status != oncall.Triggered {
		t.Errorf("what fires still: %+v", p)
	}
	p, ok := status(e, over)
	if !ok || p.Status != oncall.Resolved || !p.UpdatedAt.Equal(seen) {
		t.Fatalf("what is over: %+v", p)
	}
	moments, err := d.Chronicle(t.Context(), p)
	if err != nil || len(moments) != 2 || moments[1].Kind != oncall.MomentResolved || moments[1].At.Sub(seen).Abs() > 5*time.Second {
		t.Errorf("%+v, %v", moments, err)
	}
}

// TestChronicle tells when the alert began and who took it; what the ledger does
// not have yet is not told.
func TestChronicle(t *testing.T) {
	f := &fake{}
	id := f.fire(10*time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{From: "ana@example.com"})
	d.next(t)
	if err := d.Acknowledge(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	p, _ := status(d.next(t), id)
	if got, err := d.Chronicle(t.Context(), p); err != nil || len(got) != 1 || got[0].Kind != oncall.MomentTriggered {
		t.Fatalf("before the ledger has it: %+v, %v", got, err)
	}
	at := time.Now().Add(-time.Minute).UTC()
	d.Acknowledged(id, oncall.Acknowledgement{By: oncall.Person{Name: "ana@example.com", Email: "ana@example.com"}, At: at})
	got, err := d.Chronicle(t.Context(), p)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, kind := range []oncall.MomentKind{oncall.MomentTriggered, oncall.MomentNotified, oncall.MomentAcknowledged} {
		if got[i].Kind != kind || i > 0 && (!got[i].At.Equal(at) || got[i].Person.Email != "ana@example.com") {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	now := time.Now()
	f.silence("ben@example.com", now.Add(-time.Second), now.Add(time.Hour), fakeMatcher{"service", "checkout", false, true})
	// What was asked before the silence may still come.
	for p, _ = status(d.again(t), id); p.NoAck; p, _ = status(d.next(t), id) {
		t.Log("a silence is Alertmanager's own word, and is still shown as conway's")
	}
	got, err = d.Chronicle(t.Context(), p)
	if err != nil || len(got) != 6 || got[5].Kind != oncall.MomentSnoozed || got[5].Person.Email != "ben@example.com" {
		t.Errorf("after a silence: %+v, %v", got, err)
	}
	opened, err := d.Opened(t.Context(), now.Add(-time.Hour), now)
	if err != nil || len(opened) != 1 || opened[0].Ref.ID != id {
		t.Errorf("%+v, %v", opened, err)
	}
	if opened, err = d.Opened(t.Context(), now.Add(-time.Minute), now); err != nil || len(opened) != 0 {
		t.Errorf("of a span in which nothing began: %+v, %v", opened, err)
	}
}
