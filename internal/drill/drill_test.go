package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/config"
	"conway/internal/oncall"
	"conway/internal/runbook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is how long a test waits for what must come; it is far beyond what a
// busy machine needs.
const deadline = 40 * time.Second

// fast is fast enough to test with, and slow enough for a busy machine.
const fast = 20

// begin starts a shipped scenario and closes it at the test's end.
func begin(t *testing.T, name string) *Drill {
	t.Helper()
	s, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), Options{Scenario: s, Speed: fast})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if _, err := os.Stat(d.Dir()); !os.IsNotExist(err) {
			t.Errorf("the directory is still there: %v", err)
		}
	})
	return d
}

// until polls to the deadline.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen within %s", what, deadline)
		}
	}
}

// settings reads the drill's config the way the cockpit does.
func settings(t *testing.T, d *Drill) config.Config {
	t.Helper()
	c, err := config.Load(d.ConfigPath(), config.Options{})
	if err != nil {
		t.Fatalf("the config is refused: %v", err)
	}
	return c
}

// get asks one of the drill's servers.
func get(t *testing.T, address, token string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", address, res.Status, body)
	}
	if s, ok := into.(*string); ok {
		*s = string(body)
		return
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
}

type incident struct {
	ID, Title, Status, Urgency string
	Service                    struct{ ID, Summary string }
	PendingActions             []struct{ Type string } `json:"pending_actions"`
}

// open lists the open incidents over PagerDuty's own API.
func open(t *testing.T, d *Drill) []incident {
	t.Helper()
	pd := settings(t, d).Pages[0].(config.PagerDuty)
	var out struct{ Incidents []incident }
	get(t, pd.URL+"/incidents?date_range=all&statuses[]=triggered&statuses[]=acknowledged", "Token token="+pagerToken(t, d), &out)
	return out.Incidents
}

// paged waits for the first open page.
func paged(t *testing.T, d *Drill) incident {
	t.Helper()
	var found []incident
	until(t, "a page", func() bool { found = open(t, d); return len(found) > 0 })
	return found[0]
}

