package pagerduty_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
)

func detailOf(t *testing.T, pd *pdserver.Server, id string) (oncall.PageDetail, error) {
	t.Helper()
	s := source(t, pd, all)
	r := run(t, s)
	defer func() { _ = r.end() }()
	for _, p := range r.pages().Pages {
		if p.Ref.ID == id {
			return s.Detail(t.Context(), p)
		}
	}
	t.Fatalf("no page %s", id)
	return oncall.PageDetail{}, nil
}

func TestDetail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		day := 24 * time.Hour
		past := func(title, key, service string, ago time.Duration, note string) {
			pd.Past(pdserver.Incident{Title: title, Key: key, Service: service, At: time.Now().Add(-ago)}, time.Now().Add(-ago+time.Hour), "PBEN", note)
		}
		past("checkout 5xx above 17% on pod 7d9f8b6c5-x2x4z", "other", "PCHK", 9*day, "restarted it")
		past("something else", "k1", "PCHK", 2*day, "rolled back v398")
		past("unrelated", "k2", "PCHK", day, "not this")
		past("checkout 5xx above 5% on pod 8a7b6c5d4-aa11b", "k1", "PLED", day, "of another service")
		past("checkout 5xx above 5% on pod 8a7b6c5d4-aa11b", "k1", "PCHK", 40*day, "too long ago")
		id := pd.Trigger(pdserver.Incident{
			Title: "checkout 5xx above 5% on pod 5c6d7e8f9-b2c3d", Service: "PCHK", Key: "k1",
			Alerts: []pdserver.Alert{
				{
					Title: "one", Severity: "critical", Runbook: "https://wiki.example.com/rb", Client: "Alertmanager", ClientURL: "https://am.example.com/#/alerts",
					Labels:      map[string]string{"alertname": "CheckoutErrorRate", "service": "checkout", "pod": "a"},
					Annotations: map[string]string{"summary": "5xx", "runbook_url": "https://wiki.example.com/other"},
				},
				{Title: "two", Labels: map[string]string{"alertname": "CheckoutErrorRate", "service": "checkout", "pod": "b"}},
			},
		})
		pd.Acknowledge(id, "PANA")
		pass(time.Second)
		pd.Annotate(id, "PANA", "looking")
		pass(time.Second)
		pd.Annotate(id, "PBEN", "me too")
		d, err := detailOf(t, pd, id)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Alerts) != 2 || d.Alerts[0].Title != "two" || d.Alerts[1].Severity != "critical" || d.Alerts[1].Labels["pod"] != "a" {
			t.Errorf("alerts are %+v", d.Alerts)
		}
		wantLinks := "[{https://wiki.example.com/rb Runbook} {https://am.example.com/#/alerts Alertmanager}]"
		if fmt.Sprint(d.Alerts[1].Links) != wantLinks {
			t.Errorf("links are %v, want %v", d.Alerts[1].Links, wantLinks)
		}
		if fmt.Sprint(d.Labels) != "map[alertname:CheckoutErrorRate service:checkout]" {
			t.Errorf("labels are %v", d.Labels)
		}
		if d.Runbook != "https://wiki.example.com/rb" {
			t.Errorf("the runbook is %q", d.Runbook)
		}
		if len(d.Notes) != 2 || d.Notes[0].Text != "looking" || d.Notes[1].By.Name != "Ben Ode" {
			t.Errorf("notes are %+v", d.Notes)
		}
		var log []string
		for _, e := range d.Log {
			log = append(log, e.Kind+" "+e.By)
		}
		if fmt.Sprint(log) != "[trigger checkout assign checkout acknowledge Ana Lima annotate Ana Lima annotate Ben Ode]" {
			t.Errorf("the log is %q", log)
		}
		h := d.History
		if h == nil || h.Count != 2 || h.Fix != "rolled back v398" || h.Window != 30*day || time.Since(h.Last).Round(time.Hour) != 2*day {
			t.Errorf("the history is %+v", h)
		}
	})
}

func TestDetailOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		d, err := detailOf(t, pd, id)
		if err != nil || d.Alerts == nil || d.Notes == nil || len(d.Alerts)+len(d.Notes) != 0 || d.Runbook != "" {
			t.Errorf("got %+v, %v; want empty but known", d, err)
		}
		if d.History == nil || d.History.Count != 0 || d.History.Fix != "" {
			t.Errorf("the history is %+v", d.History)
		}
	})
}

func TestPartsOfDetailFailAlone(t *testing.T) {
	parts := map[string]func(r *http.Request) bool{
		"alerts":  func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/alerts") },
		"notes":   func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/notes") },
		"log":     func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/log_entries") },
		"history": func(r *http.Request) bool { return r.URL.Query().Get("service_ids[]") != "" },
	}
	for name, failing := range parts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pd := account(t)
				id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Alerts: []pdserver.Alert{{}}})
				pd.Fail(func(r *http.Request) *pdserver.Failure {
					if failing(r) {
						return &pdserver.Failure{Status: 500}
					}
					return nil
				})
				d, err := detailOf(t, pd, id)
				if err != nil {
					t.Fatal(err)
				}
				known := map[string]bool{"alerts": d.Alerts != nil, "notes": d.Notes != nil, "log": d.Log != nil, "history": d.History != nil}
				for part, ok := range known {
					if ok == (part == name) {
						t.Errorf("known are %v although only %s failed", known, name)
					}
				}
			})
		})
	}
	t.Run("all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pd := account(t)
			id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
			pd.Fail(func(r *http.Request) *pdserver.Failure {
				for _, failing := range parts {
					if failing(r) {
						return &pdserver.Failure{Status: 503, Body: "down"}
					}
				}
				return nil
			})
			_, err := detailOf(t, pd, id)
			want := "pd: read the detail of " + id + ": read the alerts: unavailable (HTTP 503): down"
			if f := faultOf(t, err, oncall.Unavailable); f.Error() != want {
				t.Errorf("the fault is %q, want %q", f, want)
			}
		})
	})
}

func TestAPageIsNotItsOwnHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Key: "k"})
		pass(time.Minute)
		later := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK", Key: "l"})
		s := source(t, pd)
		r := run(t, s)
		pd.Resolve(id, "PBEN")
		pd.Resolve(later, "PBEN")
		pass(15 * time.Second)
		for i, p := range r.pages().Pages {
			d, err := s.Detail(t.Context(), p)
			if err != nil || d.History == nil || d.History.Count != i {
				t.Errorf("the history of %v is %+v, %v; want %d before it", p.CreatedAt, d.History, err, i)
			}
		}
		_ = r.end()
	})
}

func TestFixIsNotWorthTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		old := pd.Past(pdserver.Incident{Title: "x", Service: "PCHK", At: time.Now().Add(-time.Hour)}, time.Now(), "PBEN", "fixed")
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Fail(pdserver.On("", "/incidents/"+old, 0, pdserver.Failure{Status: 500}))
		d, err := detailOf(t, pd, id)
		if err != nil || d.History == nil || d.History.Count != 1 || d.History.Fix != "" {
			t.Errorf("got %+v, %v", d.History, err)
		}
	})
}

