package report_test

import (
	"math"
	"testing"
	"time"

	"conway/internal/report"
)

func at(tb testing.TB, s string) time.Time {
	tb.Helper()
	t, err := time.Parse("2006-01-02 15:04", "2026-"+s)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func zone(tb testing.TB, name string) []report.Stay {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return []report.Stay{{Zone: loc}}
}

// worked is a fortnight in which the clocks are set: eleven pages of four people
// in three teams, each of whose numbers was worked out by hand.
func worked(tb testing.TB) (report.Facts, report.Options) {
	tb.Helper()
	on := func(s string) time.Time { return at(tb, s) }
	f := report.Facts{
		People: []report.Person{
			{ID: "s1", Team: "sre", Stays: zone(tb, "Europe/Berlin")},
			{ID: "s2", Team: "sre", Stays: zone(tb, "America/New_York")},
			{ID: "p1", Team: "payments", Stays: zone(tb, "Europe/London")},
			{ID: "q1", Team: "search", Stays: zone(tb, "Asia/Kolkata")},
		},
		Merges: []report.Merge{{Incident: "I10", Into: "I6", At: on("03-29 01:02")}},
		Deploys: []report.Deploy{
			{ID: "D1", Service: "checkout", Team: "payments", Kind: "deploy", Checks: "passed", At: on("03-24 02:40")},
			{ID: "D2", Service: "checkout", Team: "search", Kind: "deploy", Checks: "passed", At: on("04-02 07:05")},
		},
		Attributions: []report.Attribution{
			{Incident: "I1", Deploy: "D1", Likely: true, Confirmed: true},
			{Incident: "I8", Deploy: "D2", Likely: true, Confirmed: true},
		},
		FollowUps: []report.FollowUp{
			{ID: "F1", Incident: "I2", Team: "payments", Opened: on("03-26 09:00")},
			{ID: "F2", Incident: "I5", Team: "search", Opened: on("03-31 09:00"), Closed: on("04-02 09:00")},
			{ID: "F3", Incident: "I8", Team: "search", Opened: on("04-02 09:00")},
		},
		Recommends: []report.Recommendation{{ID: "R1", Service: "checkout", Team: "payments", Sent: on("03-20 10:00")}},
		Budgets: []report.Budget{
			{Incident: "I1", SLO: "checkout", Share: 1800 / (0.001 * 10e6)},
			{Incident: "I2", SLO: "checkout", Share: 700 / (0.001 * 10e6)},
			{Incident: "I8", SLO: "checkout", Share: 2600 / (0.001 * 10e6)},
		},
		Runs: []report.Run{
			{Runbook: "RB1", At: on("02-20 10:00"), Spent: time.Minute},
			{Runbook: "RB1", Incident: "I1", At: on("03-24 03:05"), Spent: 600 * time.Second},
			{Runbook: "RB1", Incident: "I2", At: on("03-26 02:15"), Spent: 480 * time.Second},
			{Runbook: "RB1", Incident: "I8", At: on("04-02 07:40"), Spent: 720 * time.Second},
		},
	}
	for _, i := range [][4]string{
		{"I1", "checkout", "HighErrorRate", "payments"},
		{"I2", "checkout", "HighErrorRate", "payments"},
		{"I3", "search-api", "PodRestart", "search"},
		{"I4", "ledger-api", "QueueDepth", "payments"},
		{"I5", "search-api", "LatencyHigh", "search"},
		{"I6", "checkout", "DiskFull", "payments"},
		{"I7", "ingress", "CertExpiry", "sre"},
		{"I8", "checkout", "HighErrorRate", "payments"},
		{"I9", "cron-x", "JobFailed", ""},
		{"I10", "checkout", "DiskFull", "payments"},
	} {
		f.Incidents = append(f.Incidents, report.Incident{ID: i[0], Service: i[1], Fingerprint: i[1] + "/" + i[2], Title: i[2], Owner: i[3]})
	}
	// Each page: incident, person, notified, acknowledged, released, why.
	for _, p := range [][6]string{
		{"I1", "s1", "03-24 03:00", "03-24 03:02", "03-24 03:45", "resolved"},
		{"I2", "s1", "03-26 02:10", "03-26 02:12", "03-26 02:30", "resolved"},
		{"I3", "s1", "03-26 02:40", "03-26 02:42", "03-26 02:44", "resolved"},
		{"I4", "p1", "03-25 19:00", "03-25 19:05", "03-25 20:00", "resolved"},
		{"I5", "q1", "03-30 17:00", "03-30 17:03", "03-30 17:30", "resolved"},
		{"I6", "s1", "03-29 00:50", "03-29 00:53", "03-29 01:20", "resolved"},
		{"I7", "s2", "03-31 12:30", "03-31 12:31", "03-31 13:00", "resolved"},
		{"I8", "s2", "04-02 07:30", "04-02 07:34", "04-02 08:00", "handoff"},
		{"I8", "s1", "04-02 08:00", "04-02 08:02", "04-02 08:40", "resolved"},
		{"I9", "s1", "04-03 20:30", "04-03 20:32", "04-03 20:35", "snooze"},
		{"I9", "s1", "04-03 21:35", "04-03 21:36", "04-03 21:45", "resolved"},
	} {
		f.Notifications = append(f.Notifications, report.Notification{Incident: p[0], Person: p[1], Channel: report.Push, At: on(p[2])})
		f.Acks = append(f.Acks, report.Ack{Incident: p[0], Person: p[1], At: on(p[3])})
		f.Releases = append(f.Releases, report.Release{Incident: p[0], Person: p[1], At: on(p[4]), Reason: report.Reason(p[5]), Auto: p[0] == "I3"})
	}
	f.Notifications = append(f.Notifications, report.Notification{Incident: "I10", Person: "s1", Channel: report.Push, At: on("03-29 01:00")})
	preventable := map[string]bool{"I1": true, "I2": true, "I8": true}
	for id, w := range map[string]report.Worth{
		"I1": report.Needed, "I2": report.Needed, "I4": report.Needed, "I5": report.Needed,
		"I7": report.Needed, "I8": report.Needed, "I6": report.Wait, "I3": report.Noise,
	} {
		f.Verdicts = append(f.Verdicts, report.Verdict{Incident: id, Worth: w, Preventable: preventable[id]})
	}
	for team, n := range map[string]int{"payments": 9, "search": 5, "sre": 4} {
		for i := range n {
			d := report.Deploy{ID: team + string(rune('a'+i)), Team: team, Kind: "deploy", Checks: "passed", At: on("03-27 12:00")}
			switch {
			case team == "payments" && i == 0:
				d.Kind = "rollback"
			case team == "payments" && i == 1:
				d.Kind, d.Checks = "hotfix", "none"
			}
			f.Deploys = append(f.Deploys, d)
		}
	}
	return f, report.Options{
		Start: at(tb, "03-23 00:00"), End: at(tb, "04-06 00:00"), Rate: 100,
		FixHours: map[string]float64{"checkout/HighErrorRate": 24},
	}
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: %v, want %v", what, got, want)
	}
}