func pagerToken(t *testing.T, d *Drill) string {
	t.Helper()
	b, err := os.ReadFile(d.paths.pagerToken())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// metric asks for a value over Prometheus's own API.
func metric(t *testing.T, d *Drill, query string) (float64, bool) {
	t.Helper()
	prom := settings(t, d).Metrics[0].(config.Prometheus)
	var out struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	get(t, prom.URL+"/api/v1/query?query="+url.QueryEscape(query), "", &out)
	if len(out.Data.Result) == 0 {
		return 0, false
	}
	var v float64
	if _, err := fmt.Sscan(fmt.Sprint(out.Data.Result[0].Value[1]), &v); err != nil {
		t.Fatal(err)
	}
	return v, true
}

// step runs one step of a runbook as it stands in the drill's directory.
func step(t *testing.T, d *Drill, book string, n int) string {
	t.Helper()
	path := d.paths.runbook(book)
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rb, err := runbook.Parse(path, src)
	if err != nil {
		t.Fatal(err)
	}
	if p := rb.Lint(); len(p) > 0 {
		t.Fatalf("%s is not clean: %v", book, p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(string(rb.Steps[n].Script))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("step %d of %s: %v\n%s", n, book, err, out)
	}
	return string(out)
}

func TestBadDeployBreaksAndHeals(t *testing.T) {
	t.Parallel()
	d := begin(t, "bad-deploy")
	if info, err := os.Stat(d.Dir()); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the directory: %v, %v", info, err)
	}
	if got := step(t, d, "checkout.md", 0); !strings.HasPrefix(got, "releases/v41") {
		t.Errorf("the first step shows %q", got)
	}
	in := paged(t, d)
	if in.Title != "CHECKOUT 5xx above 5%" || in.Status != "triggered" || in.Urgency != "high" || in.Service.Summary != "checkout" {
		t.Errorf("the page is %+v", in)
	}
	if len(in.PendingActions) == 0 || in.PendingActions[0].Type != "escalate" {
		t.Errorf("nobody is woken next: %+v", in.PendingActions)
	}
	if v, ok := metric(t, d, `job:errors:ratio5m{service="checkout"}`); !ok || v <= 0.05 {
		t.Errorf("the error ratio is %g, %t", v, ok)
	}
	checkAlert(t, d, in.ID, "triggered")
	if log := readText(t, d.paths.log("checkout")); !strings.Contains(log, `"level":"ERROR","msg":"payment declined","upstream":"acquirer"`) ||
		!strings.Contains(log, "retry budget exhausted") {
		t.Error("the log does not tell of the errors")
	}

	d.Observe(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: time.Now()}, Pages: []oncall.Page{{Ref: oncall.Ref{Source: "pd", ID: in.ID}}}})
	d.account.Acknowledge(in.ID, meID)
	began := time.Now()
	if got := step(t, d, "checkout.md", 2); got != "releases/v412\n" {
		t.Errorf("the rollback prints %q", got)
	}
	d.Observe(oncall.RunEvent{Run: oncall.StepRun{ID: "1", Step: 2, Title: "Roll back to v412", State: oncall.RunExited, Started: began, Ended: time.Now()}})
	until(t, "healing", func() bool {
		v, ok := metric(t, d, `job:errors:ratio5m{service="checkout"}`)
		return ok && v < 0.05
	})
	until(t, "the alert's end", func() bool { return alertStatus(t, d, in.ID) == "resolved" })
	if got := open(t, d); len(got) != 1 || got[0].Status != "acknowledged" {
		t.Errorf("the page did not wait for a person: %+v", got)
	}
	until(t, "the rollback among the deploys", func() bool { return strings.Contains(readText(t, d.paths.deploys()), `"rollback"`) })
	d.account.Annotate(in.ID, meID, "rolled back v413")
	d.account.Resolve(in.ID, meID)
	waitDone(t, d)
	checkDebrief(t, d, "v413 (payments) went live", "CheckoutErrorRatio fired", "for the first time",
		"acknowledged page", `step 3 "Roll back to v412": exit 0`, "note: rolled back v413", "resolved page",
		"checkout runs v412 again instead of v413", "checkout was well again", "before Ben would have been woken.")
}

func TestFullDiskBreaksAndHeals(t *testing.T) {
	t.Parallel()
	d := begin(t, "full-disk")
	in := paged(t, d)
	until(t, "lost entries", func() bool {
		return strings.Contains(readText(t, d.paths.log("ledger-api")), "spool/active.log: no space left on device")
	})
	until(t, "the export's end", func() bool { return strings.Contains(d.Debrief(time.Now()), "the export died of it") })
	if got := step(t, d, "ledger-disk.md", 0); !strings.Contains(got, ".old") {
		t.Errorf("the first step shows %q", got)
	}
	if got := step(t, d, "ledger-disk.md", 1); strings.Contains(got, ".old") {
		t.Errorf("after the second step: %q", got)
	}
	until(t, "room", func() bool {
		v, ok := metric(t, d, `volume:usage:ratio{service="ledger-api"}`)
		return ok && v < 0.3
	})
	until(t, "entries booked again", func() bool {
		lines := strings.Split(strings.TrimSpace(readText(t, d.paths.log("ledger-api"))), "\n")
		return strings.Contains(lines[len(lines)-1], `msg="entry booked"`)
	})
	until(t, "the alert's end", func() bool { return alertStatus(t, d, in.ID) == "resolved" })
	d.account.Resolve(in.ID, meID)
	waitDone(t, d)
	checkDebrief(t, d, "an export began to fill", "resolved page",
		"Nobody acknowledged the page; it was resolved by hand")
}

func TestNoisyAlertNeedsNobody(t *testing.T) {
	t.Parallel()
	d := begin(t, "noisy-alert")
	if in := paged(t, d); in.Urgency != "low" {
		t.Errorf("the page is %+v", in)
	}
	waitDone(t, d)
	if got := open(t, d); len(got) != 0 {
		t.Errorf("still open: %+v", got)
	}
	checkDebrief(t, d, "it resolved by itself", "Nothing needed doing, and you did nothing.", "cron-x was done with the batch by itself")
}

