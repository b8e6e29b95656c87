package pdserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

func TestEveryReadHasTheDocumentedShape(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{
		Title: "checkout 5xx above 5%", Service: "PCHK", Priority: "P1", Key: "k1",
		Alerts: []pdserver.Alert{{
			Severity: "critical", Labels: map[string]string{"service": "checkout"}, Runbook: "https://wiki.example.com/rb",
			Annotations: map[string]string{"summary": "5xx"}, Client: "Alertmanager", ClientURL: "https://am.example.com",
		}, {Title: "another"}},
	})
	a.Acknowledge(id, "PANA")
	a.Annotate(id, "PBEN", "looking")
	a.Past(pdserver.Incident{Title: "old", Service: "PLED", At: start.Add(-48 * time.Hour)}, start.Add(-47*time.Hour), "PBEN", "restarted it")
	a.AddChange(pdserver.Change{Summary: "v413", Source: "ci", Services: []string{"PCHK"}, Links: []pdserver.Link{{Href: "https://ci.example.com", Text: "build"}}})
	for _, path := range []string{
		"/incidents?statuses[]=triggered&statuses[]=acknowledged&date_range=all&limit=100",
		"/incidents?statuses[]=resolved&since=2026-02-20T00:00:00Z&until=2026-03-03T00:00:00Z&sort_by=created_at:desc",
		"/incidents/" + id, "/incidents/4801", "/incidents/" + id + "/alerts?limit=100", "/incidents/" + id + "/notes",
		"/incidents/" + id + "/log_entries", "/incidents/" + id + "/log_entries?is_overview=true&limit=100",
		"/oncalls?since=2026-03-02T03:12:00Z&until=2026-03-09T03:12:00Z&earliest=true&escalation_policy_ids[]=PPOL",
		"/users/me?include[]=teams", "/users?query=ana", "/services?name=checkout", "/teams?query=pay",
		"/escalation_policies?team_ids[]=PPAY", "/change_events?since=2026-03-01T00:00:00Z", "/services/PCHK/change_events",
	} {
		a.get(path)
	}
}

func TestIncidentAsDocumented(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "checkout 5xx", Service: "PCHK", Alerts: []pdserver.Alert{{}}})
	i := a.get("/incidents/" + id)
	want(t, "summary", pick(t, i, "incident", "summary"), "[#4801] checkout 5xx")
	want(t, "assignee", pick(t, i, "incident", "assignments", 0, "assignee", "summary"), "Ana Lima")
	want(t, "pending type", pick(t, i, "incident", "pending_actions", 0, "type"), "escalate")
	want(t, "pending at", pick(t, i, "incident", "pending_actions", 0, "at"), "2026-03-02T03:27:00Z")
	want(t, "priority", pick(t, i, "incident", "priority"), nil)
	want(t, "alerts", pick(t, i, "incident", "alert_counts", "triggered"), 1)
}

func TestEscalatesByItself(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.move(15*time.Minute - time.Second)
	want(t, "assignee", pick(t, a.get("/incidents/"+id), "incident", "assignments", 0, "assignee", "id"), "PANA")
	a.move(time.Second)
	want(t, "assignee", pick(t, a.get("/incidents/"+id), "incident", "assignments", 0, "assignee", "id"), "PCEM")
	want(t, "pending", pick(t, a.get("/incidents/"+id), "incident", "pending_actions"), "[]")
	st, _ := a.State(id)
	want(t, "level", st.Level, 2)
	log := a.get("/incidents/" + id + "/log_entries?is_overview=true")
	want(t, "newest entry", pick(t, log, "log_entries", 0, "type"), "escalate_log_entry")
	want(t, "its time", pick(t, log, "log_entries", 0, "created_at"), "2026-03-02T03:27:00Z")
}

func TestAcknowledgedDoesNotEscalateButTimesOut(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.do(200, http.MethodPut, "/incidents", `{"incidents":[{"id":"`+id+`","type":"incident_reference","status":"acknowledged"}]}`)
	a.move(20 * time.Minute)
	st, _ := a.State(id)
	want(t, "status", st.Status, "acknowledged")
	want(t, "acked by", st.AckedBy, []string{"PANA"})
	a.move(10 * time.Minute)
	st, _ = a.State(id)
	want(t, "status after the acknowledgement timed out", st.Status, "triggered")
	a.move(15 * time.Minute)
	st, _ = a.State(id)
	want(t, "level", st.Level, 2)
}

