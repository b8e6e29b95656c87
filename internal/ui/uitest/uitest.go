// Package uitest makes boards to draw in tests, and compares what was drawn with
// golden files.
package uitest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/pane"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden compares got with testdata/name.golden. Trailing spaces are kept: they
// are cells.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, "/", "_")+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run make golden and read the difference", err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs; run make golden and read the difference\n--- want\n%s\n--- got\n%s", path, want, got)
	}
}

// Plain returns a block's text without roles, one row a line.
func Plain(b pane.Block) string {
	var s strings.Builder
	for _, l := range b {
		for _, sp := range l {
			s.WriteString(sp.Text.String())
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// Now is the moment at which the sample incident is looked at.
func Now() time.Time { return time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC) }

// Zone is where the sample person sleeps.
func Zone() *time.Location { return time.FixedZone("CET", 3600) }

// Checkout is the sample page.
func Checkout() oncall.Ref { return oncall.Ref{Source: "pd", ID: "Q1"} }

// Services is the sample service map.
func Services() []follow.Service {
	return []follow.Service{
		{Name: "checkout", Owner: "payments", PagerDuty: []string{"PSVC01"}, Labels: map[string]string{"service": "checkout"}, DependsOn: []string{"ledger-api"}, Runbooks: []string{"runbooks/checkout.md"}},
		{Name: "ledger-api", Owner: "ledger", PagerDuty: []string{"PSVC02"}},
	}
}

// Panels are the sample panels.
func Panels() []follow.Panel {
	warn, crit, p99 := 1.0, 5.0, 1.0
	return []follow.Panel{
		{Title: "error ratio", Source: "prom", Query: `job:errors:ratio5m{service="{{service}}"}`, Unit: oncall.UnitPercent, Warn: &warn, Critical: &crit},
		{Title: "p99 latency", Source: "prom", Query: `job:latency:p99{service="{{service}}"}`, Unit: oncall.UnitSeconds, Warn: &p99},
		{Title: "requests", Source: "prom", Query: `job:requests:rate{service="{{service}}"}`, Unit: oncall.UnitPerSec},
	}
}

// Sources are the sample sources, none of which has answered yet.
func Sources() []board.SourceInfo {
	return []board.SourceInfo{
		{Name: "pd", Kind: board.KindPages},
		{Name: "gh", Kind: board.KindDeploys},
		{Name: "prom", Kind: board.KindMetrics},
		{Name: "app", Kind: board.KindLogs},
	}
}

// Empty returns a board on which nobody has answered.
func Empty() board.Board { return board.New(board.Options{Me: "ana@example.com", Sources: Sources()}) }

// Incident returns a board in the middle of the sample incident.
func Incident() board.Board { return Fold(Empty(), Events()...) }

// Fold applies events.
func Fold(b board.Board, events ...oncall.Event) board.Board {
	for _, e := range events {
		b, _ = b.Apply(e)
	}
	return b
}

func stamp(source string, ago time.Duration) oncall.Stamp {
	return oncall.Stamp{Source: source, At: Now().Add(-ago)}
}

// Pages is the sample list of pages.
func Pages() []oncall.Page {
	return []oncall.Page{
		{
			Ref: Checkout(), Number: 4821, Title: "CHECKOUT 5xx above 5%", Status: oncall.Triggered, Mine: true,
			Service: oncall.Service{ID: "PSVC01", Name: "checkout"}, PolicyID: "PEPL01", Policy: "Payments on-call",
			CreatedAt: Now().Add(-4 * time.Minute), UpdatedAt: Now().Add(-4 * time.Minute), Alerts: 2,
			Assignees: []oncall.Person{{ID: "PANA", Name: "Ana"}}, URL: "https://example.pagerduty.com/incidents/Q1", Key: "alert/checkout/5xx",
			Pending: []oncall.Escalation{{Kind: "escalate", At: Now().Add(11*time.Minute + 2*time.Second)}},
		},
		{
			Ref: oncall.Ref{Source: "pd", ID: "Q2"}, Number: 4820, Title: "ledger queue depth", Status: oncall.Acknowledged,
			Service:   oncall.Service{ID: "PSVC02", Name: "ledger"},
			CreatedAt: Now().Add(-31 * time.Minute), Acks: []oncall.Acknowledgement{{By: oncall.Person{Name: "Ben"}, At: Now().Add(-29 * time.Minute)}},
		},
		{
			Ref: oncall.Ref{Source: "pd", ID: "Q3"}, Number: 4819, Title: "cron-x heartbeat late \x1b[31m\u202e", Status: oncall.Triggered, Urgency: oncall.Low,
			Service: oncall.Service{ID: "PSVC03", Name: "cron-x"}, CreatedAt: Now().Add(-3 * time.Hour),
		},
	}
}

// Events are what the sources said during the sample incident.
func Events() []oncall.Event {
	nine := Now().Add(-16 * time.Hour)
	return []oncall.Event{
		oncall.PagesEvent{Stamp: stamp("pd", 3*time.Second), Pages: Pages(), Complete: true, Every: 10 * time.Second},
		oncall.RosterEvent{Stamp: stamp("pd", 20*time.Second), Every: time.Minute, Roster: oncall.Roster{
			Me: oncall.Person{ID: "PANA", Name: "Ana", Email: "ana@example.com"},
			Shifts: []oncall.Shift{
				{PolicyID: "PEPL01", Level: 1, Person: oncall.Person{ID: "PANA", Name: "Ana"}, Start: nine, End: Now().Add(5 * time.Hour)},
				{PolicyID: "PEPL01", Level: 1, Person: oncall.Person{ID: "PCHI", Name: "Chi"}, Start: Now().Add(5 * time.Hour)},
				{PolicyID: "PEPL01", Level: 2, Person: oncall.Person{ID: "PBEN", Name: "Ben"}},
			},
		}},
		oncall.DetailEvent{Stamp: stamp("pd", 2*time.Second), Page: Checkout(), Detail: oncall.PageDetail{
			Alerts: []oncall.Alert{
				{ID: "A1", Title: "CheckoutErrorRate", Status: "triggered", Severity: "critical", At: Now().Add(-4 * time.Minute), Description: "More than 5% of orders fail.\n\nTeam: payments \x1b[31m", Links: []oncall.Link{{URL: "https://wiki.example.com/rb/checkout", Text: "Runbook"}}},
				{ID: "A2", Title: "CheckoutLatency", Status: "triggered", Severity: "warning", At: Now().Add(-3 * time.Minute)},
			},
			Notes:   []oncall.Note{{ID: "N1", By: oncall.Person{Name: "Ben"}, At: Now().Add(-time.Minute), Text: "looks like the pool again\nsecond line"}},
			Labels:  map[string]string{"alertname": "CheckoutErrorRate", "service": "checkout", "version": "v413"},
			History: &oncall.History{Count: 3, Window: 30 * 24 * time.Hour, Last: Now().Add(-9 * 24 * time.Hour), Fix: "rolled back v398"},
			Log:     []oncall.LogEntry{{At: Now().Add(-4 * time.Minute), Kind: "trigger", By: "prometheus", Text: "triggered through the API"}},
		}},
		oncall.DeploysEvent{Stamp: stamp("gh", 41*time.Second), Every: time.Minute, Deploys: Deploys()},
		oncall.LinesEvent{Stamp: stamp("app", time.Second), Lines: Lines()},
		Series(),
	}
}

// Ledger is what the ledger has to say and what it counts, by day.
func Ledger() []oncall.Event {
	at := func(days int) time.Time { return Now().AddDate(0, 0, -days) }
	return []oncall.Event{
		oncall.RecallEvent{Stamp: stamp("ledger", time.Second), Recall: oncall.Recall{Untagged: []oncall.Untagged{
			{Page: oncall.Ref{Source: "pd", ID: "N1"}, Title: "queue depth", At: Now().Add(-5 * time.Hour), Team: "payments"},
		}}},
		oncall.NightsEvent{Stamp: stamp("ledger", time.Second), Nights: oncall.Nights{
			From: at(91), To: Now(), SleepPages: 6, Spoilt: 4, Lost: 274 * time.Minute, Weeks: []int{0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3},
			Rows: []string{"payments", "search", "sre", "unowned"}, Columns: []string{"payments", "search", "sre"},
			Cells: [][]int{{0, 0, 3}, {0, 1, 2}, {0, 0, 0}, {0, 0, 2}},
			Repeats: []oncall.Repeat{
				{Title: "CHECKOUT 5xx above 5%", Team: "payments", Times: 4, Asked: 7 * 24 * time.Hour},
				{Title: "cron \x1b[31mfailed\x1b[0m", Team: "unowned", Times: 2, Asked: -1},
			},
			Asked: []oncall.Asked{{About: "CHECKOUT 5xx above 5%", Team: "payments", At: at(7)}, {About: "search latency", Team: "search", At: at(2)}},
		}},
	}
}

// Deploys is the sample list of deploys.
func Deploys() []oncall.Deploy {
	at := func(d time.Duration) time.Time { return Now().Add(-d) }
	mk := func(id, service, version, commit string, ago time.Duration) oncall.Deploy {
		return oncall.Deploy{
			Ref: oncall.Ref{Source: "gh", ID: id}, Service: service, Repo: "acme/" + service, Environment: "production", Version: version,
			Commit: commit, Author: "dana", Team: "payments", Status: oncall.DeploySucceeded, StartedAt: at(ago + time.Minute), FinishedAt: at(ago),
		}
	}
	return []oncall.Deploy{
		mk("3", "checkout", "v413", "a1b2c3d4e5", 13*time.Minute),
		mk("2", "checkout", "v412", "9f2c11e000", 3*time.Hour),
		mk("1", "search", "v77", "77aa77aa77", 5*time.Hour),
	}
}

// Lines is a sample log.
func Lines() []oncall.LogLine {
	var out []oncall.LogLine
	for i := range 40 {
		at := Now().Add(-time.Duration(40-i) * time.Second)
		raw := fmt.Sprintf(`{"ts":%q,"level":"info","msg":"order placed","order":%d}`, at.Format(time.RFC3339Nano), i)
		if i%3 == 0 {
			raw = fmt.Sprintf(`{"ts":%q,"level":"error","msg":"payment declined","upstream":"acquirer","order":%d}`, at.Format(time.RFC3339Nano), i)
		}
		l := oncall.ParseLine(raw, at)
		l.Source = "app"
		out = append(out, l)
	}
	hostile := oncall.ParseLine("ERROR \x1b]0;owned\x07 \x1b[2J\u202eevil\u200b 支払い失敗 e\u0301", Now())
	hostile.Source = "app"
	return append(out, hostile)
}

// Series is a sample answer of the metrics source.
func Series() oncall.Event {
	b := Fold(Empty(), oncall.PagesEvent{Stamp: stamp("pd", 0), Pages: Pages(), Complete: true})
	r, _ := b.Page(Checkout())
	m := follow.NewMap(Services())
	svc, _, _ := m.Resolve(r.Page, nil)
	q := follow.Questions(Panels(), svc, r.Page, nil, time.Hour, time.Time{}, 40)["prom"]
	win := oncall.Window{Start: Now().Add(-time.Hour), End: Now()}
	ev := oncall.SeriesEvent{Stamp: stamp("prom", 5*time.Second), Question: q, Window: win, Every: 15 * time.Second}
	for i, pq := range q.Queries {
		var pts []oncall.Point
		for at := win.Start; at.Before(win.End); at = at.Add(90 * time.Second) {
			broken := Now().Sub(at) < 13*time.Minute
			v := [3]float64{0.3, 0.21, 520}[i]
			if broken {
				v = [3]float64{6.1, 1.9, 412}[i]
			}
			pts = append(pts, oncall.Point{At: at, V: v})
		}
		last := pts[len(pts)-1]
		ev.Panels = append(ev.Panels, oncall.Panel{PanelQuery: pq, Step: 90 * time.Second, Series: []oncall.Series{{Points: pts}}, Latest: &last})
	}
	return ev
}

// Runbook is a sample runbook.
func Runbook() runbook.Entry {
	src := "# Checkout 5xx\n\nThe pool is usually too small.\n\n## Look\n\n```sh observe\nreadlink current\ntail -n 5 log/checkout.log\n```\n\n## Roll back\n\nTakes about ten seconds.\n\n```sh change\nln -sfn releases/v412 current\n```\n\n## Ask\n\n```sh\nkubectl logs <pod>\n```\n"
	rb, err := runbook.Parse("runbooks/checkout.md", []byte(src))
	return runbook.Entry{Path: "runbooks/checkout.md", Runbook: rb, Err: err}
}
