package drill

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/config"
	"conway/internal/oncall"
	"conway/internal/slo"
	"conway/internal/sources"
	"conway/internal/sources/file"
	"conway/internal/sources/github"
	"conway/internal/sources/pagerduty"
	"conway/internal/sources/prometheus"
)

func secretOf(token string) sources.Secret {
	return func(context.Context) (string, error) { return token, nil }
}

// TestOrdinaryClientsSeeTheIncident lets the cockpit's own clients loose on a
// drill, configured by the drill's own file.
func TestOrdinaryClientsSeeTheIncident(t *testing.T) {
	t.Parallel()
	d := begin(t, "bad-deploy")
	c := settings(t, d)
	p, g, m := c.Pages[0].(config.PagerDuty), c.Deploys[0].(config.GitHub), c.Metrics[0].(config.Prometheus)
	f, l := c.Deploys[1].(config.DeployFile), c.Logs[0].(config.LogFile)
	pd := made(pagerduty.New(pagerduty.Options{
		Name: p.Name, URL: p.URL, Token: secretOf(pagerToken(t, d)), From: c.Me.Email, Every: 200 * time.Millisecond,
	}))(t)
	gh := made(github.New(github.Options{
		Name: g.Name, URL: g.URL, Token: secretOf(strings.TrimSpace(readText(t, d.paths.githubToken()))),
		Repos: g.Repos, Every: 200 * time.Millisecond,
	}))(t)
	prom := made(prometheus.New(prometheus.Options{Name: m.Name, URL: m.URL, Every: 200 * time.Millisecond}))(t)
	ci := made(file.NewDeploys(file.DeployOptions{Name: f.Name, Path: f.Path}))(t)
	app := made(file.NewLogs(file.LogOptions{Name: l.Name, Paths: l.Paths}))(t)
	critical := 0.05
	prom.Ask(oncall.Question{
		Scope: "checkout", Span: time.Hour, Columns: 60, Queries: []oncall.PanelQuery{
			{Panel: "error ratio", Query: `job:errors:ratio5m{service="checkout"}`, Critical: &critical},
		},
	})

	var mu sync.Mutex
	var page oncall.Page
	deploys := map[string]oncall.Deploy{}
	emit := func(e oncall.Event) {
		d.Observe(e)
		mu.Lock()
		defer mu.Unlock()
		if f := e.Meta().Err; f != nil {
			t.Errorf("%s: %v", e.Meta().Source, f)
		}
		switch e := e.(type) {
		case oncall.PagesEvent:
			if len(e.Pages) > 0 {
				page = e.Pages[0]
			}
		case oncall.DeploysEvent:
			for _, x := range e.Deploys {
				deploys[x.Service+" "+x.Version] = x
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, s := range []sources.Source{pd, gh, prom, ci, app} {
		wg.Go(func() {
			if err := s.Run(ctx, emit); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", s.Name(), err)
			}
		})
	}
	defer wg.Wait()
	defer cancel()

	until(t, "a page on screen", func() bool { mu.Lock(); defer mu.Unlock(); return page.Ref.ID != "" })
	mu.Lock()
	mine := page
	mu.Unlock()
	if !mine.Mine || mine.Service.ID != c.Services["checkout"].PagerDuty[0] {
		t.Errorf("the page is %+v", mine)
	}
	detail, err := pd.Detail(ctx, mine)
	if err != nil {
		t.Fatal(err)
	}
	if h := detail.History; h == nil || h.Count != 3 || h.Fix != "rolled back v398: pool size" {
		t.Errorf("its history is %+v", h)
	}
	if detail.Labels["service"] != "checkout" || !strings.HasSuffix(detail.Runbook, "/runbooks/checkout.md") {
		t.Errorf("its labels are %v, its runbook is %q", detail.Labels, detail.Runbook)
	}
	// Its labels name an objective, of which the ordinary questions are answered.
	promised, named, known := slo.NewSet(nil).Spent(detail.Labels)
	if !named || !known || promised.Service != "checkout" || promised.Name != "availability" {
		t.Errorf("the page is of the objective %+v", promised)
	}
	ask := func(query string) float64 {
		t.Helper()
		v, ok, err := prom.Evaluate(ctx, query, time.Now())
		if err != nil || !ok {
			t.Errorf("%s is %v, %v, %v", query, v, ok, err)
		}
		return v
	}
	q := promised.Query()
	share, _ := promised.BudgetShare(time.Minute)
	until(t, "a budget that burns", func() bool { return ask(q.BurnQuery) > 14.4 && ask(q.LeftQuery) < 0.61 })
	if days, part := ask(q.DaysQuery), ask(share); days != 7 || part <= 0 || part > 0.1 {
		t.Errorf("a period of %v days, of whose budget the last minute took %v", days, part)
	}
	if err := pd.Acknowledge(ctx, mine.Ref.ID); err != nil {
		t.Error(err)
	}
	until(t, "everything on screen", func() bool {
		text := d.Debrief(time.Now())
		return strings.Contains(text, "checkout v413 among the deploys") && strings.Contains(text, "at its critical threshold") &&
			strings.Contains(text, "the first of ")
	})
	mu.Lock()
	defer mu.Unlock()
	live, old, other := deploys["checkout v413"], deploys["checkout v412"], deploys["ledger-api v88"]
	if live.Status != oncall.DeploySucceeded || live.Team != "payments" || live.Author != "ines" || live.Repo != "acme/checkout" {
		t.Errorf("the deploy is %+v", live)
	}
	if before := mine.CreatedAt.Sub(live.When()); before < 0 || before > deadline {
		t.Errorf("the deploy was %s before the page", before)
	}
	if age := d.pace.start.Sub(old.When()); age < 9*time.Hour-time.Minute || age > 9*time.Hour+time.Minute {
		t.Errorf("v412 went out %s before the start", age)
	}
	if other.Ref.Source != "ci" || other.Team != "ledger" {
		t.Errorf("the deploy of the file is %+v", other)
	}
}

func made[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