func TestLoopsThenExhausts(t *testing.T) {
	a := newAccount(t, func(o *pdserver.Options) { o.Policies[0].Loops = 1 })
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.move(24 * time.Hour)
	st, _ := a.State(id)
	var kinds []string
	for _, h := range st.Log {
		if h.Kind != "notify" {
			kinds = append(kinds, h.Kind)
		}
	}
	// The primary's shifts end 6 and 18 hours on; both loops fall into the first.
	want(t, "what happened", kinds, "[trigger assign escalate repeat_escalation_path escalate escalate]")
}

func TestAutoResolve(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PLED"})
	a.move(4 * time.Hour)
	st, _ := a.State(id)
	want(t, "status", st.Status, "resolved")
	want(t, "resolved at", st.ResolvedAt, start.Add(4*time.Hour))
}

func TestAcknowledgingAResolvedIncidentReopensIt(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.Resolve(id, "PBEN")
	want(t, "assignments", pick(t, a.get("/incidents/"+id), "incident", "assignments"), "[]")
	a.do(200, http.MethodPut, "/incidents/"+id, `{"incident":{"type":"incident","status":"acknowledged"}}`)
	st, _ := a.State(id)
	want(t, "status", st.Status, "acknowledged")
}

func TestChanges(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	put := func(part string) map[string]any {
		return a.do(200, http.MethodPut, "/incidents/"+id, `{"incident":{"type":"incident",`+part+`}}`)
	}
	want(t, "urgency", pick(t, put(`"urgency":"low"`), "incident", "urgency"), "low")
	want(t, "priority", pick(t, put(`"priority":"P2"`), "incident", "priority", "name"), "P2")
	want(t, "title", pick(t, put(`"title":"y"`), "incident", "title"), "y")
	want(t, "level 2", pick(t, put(`"escalation_level":2`), "incident", "assignments", 0, "assignee", "id"), "PCEM")
	out := put(`"assignments":[{"assignee":{"id":"PBEN","type":"user_reference"}}]`)
	want(t, "assigned via", pick(t, out, "incident", "assigned_via"), "direct_assignment")
	want(t, "pending", pick(t, out, "incident", "pending_actions"), "[]")
	out = put(`"status":"resolved","resolution":"rolled back"`)
	want(t, "status", pick(t, out, "incident", "status"), "resolved")
	want(t, "note", pick(t, a.get("/incidents/"+id+"/notes"), "notes", 0, "content"), "Resolution: rolled back")
}

func TestSnooze(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.do(201, http.MethodPost, "/incidents/"+id+"/snooze", `{"duration":3600}`)
	a.move(time.Hour - time.Second)
	st, _ := a.State(id)
	want(t, "status", st.Status, "acknowledged")
	a.move(time.Second)
	st, _ = a.State(id)
	want(t, "status", st.Status, "triggered")
}

func TestAUsersKeyActsAsThatUser(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.do(200, http.MethodPut, "/incidents", `{"incidents":[{"id":"`+id+`","type":"incident","status":"acknowledged"}]}`, "From", "ben@example.com")
	st, _ := a.State(id)
	want(t, "acked by the key's user", st.AckedBy, []string{"PANA"})
}

func TestSameKeyIsTheSameIncident(t *testing.T) {
	a := newAccount(t)
	one := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Key: "k", Alerts: []pdserver.Alert{{}}})
	two := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Key: "k", Alerts: []pdserver.Alert{{}}})
	want(t, "second", two, one)
	want(t, "alerts", len(pick(t, a.get("/incidents/"+one+"/alerts"), "alerts").([]any)), 2)
	want(t, "resolved with the service", a.ResolveByService("PCHK"), 1)
	if three := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Key: "k"}); three == one {
		t.Error("a resolved incident took a new alert")
	}
}