// near compares with a number that is written with as many digits as count.
func near(tb testing.TB, what string, got, want, unit float64) {
	tb.Helper()
	if math.Abs(got-want) > unit/2 {
		tb.Errorf("%s: %v, want %v", what, got, want)
	}
}

func share(tb testing.TB, what string, got report.Share, k, n int) {
	tb.Helper()
	if got.K != k || got.N != n {
		tb.Errorf("%s: %d of %d, want %d of %d", what, got.K, got.N, k, n)
	}
}

func TestWorkedExampleLoad(t *testing.T) {
	f, o := worked(t)
	n := report.Count(f, o)
	equal(t, "pages", n.Pages, 11)
	equal(t, "incidents", n.Incidents, 9)
	equal(t, "sleep", n.Bands[report.Sleep], 8)
	equal(t, "off", n.Bands[report.Off], 1)
	equal(t, "business", n.Bands[report.Business], 2)
	equal(t, "nights", n.Nights, 6)
	equal(t, "nights of sre", n.NightsOf["sre"], 5)
	equal(t, "nights of search", n.NightsOf["search"], 1)
	equal(t, "minutes", n.Disrupted.Minutes, 394)
	equal(t, "minutes without resettling", n.Disrupted.Bare, 174)
	for team, want := range map[string][3]float64{
		"payments": {0, 185, -185}, "search": {60, 134, -74}, "sre": {334, 0, 334}, report.Unowned: {0, 75, -75},
	} {
		equal(t, team+" borne", n.Disrupted.Borne[team], want[0])
		equal(t, team+" caused", n.Disrupted.Caused[team], want[1])
		equal(t, team+" net", n.Disrupted.Net[team], want[2])
	}
	equal(t, "crowded shifts", n.Anchors.Crowded, 0)
	equal(t, "most in a shift", n.Anchors.Most, 2)
	equal(t, "floods", n.Anchors.Floods, 0)
	equal(t, "short rests", n.Anchors.ShortRest, 6)
}

