//go:build e2e

package e2e

import (
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/drill/pdserver/pdschema"
)

// token is the credential of every test's account. It must appear nowhere but
// in requests.
const token = "e2e-t0ken-never-shown"

// description is PagerDuty's own, loaded once; it is only read.
var description = sync.OnceValues(pdschema.Find)

// pager is a PagerDuty account on loopback that can be stopped and started.
type pager struct {
	*pdserver.Server

	tb   testing.TB
	addr string
	http *http.Server
	done chan struct{}
}

// newPager starts an account with three people and two services. Every request
// and answer is checked against PagerDuty's own description where there is one.
func newPager(tb testing.TB) *pager {
	tb.Helper()
	schema, err := description()
	switch {
	case errors.Is(err, pdschema.ErrAbsent):
		tb.Logf("requests and answers are not checked: %v", err)
		return listen(tb, nil)
	case err != nil:
		tb.Fatal(err)
	}
	return listen(tb, func(h http.Handler) http.Handler {
		return schema.Wrap(h, func(err error) { tb.Error(err) })
	})
}

// listen starts the account with something around its API, nil for nothing.
func listen(tb testing.TB, wrap func(http.Handler) http.Handler) *pager {
	tb.Helper()
	now := time.Now()
	o := pdserver.Options{
		Token: token, Me: "PANA", Wrap: wrap,
		Users: []pdserver.User{
			{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com", Teams: []string{"PPAY"}},
			{ID: "PBEN", Name: "Ben Ode", Email: "ben@example.com", Teams: []string{"PPAY"}},
			{ID: "PCEM", Name: "Cem Su", Email: "cem@example.com"},
		},
		Teams: []pdserver.Team{{ID: "PPAY", Name: "Payments"}},
		Services: []pdserver.Service{
			{ID: "PCHK", Name: "checkout", Policy: "PPOL", Teams: []string{"PPAY"}},
			{ID: "PLED", Name: "ledger", Policy: "PPOL"},
		},
		Policies: []pdserver.Policy{{
			ID: "PPOL", Name: "Payments on-call", Teams: []string{"PPAY"},
			Rules: []pdserver.Rule{{Delay: 15 * time.Minute}, {Delay: 15 * time.Minute, Users: []string{"PCEM"}}},
		}},
		Shifts: []pdserver.Shift{
			{Policy: "PPOL", Level: 1, User: "PANA", Schedule: "Primary", Start: now.Add(-time.Hour), End: now.Add(6 * time.Hour)},
			{Policy: "PPOL", Level: 1, User: "PBEN", Schedule: "Primary", Start: now.Add(6 * time.Hour), End: now.Add(18 * time.Hour)},
		},
	}
	p := &pager{Server: pdserver.New(o), tb: tb}
	p.up()
	tb.Cleanup(p.down)
	return p
}

// up starts listening, at the same address as before.
func (p *pager) up() {
	p.tb.Helper()
	addr := p.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		p.tb.Fatal(err)
	}
	p.addr = l.Addr().String()
	p.http = &http.Server{Handler: p.Server}
	p.done = make(chan struct{})
	go func(s *http.Server, done chan struct{}) {
		defer close(done)
		_ = s.Serve(l) // it ends when it is closed
	}(p.http, p.done)
}

// down stops listening and cuts every connection.
func (p *pager) down() {
	_ = p.http.Close()
	<-p.done
}

func (p *pager) url() string { return "http://" + p.addr }

// state returns an incident as it stands.
func (p *pager) state(id string) pdserver.State {
	p.tb.Helper()
	st, ok := p.State(id)
	if !ok {
		p.tb.Fatalf("there is no incident %s", id)
	}
	return st
}

// acked counts how often an incident was acknowledged.
func (p *pager) acked(id string) int {
	p.tb.Helper()
	n := 0
	for _, h := range p.state(id).Log {
		if h.Kind == "acknowledge" {
			n++
		}
	}
	return n
}

// written returns the notes of an incident, each after its author and without
// the mark by which the program finds its own notes again.
func (p *pager) written(id string) []string {
	p.tb.Helper()
	mark := regexp.MustCompile(` \[conway:[0-9A-Z]+\]$`)
	var out []string
	for _, n := range p.state(id).Notes {
		if !mark.MatchString(n.Text) {
			p.tb.Errorf("the note %q has no mark", n.Text)
		}
		out = append(out, n.User+": "+mark.ReplaceAllString(n.Text, ""))
	}
	return out
}

// writes returns the requests that were not reads.
func (p *pager) writes() []pdserver.Request {
	var out []pdserver.Request
	for _, r := range p.Requests() {
		if r.Method != http.MethodGet {
			out = append(out, r)
		}
	}
	return out
}

// checkout opens the incident that most tests are about.
func (p *pager) checkout(change ...func(*pdserver.Incident)) string {
	i := pdserver.Incident{
		Title: "checkout 5xx above 5%", Service: "PCHK", Key: "checkout-5xx", Priority: "P1",
		Alerts: []pdserver.Alert{{
			Severity: "critical", Labels: map[string]string{"service": "checkout", "alertname": "CheckoutErrors"},
			Annotations: map[string]string{"summary": "errors above 5%"},
		}},
	}
	for _, f := range change {
		f(&i)
	}
	return p.Trigger(i)
}

// quiet fails when the credential is in a text.
func quiet(tb testing.TB, where, text string) {
	tb.Helper()
	if strings.Contains(text, token) {
		tb.Errorf("the credential is in %s:\n%s", where, text)
	}
}
