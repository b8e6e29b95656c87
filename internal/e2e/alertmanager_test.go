//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// alertmanager is a real Alertmanager.
type alertmanager struct {
	tb  testing.TB
	url string
}

func newAlertmanager(tb testing.TB) *alertmanager {
	tb.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		tb.Skip("prometheus-alertmanager is not installed: apt-get install prometheus-alertmanager")
	}
	dir := tb.TempDir()
	config := writeFile(tb, filepath.Join(dir, "am.yml"), "route: {receiver: night}\nreceivers: [{name: night}]\n", 0o600)
	addr := fmt.Sprintf("127.0.0.1:%d", freePort(tb))
	a := &alertmanager{tb, "http://" + addr}
	daemon(tb, a.url+"/-/ready", program, "--config.file="+config, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+addr, "--cluster.listen-address=", "--log.level=error")
	return a
}

// post sends alerts as Prometheus does.
func (a *alertmanager) post(labels map[string]string, starts, ends time.Time) {
	a.tb.Helper()
	body, err := json.Marshal([]map[string]any{{
		"labels": labels, "annotations": map[string]string{"summary": labels["service"] + " 5xx above 5%"},
		"startsAt": starts, "endsAt": ends, "generatorURL": "http://prom.example.com/graph",
	}})
	if err != nil {
		a.tb.Fatal(err)
	}
	resp, err := http.Post(a.url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		a.tb.Fatal(err)
	}
	said, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		a.tb.Fatalf("post an alert: %d %s %v", resp.StatusCode, said, err)
	}
}

// silences returns those that it holds.
func (a *alertmanager) silences() []map[string]any {
	a.tb.Helper()
	resp, err := http.Get(a.url + "/api/v2/silences")
	if err != nil {
		a.tb.Fatal(err)
	}
	var out []map[string]any
	err = json.NewDecoder(resp.Body).Decode(&out)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		a.tb.Fatal(err)
	}
	return out
}

// TestPagesOfARealAlertmanager follows an alert from its firing over a silence to
// its end, on the screen and by the commands for scripts.
func TestPagesOfARealAlertmanager(t *testing.T) {
	t.Parallel()
	a := newAlertmanager(t)
	s := newSite(t)
	s.add("services:\n  checkout: {owner: payments, labels: {service: checkout}}")
	s.add("pages:\n  - {type: alertmanager, name: am, url: %q, filter: ['severity=\"page\"'], every: 1s}", a.url)
	began := time.Now().Add(-4 * time.Minute)
	labels := func(service, severity string) map[string]string {
		return map[string]string{"alertname": "ErrorRatio", "service": service, "severity": severity}
	}
	a.post(labels("checkout", "page"), began, time.Now().Add(10*time.Minute))
	a.post(labels("cart", "page"), began, time.Now().Add(10*time.Minute))
	a.post(labels("search", "ticket"), began, time.Now().Add(10*time.Minute))

	c := s.cockpit(160, 40)
	text := c.sees("PAGES 2 open", "checkout 5xx above 5%", "cart 5xx above 5%", "triggered 4 min ago")
	if strings.Contains(text, "search 5xx") {
		t.Errorf("what does not pass the filter is a page:\n%s", text)
	}

	var listed struct {
		Pages []struct {
			Ref     struct{ ID string }
			Service struct{ Name string }
		}
	}
	out := s.run("pages", "--json")
	if err := json.Unmarshal([]byte(out.stdout), &listed); err != nil || len(listed.Pages) != 2 {
		t.Fatalf("%v: %s%s", err, out.stdout, out.stderr)
	}
	id := ""
	for _, p := range listed.Pages {
		if p.Service.Name == "checkout" {
			id = p.Ref.ID
		}
	}
	if got := s.run("ack", id); got.code != 0 || !strings.Contains(got.stdout, "recorded in the ledger only") {
		t.Errorf("ack: %d %s%s", got.code, got.stdout, got.stderr)
	}
	c.sees("PAGES 2 open · 1 acked", "acked here only")
	if made := a.silences(); len(made) != 0 {
		t.Errorf("an ack made silences: %v", made)
	}
	for range 2 {
		if got := s.run("snooze", id, "--for", "1h"); got.code != 0 || !strings.Contains(got.stdout, "confirmed") {
			t.Errorf("snooze: %d %s%s", got.code, got.stdout, got.stderr)
		}
	}
	made := a.silences()
	if len(made) != 1 || made[0]["createdBy"] != "ana@example.com" || len(made[0]["matchers"].([]any)) != 3 {
		t.Errorf("silences: %v", made)
	}
	text = c.sees("PAGES 2 open · 1 acked", "acked by ana@example.com")
	t.Logf("the screen:\n%s", text)

	a.post(labels("cart", "page"), began, time.Now().Add(-time.Second))
	c.until("the alert that has ended is no open page", func(text string) bool { return strings.Contains(text, "PAGES 1 open · 1 acked") })
	if code := c.quits(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
