package ui

import (
	"testing"
	"time"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// command finds something in the palette by its whole name and does it.
func (f *fixture) command(name string) {
	f.press(":")
	f.write(name)
	f.press("enter")
}

func TestRecommendToWhoseCodeItIs(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	owner := f.scene.Service.Owner
	f.command("recommend")
	f.mustSee(t, "RECOMMEND TO "+owner+", ABOUT checkout")
	f.write(" page on burn rate ")
	f.press("enter")
	if r, ok := last[pane.Recommend](f); !ok || r != (pane.Recommend{Team: owner, Service: "checkout", Text: "page on burn rate"}) {
		t.Errorf("it asked for %+v, %v", r, ok)
	}
	n := len(f.intents)
	for _, end := range []string{"esc", "enter"} {
		f.command("recommend")
		f.press(end)
	}
	if len(f.intents) != n {
		t.Errorf("nothing was recommended, and it asked for %+v", f.intents[n:])
	}
}

func TestRecommendAnObjective(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	owner := f.scene.Service.Owner
	var ids []string
	f.opts.Budgets = func(s follow.Service, d *oncall.PageDetail) (out []oncall.BudgetQuery) {
		if s.Name != "checkout" || d == nil {
			t.Errorf("asked for the budgets of %s, %v", s.Name, d)
		}
		for _, id := range ids {
			out = append(out, oncall.BudgetQuery{SLO: id})
		}
		return out
	}
	ask := func(answer string) { f.command("recommend_slo"); f.write(answer); f.press("enter") }
	got := func() pane.Recommend { r, _ := last[pane.Recommend](f); return r }

	f.command("recommend_slo")
	f.mustSee(t, "AN OBJECTIVE FOR checkout, WHICH HAS NONE")
	f.press("enter") // of nothing there is nothing to recommend
	if r, ok := last[pane.Recommend](f); ok {
		t.Errorf("it asked for %+v", r)
	}
	ask("99.5%")
	if want := (pane.Recommend{Team: owner, Service: "checkout", Target: 99.5}); got() != want {
		t.Errorf("it asked for %+v, want %+v", got(), want)
	}
	ids = []string{"checkout-availability"}
	ask("")
	if want := (pane.Recommend{Team: owner, Service: "checkout", SLO: "checkout-availability"}); got() != want {
		t.Errorf("it asked for %+v, want %+v", got(), want)
	}
	n := len(f.intents)
	for _, bad := range []string{"0", "100", "NaN", "-1", "much"} {
		ask(bad)
		f.mustSee(t, "not recorded: "+bad+" is no percentage")
	}
	if len(f.intents) != n {
		t.Errorf("it asked for %+v", f.intents[n:])
	}
	ids = []string{"checkout-latency", "checkout-availability"}
	f.command("recommend_slo")
	f.mustSee(t, "WHICH OBJECTIVE OF checkout?")
	f.wait(time.Second)
	f.press("2")
	f.mustSee(t, "THE OBJECTIVE checkout-availability")
	f.write("99")
	f.press("enter")
	if want := (pane.Recommend{Team: owner, Service: "checkout", SLO: "checkout-availability", Target: 99}); got() != want {
		t.Errorf("it asked for %+v, want %+v", got(), want)
	}
}

func TestWhyNothingCanBeRecommended(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.scene.Service.Owner = ""
	f.press(":")
	f.write("recommend_slo")
	f.mustSee(t, "conway recommend TEAM TEXT names the team")
	g := newFixture(t)
	g.press(":")
	g.write("recommend")
	g.mustSee(t, "no page is selected; the recommendation is about its service")
}