func TestFilters(t *testing.T) {
	a := newAccount(t)
	old := a.Trigger(pdserver.Incident{Title: "old", Service: "PLED", At: start.AddDate(0, -2, 0)})
	a.Reassign(old, "PBEN")
	n := a.Trigger(pdserver.Incident{Title: "new", Service: "PCHK", Key: "kk", Urgency: "low"})
	for query, ids := range map[string][]string{
		"":                    {n},
		"date_range=all":      {old, n},
		"user_ids[]=PANA":     {n},
		"team_ids[]=PPAY":     {n},
		"service_ids[]=PLED":  nil,
		"urgencies[]=low":     {n},
		"incident_key=kk":     {n},
		"statuses[]=resolved": nil,
		"since=2025-12-01T00:00:00Z&until=2026-02-01T00:00:00Z":              {old},
		"date_range=all&sort_by=created_at:desc&statuses[]=triggered":        {n},
		"date_range=all&sort_by=incident_number:desc&service_ids[]=PCHK":     {n},
		"date_range=all&sort_by=urgency:asc,resolved_at:desc&user_ids[]=PXX": nil,
	} {
		t.Run(query, func(t *testing.T) {
			found := pick(t, a.get("/incidents?"+query), "incidents").([]any)
			got := make([]string, 0, len(found))
			for _, i := range found {
				got = append(got, pick(t, i, "id").(string))
			}
			want(t, "ids", got, ids)
		})
	}
}

func TestPages(t *testing.T) {
	a := newAccount(t)
	for n := range 130 {
		a.Trigger(pdserver.Incident{Title: fmt.Sprint(n), Service: "PCHK"})
	}
	p := a.get("/incidents?limit=500&total=true")
	want(t, "limit", pick(t, p, "limit"), 100)
	want(t, "more", pick(t, p, "more"), true)
	want(t, "total", pick(t, p, "total"), 130)
	p = a.get("/incidents?limit=100&offset=100")
	want(t, "rest", len(pick(t, p, "incidents").([]any)), 30)
	want(t, "more", pick(t, p, "more"), false)
	want(t, "total", pick(t, p, "total"), nil)
	want(t, "default page", len(pick(t, a.get("/incidents"), "incidents").([]any)), 25)
	a.do(400, http.MethodGet, "/incidents?limit=100&offset=9901", "")
}

func TestRefusals(t *testing.T) {
	a := newAccount(t, bare)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	many := `{"incidents":[` + strings.Repeat(`{"id":"`+id+`","type":"incident","status":"acknowledged"},`, 250) + `{"id":"` + id + `","type":"incident"}]}`
	for _, c := range []struct {
		status, code       int
		method, path, body string
		header             []string
	}{
		{401, 2006, "GET", "/incidents", "", []string{"Authorization", "Token token=wrong"}},
		{400, 2016, "PUT", "/incidents", `{"incidents":[]}`, []string{"From", ""}},
		{400, 2016, "POST", "/incidents/" + id + "/notes", `{"note":{"content":"x"}}`, []string{"From", "nobody@example.com"}},
		{404, 2100, "GET", "/incidents/PNONE", "", nil},
		{404, 2100, "GET", "/nothing", "", nil},
		{404, 2100, "PUT", "/incidents", `{"incidents":[{"id":"PNONE","type":"incident"}]}`, nil},
		{413, 2001, "PUT", "/incidents", many, nil},
		{400, 2001, "PUT", "/incidents", `{"incidents":[{"id":"` + id + `","type":"incident","status":"gone"}]}`, nil},
		{400, 2001, "PUT", "/incidents", `{"incidents":[{"id":"` + id + `","status":"acknowledged"}]}`, nil},
		{400, 2001, "PUT", "/incidents", `nonsense`, nil},
		{400, 2001, "POST", "/incidents/" + id + "/notes", `{"note":{"content":""}}`, nil},
		{400, 2001, "POST", "/incidents/" + id + "/snooze", `{"duration":0}`, nil},
		{400, 2001, "GET", "/incidents?statuses[]=open", "", nil},
		{400, 2001, "GET", "/incidents?since=yesterday", "", nil},
		{400, 2001, "GET", "/incidents?since=2026-01-01T00:00:00Z&until=2025-12-01T00:00:00Z", "", nil},
		{400, 2001, "GET", "/oncalls?until=2027-01-01T00:00:00Z", "", nil},
		{400, 2001, "GET", "/change_events?since=2026-03-01T00:00:00%2B01:00", "", nil},
	} {
		out := a.do(c.status, c.method, c.path, c.body, c.header...)
		want(t, c.method+" "+c.path+" code", pick(t, out, "error", "code"), c.code)
	}
	if st, _ := a.State(id); len(st.AckedBy) > 0 || len(st.Notes) > 0 {
		t.Errorf("a refused request had an effect: %+v", st)
	}
}