func waitDone(t *testing.T, d *Drill) {
	t.Helper()
	select {
	case <-d.Done():
	case <-time.After(deadline):
		t.Fatalf("the drill did not end:\n%s", d.Debrief(time.Now()))
	}
}

func checkDebrief(t *testing.T, d *Drill, wants ...string) {
	t.Helper()
	text := d.Debrief(time.Now())
	t.Log("\n" + text)
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("the debrief does not say %q", w)
		}
	}
	if n := strings.Count(text, "\n"); n > 60 {
		t.Errorf("the debrief has %d lines", n)
	}
}

func checkAlert(t *testing.T, d *Drill, id, status string) {
	t.Helper()
	pd := settings(t, d).Pages[0].(config.PagerDuty)
	var all string
	get(t, pd.URL+"/incidents/"+id+"/alerts", "Token token="+pagerToken(t, d), &all)
	for _, want := range []string{
		`"status":"` + status + `"`, ` - alertname = CheckoutErrorRatio\n`, ` - service = checkout\n`, `runbook_url = http://127.0.0.1:`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the alert has no %s in %s", want, all)
		}
	}
	base, _, _ := strings.Cut(all, "/runbooks/checkout.md")
	var book string
	get(t, base[strings.LastIndex(base, "http://"):]+"/runbooks/checkout.md", "", &book)
	if !strings.Contains(book, "# Checkout answers with errors") {
		t.Errorf("the runbook's link leads to %q", book)
	}
}

func alertStatus(t *testing.T, d *Drill, id string) string {
	t.Helper()
	pd := settings(t, d).Pages[0].(config.PagerDuty)
	var out struct{ Alerts []struct{ Status string } }
	get(t, pd.URL+"/incidents/"+id+"/alerts", "Token token="+pagerToken(t, d), &out)
	return out.Alerts[0].Status
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStartRefuses(t *testing.T) {
	s, err := Load("noisy-alert")
	if err != nil {
		t.Fatal(err)
	}
	used := t.TempDir()
	write(t, filepath.Join(used, "mine.txt"), "precious")
	for name, tt := range map[string]struct {
		o    Options
		want string
	}{
		"speed":     {Options{Scenario: s, Speed: -1}, "start drill: a speed of -1 is out of range; write above 0 and at most 100"},
		"directory": {Options{Scenario: s, Dir: used}, "use drill directory: " + used + " is not empty; name a new one, or leave it out"},
	} {
		d, err := Start(t.Context(), tt.o)
		if err == nil {
			t.Errorf("%s: accepted", name)
			_ = d.Close()
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	if got := readText(t, filepath.Join(used, "mine.txt")); got != "precious" {
		t.Errorf("the file that was there is now %q", got)
	}
}

func TestStartInADirectoryWithASpace(t *testing.T) {
	s, err := Load("bad-deploy")
	if err != nil {
		t.Fatal(err)
	}
	// A speed at which nothing happens while this test looks.
	dir := filepath.Join(t.TempDir(), "it's a drill")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), Options{Scenario: s, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := settings(t, d)
	if got := c.Services["checkout"].Runbooks; len(got) != 1 || got[0] != filepath.Join(d.Dir(), "runbooks", "checkout.md") {
		t.Errorf("the config's runbooks are %q", got)
	}
	if got := step(t, d, "checkout.md", 0); !strings.HasPrefix(got, "releases/v412\n") {
		t.Errorf("the first step shows %q", got)
	}
	if text := d.Debrief(time.Now()); !strings.Contains(text, "nobody was paged") {
		t.Errorf("a debrief before anything happened:\n%s", text)
	}
	for _, f := range []string{d.paths.pagerToken(), d.paths.githubToken(), d.ConfigPath()} {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, info, err)
		}
		if f != d.paths.pagerToken() && strings.Contains(readText(t, f), pagerToken(t, d)) {
			t.Errorf("%s holds the pager's token", f)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
	if _, err := os.Stat(filepath.Join(d.Dir(), "config.yaml")); err != nil {
		t.Errorf("a directory that somebody else made was taken away: %v", err)
	}
}
