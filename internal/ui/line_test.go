package ui

import (
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/uitest"
)

// recalled is what the ledger says of the checkout page.
func recalled(deploy oncall.Ref, line ...string) oncall.Event {
	return oncall.RecallEvent{
		Stamp:  oncall.Stamp{Source: "ledger", At: uitest.Now()},
		Recall: oncall.Recall{Pages: map[oncall.Ref]oncall.PageRecall{uitest.Checkout(): {Line: line, Deploy: deploy}}},
	}
}

// acked are the pages with the checkout page acknowledged.
func acked() oncall.Event {
	all := uitest.Pages()
	for i := range all {
		if all[i].Ref == uitest.Checkout() {
			all[i].Status = oncall.Acknowledged
		}
	}
	return oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: all, Complete: true, Every: 10e9}
}

func TestLineComesAfterAnAckOnly(t *testing.T) {
	const words = "3rd sleep page in 7 days · 2 from payments · HighErrorRate again, no follow-up"
	f := newFixture(t, append(uitest.Events(), recalled(oncall.Ref{}, strings.Split(words, " · ")...))...)
	f.choose(uitest.Checkout())
	if got := f.foot(1); strings.Contains(got, "sleep page") {
		t.Errorf("before an ack: %q", got)
	}
	f.Update(Events{acked()})
	f.toast = toast{}
	for _, c := range []struct {
		w    int
		want string
	}{
		{200, words},
		{120, words},
		{88, words},
		{80, "3rd sleep page in 7 days · 2 from payments"},
		{60, "3rd sleep page in 7 days · 2 from payments"},
		{40, "3rd sleep page in 7 days"},
		{30, ""},
	} {
		f.size(c.w, 24)
		got := f.foot(1)
		if c.want == "" && strings.Contains(got, "sleep") || !strings.HasSuffix(strings.TrimRight(got, " "), c.want) {
			t.Errorf("at %d columns: %q, want it to end with %q", c.w, got, c.want)
		}
		if c.w >= 60 && !strings.Contains(got, "? help") {
			t.Errorf("at %d columns the help is gone: %q", c.w, got)
		}
	}
	f.press("h")
	f.toast = toast{}
	if got := f.foot(1); strings.Contains(got, "sleep") {
		t.Errorf("hidden it still says %q", got)
	}
	f.press("h")
	f.toast = toast{}
	f.size(80, 24)
	if got := f.foot(1); !strings.Contains(got, "3rd sleep page") {
		t.Errorf("shown again it says %q", got)
	}
	f.opts.Silent = true
	if got := f.foot(1); strings.Contains(got, "sleep") {
		t.Errorf("switched off it says %q", got)
	}
	if f.reason(keymap.HideLine).Empty() {
		t.Error("switched off, the key that hides it gives no reason")
	}
}

func TestLineOffersTheDiffOnlyWhereTheKeyOpensIt(t *testing.T) {
	const words = "likely: checkout 9f2c (payments) 20 min before · 0.7% by chance"
	f := newFixture(t, uitest.Events()...)
	f.choose(uitest.Checkout())
	f.press("D")
	all := uitest.Deploys()
	all[0].URL = "https://code.example.com/diff"
	with := all[0]
	f.Update(Events{oncall.DeploysEvent{Stamp: oncall.Stamp{Source: with.Ref.Source, At: uitest.Now()}, Deploys: all, Every: 60e9}})
	f.Update(Events{acked(), recalled(with.Ref, strings.Split(words, " · ")...)})
	f.toast = toast{}
	f.press("g")
	f.toast = toast{}
	if got := f.foot(1); !strings.Contains(got, words+" · [o]pen diff") {
		t.Errorf("on the deploy: %q", got)
	}
	f.press("P")
	if got := f.foot(1); !strings.Contains(got, words) || strings.Contains(got, "[o]pen") {
		t.Errorf("on the pages: %q", got)
	}
}

func TestWhatWasLeftIsInTheBrief(t *testing.T) {
	left := &oncall.Left{At: uitest.Now().AddDate(0, 0, -9), Line: "roll back, then purge the queue", Command: "kubectl rollout undo deploy/checkout\nkubectl get pods\n"}
	f := newFixture(t, append(uitest.Events(), oncall.RecallEvent{
		Stamp:  oncall.Stamp{Source: "ledger", At: uitest.Now()},
		Recall: oncall.Recall{Pages: map[oncall.Ref]oncall.PageRecall{uitest.Checkout(): {Left: left}}},
	})...)
	f.choose(uitest.Checkout())
	for _, c := range []struct {
		w, h int
		want string
	}{
		{200, 50, "left Feb 21: “roll back, then purge the queue” · worked: kubectl rollout undo deploy/checkout …"},
		{80, 24, "“roll back, then purge the…” · worked: kubectl rollout"},
		{60, 15, "“roll back, then pur…”"},
	} {
		f.size(c.w, c.h)
		rows := strings.Split(uitest.Plain(f.rows()), "\n")
		if got := strings.Join(rows[:5], "\n"); !strings.Contains(got, c.want) {
			t.Errorf("at %dx%d the brief is\n%s", c.w, c.h, got)
		}
	}
	f.size(120, 40)
	f.press("enter")
	if got := uitest.Plain(f.rows()); !strings.Contains(got, "for next time: “roll back") || !strings.Contains(got, "kubectl get pods") {
		t.Errorf("the detail does not say it all:\n%s", got)
	}
}
