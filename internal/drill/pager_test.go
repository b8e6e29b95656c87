package drill

import (
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

func TestPagerPagesAgainAndTakesBack(t *testing.T) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	p := pace{start: now, speed: 1, now: func() time.Time { return now }}
	s := Scenario{EscalateAfter: Span(5 * time.Minute), Services: []Service{{Name: "cron-x"}}}
	account := pdserver.New(account(&s, p, "", ""))
	g := &pager{account: account, pace: p}
	r := &rule{Alert: Alert{Name: "Late", Service: "cron-x", ResolveAfter: Span(20 * time.Second)}, firing: true}

	g.tend(r, now) // nothing was paged yet
	g.page(r, now)
	account.Resolve(r.incident(), meID)
	now = now.Add(59 * time.Second)
	g.tend(r, now)
	if len(r.incidents) != 1 {
		t.Fatalf("paged again after 59 s: %v", r.incidents)
	}
	now = now.Add(time.Second)
	g.tend(r, now)
	if len(r.incidents) != 2 {
		t.Fatalf("not paged again after a minute: %v", r.incidents)
	}
	// A second alert while the page is open joins it.
	g.page(r, now)
	if len(r.incidents) != 2 {
		t.Fatalf("an open page was doubled: %v", r.incidents)
	}

	r.firing, r.clearedAt = false, now
	now = now.Add(19 * time.Second)
	g.tend(r, now)
	if st, _ := account.State(r.incident()); st.Status != "triggered" {
		t.Fatalf("after 19 s: %s", st.Status)
	}
	now = now.Add(time.Second)
	g.tend(r, now)
	if st, _ := account.State(r.incident()); st.Status != "resolved" {
		t.Fatalf("after 20 s: %s", st.Status)
	}
}