func TestWorkedExamplePages(t *testing.T) {
	f, _ := worked(t)
	pages := report.Interruptions(f)
	if len(pages) != 11 {
		t.Fatalf("%d pages", len(pages))
	}
	for _, p := range pages {
		if p.Root == "I6" && p.Calls != 2 {
			t.Errorf("the merged incident's call is not a part of I6: %+v", p)
		}
	}
}

func TestWorkedExampleJudgement(t *testing.T) {
	f, o := worked(t)
	n := report.Count(f, o)
	share(t, "coverage", n.Verdicts.Coverage, 8, 9)
	share(t, "needed", n.Verdicts.Needed, 6, 8)
	share(t, "wait", n.Verdicts.Wait, 1, 8)
	share(t, "noise", n.Verdicts.Noise, 1, 8)
	near(t, "noise, least", n.Verdicts.NoiseLow, 0.111, 0.001)
	near(t, "noise, most", n.Verdicts.NoiseHigh, 0.222, 0.001)
	share(t, "nothing urgent", n.Verdicts.NothingUrgent, 2, 6)
	share(t, "preventable", n.Preventable.Incidents, 3, 8)
	near(t, "preventable, low", n.Preventable.Incidents.Low, 0.137, 0.001)
	near(t, "preventable, high", n.Preventable.Incidents.High, 0.694, 0.001)
	equal(t, "preventable minutes", n.Preventable.Minutes, 185)
	near(t, "of all minutes", n.Preventable.Minutes/n.Preventable.Of, 0.470, 0.001)
	equal(t, "repeats", n.Repeats, report.Repeats{None: 1, Open: 1})
	share(t, "follow-ups", n.FollowUps.Answered, 1, 3)
	share(t, "follow-ups of payments", n.FollowUps.Teams["payments"], 0, 1)
	share(t, "follow-ups of search", n.FollowUps.Teams["search"], 1, 2)
	if open := n.FollowUps.Open; len(open) != 2 || open[0].ID != "F1" || open[0].Days != 10.625 || open[1].Days != 3.625 {
		t.Errorf("open follow-ups: %+v", open)
	}
	share(t, "recommendations", n.Recommends.Answered, 0, 1)
	if open := n.Recommends.Open; len(open) != 1 || int(open[0].Days) != 16 {
		t.Errorf("open recommendations: %+v", open)
	}
	share(t, "foreseen", n.Foreseen.Share, 1, 1)
	if l := n.Foreseen.Leads; len(l) != 1 || l[0].Page.Sub(l[0].First) != 12*24*time.Hour+21*time.Hour+30*time.Minute || len(l[0].Signals) != 5 {
		t.Errorf("foreseen: %+v", l)
	}
}