// TestAlertDetails serves alerts of every shape that is known.
func TestAlertDetails(t *testing.T) {
	firing := func(lines ...string) string { return strings.Join(lines, `\n`) }
	for name, c := range map[string]struct{ body, labels, runbook, links string }{
		"null":   {`null`, "map[]", "", "[]"},
		"a list": {`[1]`, "map[]", "", "[]"},
		"flat details": {
			`{"details":{"region":"eu","shards":3,"paging":true,"nothing":null,"nested":{"a":1},"Runbook_URL":"https://rb.example.com/x"}}`,
			"map[Runbook_URL:https://rb.example.com/x paging:true region:eu shards:3]", "https://rb.example.com/x", "[]",
		},
		"details in text":      {`{"details":"plain words"}`, "map[]", "", "[]"},
		"details in JSON text": {`{"details":"{\"region\":\"eu\"}"}`, "map[region:eu]", "", "[]"},
		"firing": {
			`{"details":{"firing":"` + firing("Labels:", " - alertname = A", " - expr = a = b", "Annotations:", " - runbook_url = https://rb.example.com/y", " - summary = s", "Source: https://prom.example.com/g", "") + `","num_firing":"1","resolved":""}}`,
			"map[alertname:A expr:a = b]", "https://rb.example.com/y", "[{https://prom.example.com/g source}]",
		},
		"several firing": {
			`{"details":{"firing":"` + firing("Labels:", " - a = 1", " - pod = x", "Labels:", " - a = 1", " - pod = y", "Annotations:", " - pod = z") + `"}}`,
			"map[a:1]", "", "[]",
		},
		"cef": {
			`{"cef_details":{"client":"Grafana","client_url":"https://graf.example.com","details":{"env":"prod","a":"old"}},"details":{"a":"new"}}`,
			"map[a:new env:prod]", "", "[{https://graf.example.com Grafana}]",
		},
		"a link wins over a field, a field over text": {
			`{"contexts":[{"type":"image","src":"https://img.example.com"},{"type":"link","href":"https://graph.example.com","text":"Graph"},{"type":"link","href":"https://rb.example.com/link","text":"The PLAYBOOK"}],
			"details":{"runbook":"https://rb.example.com/key","firing":"Labels:\n - runbook = https://rb.example.com/text"}}`,
			"map[runbook:https://rb.example.com/key]", "https://rb.example.com/link",
			"[{https://graph.example.com Graph} {https://rb.example.com/link The PLAYBOOK}]",
		},
		"nothing but the web": {
			`{"contexts":[{"type":"link","href":"javascript:alert(1)","text":"runbook"},{"type":"link","href":"file:///etc/passwd","text":"x"},{"type":"link","href":"https://a.example.com/\u001b[31m","text":"x"}],
			"details":{"runbook":"runbooks/checkout.md"},"cef_details":{"client_url":"ssh://host"}}`,
			"map[runbook:runbooks/checkout.md]", "", "[]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "/alerts") {
						fmt.Fprintf(w, `{"alerts":[{"id":"A","summary":"x","severity":null,"body":%s}]}`, c.body)
						return
					}
					w.WriteHeader(http.StatusNotFound)
				})
				d, err := source(t, h).Detail(t.Context(), oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "PINC"}})
				if err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(d.Labels) != c.labels || d.Runbook != c.runbook || fmt.Sprint(d.Alerts[0].Links) != c.links {
					t.Errorf("labels %v, runbook %q, links %v", d.Labels, d.Runbook, d.Alerts[0].Links)
				}
			})
		})
	}
}

// TestOddLogEntries has the shapes at which a stricter reader fails the list.
func TestOddLogEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/log_entries") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			fmt.Fprint(w, `{"log_entries":[
				{"type":"trigger_log_entry","summary":"a","event_details":{"n":1,"o":{"p":[]}},"channel":{"type":null}},
				{"type":"annotate_log_entry","channel":{"type":"note","summary":"the note"}},
				{"type":"of_tomorrow_log_entry","agent":null,"channel":null},
				{"type":7,"summary":"b","agent":"me","created_at":0}, null, 5]}`)
		})
		d, err := source(t, h).Detail(t.Context(), oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "PINC"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range d.Log {
			got = append(got, e.Kind+":"+e.Text)
		}
		if fmt.Sprint(got) != "[:b of_tomorrow:of_tomorrow annotate:the note trigger:a]" {
			t.Errorf("the log is %q", got)
		}
	})
}
