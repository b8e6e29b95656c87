package pagerduty_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
)

func TestChronicle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := account(t)
		s := source(t, srv, all)
		id := srv.Trigger(pdserver.Incident{Title: "error ratio", Service: "PCHK"})
		time.Sleep(16 * time.Minute) // nobody acknowledges: it escalates
		srv.Acknowledge(id, "PCEM")
		time.Sleep(time.Minute)
		srv.Resolve(id, "PCEM")
		pages, err := s.Opened(t.Context(), time.Now().Add(-time.Hour), time.Now())
		if err != nil || len(pages) != 1 || pages[0].Ref.ID != id || pages[0].Status != oncall.Resolved {
			t.Fatalf("opened: %+v, %v", pages, err)
		}
		moments, err := s.Chronicle(t.Context(), pages[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, m := range moments {
			if m.ID == "" || m.At.IsZero() || i > 0 && m.At.Before(moments[i-1].At) {
				t.Errorf("moment %d: %+v", i, m)
			}
			words := []string{string(m.Kind), m.Person.Email, m.Channel}
			for _, a := range m.Assigned {
				words = append(words, a.Email)
			}
			got = append(got, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
		}
		want := "trigger; assign ana@example.com; notify ana@example.com push; escalate cem@example.com; notify cem@example.com push; acknowledge cem@example.com; resolve"
		if strings.Join(got, "; ") != want {
			t.Errorf("the history is\n%s\nwant\n%s", strings.Join(got, "; "), want)
		}
		if last := moments[len(moments)-1]; last.Auto {
			t.Error("a person's resolve counts as one that came by itself")
		}
	})
}

// TestChronicleOfAMergedIncident answers as PagerDuty does for one: the account
// in memory cannot merge.
func TestChronicleOfAMergedIncident(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]string{
			"/incidents/QCHILD/log_entries": `{"log_entries":[{"id":"R2","type":"resolve_log_entry","created_at":"2026-03-29T01:02:00Z","agent":{"id":"PCHK","type":"service_reference"}},
				{"id":"R1","type":"trigger_log_entry","created_at":"2026-03-29T01:00:00Z"},{"id":"R0","type":"annotate_log_entry","created_at":"2026-03-29T01:00:00Z"},{"type":"notify_log_entry"}],"more":false}`,
			"/incidents/QCHILD": `{"incident":{"id":"QCHILD","resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"QPARENT","type":"incident_reference"}}}}`,
			"/users":            `{"error":{"message":"Forbidden"}}`,
		}[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/users" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(body))
	})
	moments, err := source(t, h).Chronicle(t.Context(), oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "QCHILD"}})
	if err != nil || len(moments) != 3 {
		t.Fatalf("%+v, %v", moments, err)
	}
	if !moments[1].Auto || moments[2].Kind != oncall.MomentMerged || moments[2].Into != (oncall.Ref{Source: "pd", ID: "QPARENT"}) {
		t.Errorf("%+v", moments)
	}
}
