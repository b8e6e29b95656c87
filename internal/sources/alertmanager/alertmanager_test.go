package alertmanager_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/alertmanager"
	"conway/internal/sources/sourcetest"
)

func checkout() map[string]string {
	return map[string]string{"alertname": "CheckoutErrors", "service": "checkout", "severity": "page"}
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s, err := alertmanager.New(alertmanager.Options{
				Name: "am", URL: e.URL, Transport: e.Transport, Timeout: e.Timeout, Every: time.Hour,
				Authorize: func(r *http.Request) error {
					token, err := e.Token(r.Context())
					r.Header.Set("Authorization", "Bearer "+token)
					return err
				},
			})
			if err != nil {
				tb.Fatal(err)
			}
			return s
		},
		Healthy: func(testing.TB) http.Handler {
			f := &fake{}
			f.fire(time.Minute, checkout(), map[string]string{"summary": "errors above 5%"})
			return f
		},
	})
}

// desk is a source at work against a fake.
type desk struct {
	*alertmanager.Source

	events chan oncall.PagesEvent
}

func work(t *testing.T, f *fake, o alertmanager.Options) *desk {
	t.Helper()
	srv := httptest.NewServer(f)
	transport := &http.Transport{}
	o.Name, o.URL, o.Transport, o.Every = "am", srv.URL, transport, time.Hour
	s, err := alertmanager.New(o)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{s, make(chan oncall.PagesEvent, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Run(ctx, func(e oncall.Event) { d.events <- e.(oncall.PagesEvent) }); ctx.Err() == nil {
			t.Errorf("Run returned %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		transport.CloseIdleConnections()
		srv.Close()
	})
	return d
}

func (d *desk) next(t *testing.T) oncall.PagesEvent {
	t.Helper()
	select {
	case e := <-d.events:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
	}
	return oncall.PagesEvent{}
}

func (d *desk) again(t *testing.T) oncall.PagesEvent {
	t.Helper()
	d.Refresh()
	return d.next(t)
}

func TestPageOfAnAlert(t *testing.T) {
	f := &fake{}
	id := f.fire(4*time.Minute, checkout(), map[string]string{"summary": "errors above 5%", "runbook_url": "https://wiki.example.com/rb"})
	f.fire(time.Minute, map[string]string{"alertname": "Watchdog", "severity": "none"}, nil)
	d := work(t, f, alertmanager.Options{})
	e := d.next(t)
	if !e.Complete || len(e.Pages) != 2 {
		t.Fatalf("%+v", e)
	}
	p := e.Pages[0]
	if p.Ref != (oncall.Ref{Source: "am", ID: id}) || p.Title != "errors above 5%" || p.Status != oncall.Triggered || p.Urgency != oncall.High ||
		p.Service.Name != "checkout" || p.Policy != "night" || !p.Mine || p.Key != fingerprint(checkout()) || time.Since(p.CreatedAt).Round(time.Minute) != 4*time.Minute ||
		p.URL != "http://prom.example.com/graph?g0.expr=x" || len(p.Acks) != 0 {
		t.Errorf("%+v", p)
	}
	if w := e.Pages[1]; w.Title != "Watchdog" || w.Urgency != oncall.Low {
		t.Errorf("%+v", w)
	}
	detail, err := d.Detail(t.Context(), p)
	if err != nil || detail.Labels["alertname"] != "CheckoutErrors" || detail.Runbook != "https://wiki.example.com/rb" || len(detail.Alerts) != 1 || detail.History != nil {
		t.Errorf("%+v, %v", detail, err)
	}
}

func TestDetailHasWhatTheAlertsAuthorWrote(t *testing.T) {
	long := strings.Repeat("x", 400)
	for name, c := range map[string]struct {
		annotations map[string]string
		want        string
	}{
		"description":     {map[string]string{"summary": "errors", "description": "of checkout,\n\x1b[31m 5% of\tall\r\n\nVALUE = 6\n"}, "of checkout,\n[31m 5% of all\n\nVALUE = 6"},
		"the title again": {map[string]string{"summary": "errors", "description": "errors"}, ""},
		"a summary only":  {map[string]string{"summary": "errors"}, ""},
		"a long summary":  {map[string]string{"summary": long}, long},
		"an empty one":    {map[string]string{"summary": long, "description": " \n"}, long},
		"a novel":         {map[string]string{"description": strings.Repeat("é", 6000)}, strings.Repeat("é", 5000) + "…"},
		"nothing":         {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			f.fire(time.Minute, checkout(), c.annotations)
			d := work(t, f, alertmanager.Options{})
			detail, err := d.Detail(t.Context(), d.next(t).Pages[0])
			if err != nil || len(detail.Alerts) != 1 || detail.Alerts[0].Description != c.want {
				t.Errorf("it says %+v, %v; want %q", detail.Alerts, err, c.want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	f := &fake{}
	f.fire(time.Minute, checkout(), nil)
	f.fire(time.Minute, map[string]string{"alertname": "Other", "severity": "warning"}, nil)
	d := work(t, f, alertmanager.Options{Filter: []string{`severity="page"`, `service=~"check.*"`}})
	if e := d.next(t); len(e.Pages) != 1 || e.Pages[0].Service.Name != "checkout" {
		t.Errorf("%+v", e.Pages)
	}
}

func TestAnAlertThatIsGoneHasEnded(t *testing.T) {
	f := &fake{}
	id := f.fire(time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{})
	d.next(t)
	f.end(id)
	e := d.again(t)
	if len(e.Pages) != 1 || e.Pages[0].Status != oncall.Resolved || e.Pages[0].Ref.ID != id {
		t.Errorf("%+v", e.Pages)
	}
	f.fire(0, checkout(), nil)
	if e := d.again(t); len(e.Pages) != 2 || e.Pages[0].Status != oncall.Triggered || e.Pages[1].Ref.ID != id {
		t.Errorf("when it fires again: %+v", e.Pages)
	}
}

// TestSilences shows a silence as an answer to an alert that was there before it,
// and hides an alert for which one had been made.
func TestSilences(t *testing.T) {
	for _, old := range []bool{false, true} {
		f := &fake{old: old}
		now := time.Now()
		f.fire(10*time.Minute, checkout(), nil)
		f.fire(10*time.Minute, map[string]string{"alertname": "Planned"}, nil)
		f.fire(10*time.Minute, map[string]string{"alertname": "Expired"}, nil)
		f.fire(10*time.Minute, map[string]string{"alertname": "Inhibited"}, nil)
		f.alerts[3].inhibitedBy = []string{"x"}
		f.silence("ben@example.com", now.Add(-5*time.Minute), now.Add(time.Hour), fakeMatcher{"service", "check.*", true, true})
		f.silence("ana@example.com", now.Add(-24*time.Hour), now.Add(time.Hour), fakeMatcher{"alertname", "Planned", false, true})
		f.silence("ana@example.com", now.Add(-24*time.Hour), now.Add(-time.Hour), fakeMatcher{"alertname", "Expired", false, true})
		e := work(t, f, alertmanager.Options{}).next(t)
		if len(e.Pages) != 2 || !e.Complete {
			t.Fatalf("%+v", e.Pages)
		}
		p := e.Pages[0]
		if p.Status != oncall.Acknowledged || len(p.Acks) != 1 || p.Acks[0].By.Email != "ben@example.com" ||
			len(p.Pending) != 1 || p.Pending[0].Kind != "unacknowledge" || time.Until(p.Pending[0].At).Round(time.Minute) != time.Hour {
			t.Errorf("%+v", p)
		}
		if e.Pages[1].Title != "Expired" || e.Pages[1].Status != oncall.Triggered {
			t.Errorf("%+v", e.Pages[1])
		}
	}
}

// TestSilencesInForce lists what keeps alerts quiet now, the next to end first.
func TestSilencesInForce(t *testing.T) {
	for _, old := range []bool{false, true} {
		f := &fake{old: old}
		now := time.Now()
		f.silence("ben@example.com", now.Add(-time.Hour), now.Add(2*time.Hour), fakeMatcher{"service", "check.*", true, true}, fakeMatcher{"env", "prod", false, false})
		f.silence("ana@example.com", now.Add(-time.Hour), now.Add(time.Hour), fakeMatcher{"alertname", "Pla\x1bnned", false, true})
		f.silence("ana@example.com", now.Add(-time.Hour), now.Add(-time.Minute), fakeMatcher{"alertname", "Expired", false, true})
		f.silence("ana@example.com", now.Add(time.Hour), now.Add(2*time.Hour), fakeMatcher{"alertname", "Later", false, true})
		got, err := work(t, f, alertmanager.Options{}).Silences(t.Context())
		if err != nil || len(got) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		if s := got[0]; s.By != "ana@example.com" || s.Why != "known" || s.Source != "am" || strings.Contains(s.What, "\x1b") || !strings.HasPrefix(s.What, `alertname="Pla`) {
			t.Errorf("%+v", s)
		}
		if s := got[1]; s.What != `service=~"check.*", env!="prod"` || s.Until.Sub(now.Add(2*time.Hour)).Abs() > 5*time.Second {
			t.Errorf("%+v", s)
		}
	}
}

func TestSnooze(t *testing.T) {
	f := &fake{}
	id := f.fire(time.Minute, checkout(), nil)
	other := f.fire(time.Minute, map[string]string{"alertname": "CheckoutErrors", "service": "cart"}, nil)
	d := work(t, f, alertmanager.Options{From: "ana@example.com"})
	d.next(t)
	until := time.Now().Add(time.Hour)
	for range 2 { // twice is harmless
		if err := d.Snooze(t.Context(), id, until); err != nil {
			t.Fatal(err)
		}
	}
	made := f.made()
	if len(made) != 1 || made[0].CreatedBy != "ana@example.com" || made[0].EndsAt.Sub(until).Abs() > time.Second || len(made[0].Matchers) != 3 {
		t.Fatalf("%+v", made)
	}
	for _, p := range d.again(t).Pages {
		if taken := p.Status == oncall.Acknowledged; taken != (p.Ref.ID == id) {
			t.Errorf("%s is %s after %s was snoozed, not %s", p.Ref.ID, p.Status, id, other)
		}
	}
	f.end(id)
	f.mu.Lock()
	f.silences = nil
	f.mu.Unlock()
	rejected := d.Snooze(t.Context(), id, until)
	if fault := oncall.AsFault(rejected, "", ""); fault == nil || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), "not firing any more") {
		t.Errorf("of an alert that has ended: %v", rejected)
	}
	if fault := oncall.AsFault(d.Snooze(t.Context(), other, time.Now().Add(-time.Minute)), "", ""); fault == nil || fault.Kind != oncall.Rejected {
		t.Errorf("until a moment that has passed: %v", fault)
	}
	if n := len(f.made()); n != 0 {
		t.Errorf("%d silences were made", n)
	}
}

// TestSnoozeWhoseAnswerIsLost looks whether the silence is there before it says
// that nothing is known, so that a retry does not make a second.
func TestSnoozeWhoseAnswerIsLost(t *testing.T) {
	f := &fake{}
	id := f.fire(time.Minute, checkout(), nil)
	d := work(t, f, alertmanager.Options{})
	d.next(t)
	f.mu.Lock()
	f.before = func(r *http.Request) bool { return r.Method == http.MethodPost }
	f.mu.Unlock()
	if err := d.Snooze(t.Context(), id, time.Now().Add(time.Hour)); err != nil {
		t.Errorf("it was made, and is reported as %v", err)
	}
	if made := f.made(); len(made) != 1 || made[0].CreatedBy != "conway" {
		t.Errorf("%+v", made)
	}
}

func TestAFilterThatIsNoneSaysWhy(t *testing.T) {
	f := &fake{}
	srv := httptest.NewServer(f)
	defer srv.Close()
	s, err := alertmanager.New(alertmanager.Options{Name: "am", URL: srv.URL, Filter: []string{"severity"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), func(oncall.Event) {}); err == nil || !strings.Contains(err.Error(), "bad matcher format: severity") {
		t.Errorf("a filter that is none: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"h:9093", "am: url is not the address of an Alertmanager; write it as http://host:9093"},
		{"http://ana:hunter2@h", "am: url holds a credential"},
		{"http://h/?x", "am: url is not the address"},
	} {
		if _, err := alertmanager.New(alertmanager.Options{Name: "am", URL: tt.url}); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", tt.url, err)
		}
	}
}