func TestWorkedExampleChanges(t *testing.T) {
	f, o := worked(t)
	n := report.Count(f, o)
	share(t, "deploys that paged", n.Changes.Failed, 2, 20)
	near(t, "low", n.Changes.Failed.Low, 0.028, 0.001)
	near(t, "high", n.Changes.Failed.High, 0.301, 0.001)
	share(t, "of payments", n.Changes.Teams["payments"], 1, 10)
	share(t, "of search", n.Changes.Teams["search"], 1, 6)
	share(t, "of sre", n.Changes.Teams["sre"], 0, 4)
	share(t, "rework", n.Changes.Rework, 2, 20)
	share(t, "unchecked", n.Changes.Unchecked, 1, 2)
	share(t, "suspects", n.Changes.Judged, 2, 2)
	near(t, "budget", n.Budgets.Sum, 0.51, 1e-9)
	near(t, "budget of payments", n.Budgets.Rows["payments"], 0.25, 1e-9)
	near(t, "budget of search", n.Budgets.Rows["search"], 0.26, 1e-9)
	share(t, "backed", n.Budgets.Backed, 3, 9)
	if all := n.Budgets.Incidents; len(all) != 3 || all[0].Incident != "I8" || !all[0].Over || all[1].Over || all[2].Over {
		t.Errorf("budgets: %+v", all)
	}
	equal(t, "engaged", n.Engaged.Minutes, 277)
	near(t, "cost", n.Engaged.Cost, 461.67, 0.01)
	equal(t, "engaged, sre", n.Engaged.Teams["sre"], 195)
	equal(t, "engaged, payments", n.Engaged.Teams["payments"], 55)
	equal(t, "engaged, search", n.Engaged.Teams["search"], 27)
	equal(t, "toil", n.Engaged.Toil, 20)
	if len(n.Fixes) == 0 || n.Fixes[0].Pays != 35 || n.Fixes[0].Handbook != 4 {
		t.Fatalf("fixes: %+v", n.Fixes)
	}
	near(t, "mean", n.Fixes[0].Mean, 41.67, 0.01)
}

func TestWorkedExampleMatrix(t *testing.T) {
	f, o := worked(t)
	n := report.Count(f, o)
	for _, c := range []struct {
		name                  string
		got                   report.Congruence
		cells                 [4][3]float64
		c, e, kappa, low, hig float64
	}{
		{"sleep", n.Conway.Sleep, [4][3]float64{{0, 0, 3}, {0, 1, 2}, {}, {0, 0, 2}}, 0.125, 0.0469, 0.0820, 0.022, 0.471},
		{"pages", n.Conway.Pages, [4][3]float64{{1, 0, 3}, {0, 1, 3}, {0, 0, 1}, {0, 0, 2}}, 0.2727, 0.1405, 0.1538, 0.0975, 0.566},
		{"minutes", n.Conway.Minutes, [4][3]float64{{0, 0, 185}, {0, 60, 74}, {}, {0, 0, 75}}, 0.1523, 0.0518, 0.1060, 0, 0},
	} {
		for i, row := range c.cells {
			for j, want := range row {
				if got := c.got.Matrix.Cells[i][j]; got != want {
					t.Errorf("%s: %s woke %s %v times, want %v", c.name, c.got.Matrix.Rows[i], c.got.Matrix.Columns[j], got, want)
				}
			}
		}
		near(t, c.name+" congruence", c.got.C, c.c, 0.0001)
		near(t, c.name+" chance", c.got.E, c.e, 0.0001)
		near(t, c.name+" corrected", c.got.Kappa, c.kappa, 0.0001)
		if c.got.Share != nil {
			near(t, c.name+" low", c.got.Share.Low, c.low, 0.001)
			near(t, c.name+" high", c.got.Share.High, c.hig, 0.001)
		}
	}
	for i, want := range []float64{1, 2. / 3, 0, 1} {
		got, ok := n.Conway.Sleep.Matrix.Export(i)
		near(t, "export", got, want, 0.001)
		equal(t, "has exports", ok, i != 2)
	}
}

// TestAttributionMovesRows is for what a confirmed suspect does: it moves blame
// between rows, and no total.
func TestAttributionMovesRows(t *testing.T) {
	f, o := worked(t)
	f.Attributions = f.Attributions[:1]
	n := report.Count(f, o).Conway.Pages
	row := func(i int) (sum float64) {
		for _, v := range n.Matrix.Cells[i] {
			sum += v
		}
		return sum
	}
	equal(t, "payments", row(0), 6)
	equal(t, "search", row(1), 2)
	near(t, "congruence", n.C, 3./11, 1e-9)
}
