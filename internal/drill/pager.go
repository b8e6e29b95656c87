package drill

import (
	"fmt"
	"time"

	"conway/internal/drill/pdserver"
)

// repageAfter is how long a page that somebody resolved while its alert still
// fires stays resolved, as Alertmanager's repeat does.
const repageAfter = Span(time.Minute)

// pager turns alerts into pages of the account.
type pager struct {
	account *pdserver.Server
	pace    pace
	site    string
	// metrics is where the alert's own query can be asked.
	metrics string
}

// key is the deduplication key of an alert: equal each time it fires.
func key(a Alert) string { return "drill/" + a.Service + "/" + a.Name }

// incident is the page of an alert at a moment.
func (p *pager) incident(a Alert, at time.Time) pdserver.Incident {
	labels := map[string]string{"alertname": a.Name, "service": a.Service, "severity": a.Severity, "environment": "drill"}
	a.labels(labels)
	notes := map[string]string{
		"summary": a.Title, "description": fmt.Sprintf("%s{service=%q} is above %g", a.Series, a.Service, a.Above),
	}
	runbook := ""
	if a.Runbook != "" {
		runbook = p.site + "/runbooks/" + a.Runbook
		notes["runbook_url"] = runbook
	}
	return pdserver.Incident{
		Title: a.Title, Service: pagerID(a.Service), Key: key(a), Urgency: a.Urgency, At: at,
		Alerts: []pdserver.Alert{{
			Title: "[FIRING:1] " + a.Name, Severity: a.Severity, Labels: labels, Annotations: notes,
			Runbook: runbook, Client: "Alertmanager", ClientURL: p.metrics,
		}},
	}
}

// past records the earlier pages of a scenario.
func (p *pager) past(s *Scenario) {
	for _, x := range s.Past {
		at := p.pace.start.Add(-time.Duration(x.Before))
		p.account.Past(p.incident(*s.alert(x.Alert), at), at.Add(time.Duration(x.Lasted)), secondID, x.Note)
	}
}

// page opens the page of a rule, or adds to the one that is open.
func (p *pager) page(r *rule, at time.Time) {
	if id := p.account.Trigger(p.incident(r.Alert, at)); id != r.incident() {
		r.incidents = append(r.incidents, id)
	}
}

// tend does what a monitor does between changes: it pages again for what is
// still broken, and takes back what has been quiet for long enough.
func (p *pager) tend(r *rule, now time.Time) {
	st, ok := p.account.State(r.incident())
	if !ok {
		return
	}
	resolved := st.Status == "resolved"
	switch {
	case r.firing && resolved && now.Sub(st.ResolvedAt) >= p.pace.wall(repageAfter):
		p.page(r, now)
	case !r.firing && !resolved && r.ResolveAfter > 0 && now.Sub(r.clearedAt) >= p.pace.wall(r.ResolveAfter):
		p.account.ResolveByService(pagerID(r.Service))
	}
}