func TestAccountKeyIsNobody(t *testing.T) {
	a := newAccount(t, func(o *pdserver.Options) { o.Me = "" })
	a.do(400, http.MethodGet, "/users/me", "")
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	a.do(200, http.MethodPut, "/incidents", `{"incidents":[{"id":"`+id+`","type":"incident","status":"acknowledged"}]}`, "From", "Ben@example.com")
	st, _ := a.State(id)
	want(t, "acked by From", st.AckedBy, []string{"PBEN"})
}

func TestOnCalls(t *testing.T) {
	a := newAccount(t)
	now := pick(t, a.get("/oncalls"), "oncalls").([]any)
	want(t, "now", len(now), 2)
	want(t, "primary", pick(t, now[0], "user", "summary"), "Ana Lima")
	want(t, "schedule", pick(t, now[0], "schedule", "summary"), "Primary")
	want(t, "secondary", pick(t, now[1], "start"), nil)
	week := pick(t, a.get("/oncalls?since=2026-03-02T03:12:00Z&until=2026-03-09T03:12:00Z"), "oncalls").([]any)
	want(t, "in a week", len(week), 3)
	mine := pick(t, a.get("/oncalls?user_ids[]=PANA"), "oncalls").([]any)
	want(t, "mine", len(mine), 1)
}

func TestRateLimit(t *testing.T) {
	a := newAccount(t, func(o *pdserver.Options) { o.Limit = 2 })
	a.get("/teams")
	_, _, h, err := a.try(http.MethodGet, "/teams", "")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "remaining", h.Get("ratelimit-remaining"), "0")
	want(t, "limit", h.Get("ratelimit-limit"), "2")
	a.move(20 * time.Second)
	status, _, h, err := a.try(http.MethodGet, "/teams", "")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", status, 429)
	want(t, "reset", h.Get("ratelimit-reset"), "40")
	a.move(40 * time.Second)
	a.get("/teams")
}

func TestFailures(t *testing.T) {
	a := newAccount(t)
	id := a.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
	ack := `{"incidents":[{"id":"` + id + `","type":"incident","status":"acknowledged"}]}`

	a.Fail(pdserver.On("PUT", "/incidents", 1, pdserver.Failure{Drop: true}))
	if _, _, _, err := a.try("PUT", "/incidents", ack); err == nil {
		t.Error("the connection was not cut")
	}
	st, _ := a.State(id)
	want(t, "status after a cut before", st.Status, "triggered")

	a.Fail(pdserver.On("PUT", "/incidents", 1, pdserver.Failure{DropAfter: true}))
	if _, _, _, err := a.try("PUT", "/incidents", ack); err == nil {
		t.Error("the connection was not cut")
	}
	st, _ = a.State(id)
	want(t, "status after a cut after", st.Status, "acknowledged")

	a.Fail(pdserver.On("", "/teams", 1, pdserver.Failure{Status: 503, Body: `{"error":{"message":"Down"}}`, Header: http.Header{"retry-after": {"3"}}}))
	status, _, h, err := a.try("GET", "/teams", "")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "status", status, 503)
	want(t, "retry-after", h.Get("Retry-After"), "3")
	a.get("/teams") // only once
	a.Fail(func(*http.Request) *pdserver.Failure { return &pdserver.Failure{Delay: time.Millisecond} })
	a.get("/teams")
	a.Fail(nil)

	asked := a.Requests()
	seen := make([]string, 0, len(asked))
	for _, r := range asked {
		seen = append(seen, fmt.Sprintf("%s %s %d %t", r.Method, r.Path, r.Status, r.Injected))
		if r.Method == http.MethodPut {
			want(t, "from", r.From, "ana@example.com")
		}
	}
	want(t, "requests", seen, []string{
		"PUT /incidents 0 true", "PUT /incidents 0 true", "GET /teams 503 true", "GET /teams 200 false", "GET /teams 200 true",
	})
	want(t, "body", string(asked[1].Body), ack)
}

func TestDelayEndsWithTheClient(t *testing.T) {
	a := newAccount(t)
	a.Fail(pdserver.On("", "/", 0, pdserver.Failure{Delay: time.Hour, Drop: true}))
	client := http.Client{Timeout: 50 * time.Millisecond}
	resp, err := client.Get(a.url + "/teams")
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("a hanging server answered")
	}
}
