package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources/issues/issueserver"
)

// trackedDesk is a desk at which follow-ups are filed.
func trackedDesk(t *testing.T, s *issueserver.Server) desk {
	t.Helper()
	s.Token = "t0ken-of-the-tracker"
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	d := pagerDesk(t, account(t))
	place := "type: github, repo: acme/ops"
	if s.GitLab {
		place = "type: gitlab, project: acme/ops"
	}
	config := d.read() + fmt.Sprintf("follow_ups: {%s, url: %q, token: {file: %q}}\nme: {email: ana@example.com}\n", place, srv.URL, write(t, "tracker-token", s.Token))
	d.config = write(t, "config.yaml", config)
	return d
}

func TestFollowUpIsFiledOnceAndFollowed(t *testing.T) {
	for name, lab := range map[string]bool{"github": false, "gitlab": true} {
		t.Run(name, func(t *testing.T) {
			s := &issueserver.Server{GitLab: lab}
			d := trackedDesk(t, s)
			d.must("", "ledger", "sync")
			got := d.must("", "tag", "QPAST1", "followup", "rotate the logs")
			if !strings.Contains(got, "followup rotate the logs recorded\n") || !strings.Contains(got, "file follow-ups/pd/QPAST1#followup: confirmed") {
				t.Errorf("the tag said: %s", got)
			}
			if got = d.must("", "tag", "QPAST1", "followup", "rotate the logs"); !strings.Contains(got, "filed already") {
				t.Errorf("the second time it said: %s", got)
			}
			all := s.Issues()
			if len(all) != 1 || all[0].Title != "rotate the logs" || !strings.Contains(all[0].Text, "error ratio 1 on host-1") {
				t.Fatalf("the issues are %+v", all)
			}
			if sheet := d.must("", "handoff"); !strings.Contains(sheet, "rotate the logs · open ") || !strings.Contains(sheet, "/acme/ops/") {
				t.Errorf("the sheet lacks it or its address:\n%s", sheet)
			}
			s.Close(1)
			d.must("", "tag", "QPAST1", "followup", "rotate the logs") // it looks again
			if sheet := d.must("", "handoff"); strings.Contains(sheet, "rotate the logs") {
				t.Errorf("it is closed and still open:\n%s", sheet)
			}
		})
	}
}

func TestRecommendationsHaveReceiptAgeAndAnswer(t *testing.T) {
	s := &issueserver.Server{}
	d := trackedDesk(t, s)
	d.must("", "ledger", "sync")
	receipt := func(out string) string {
		t.Helper()
		words := strings.Fields(out)
		if len(words) < 2 || words[0] != "recommendation" {
			t.Fatalf("there is no receipt in %q", out)
		}
		return words[1]
	}
	first := receipt(d.must("", "recommend", "payments", "--service", "checkout", "SLO 99.5%", "instead of 99.9%"))
	second := receipt(d.must("", "recommend", "--file", "payments", "page on burn rate"))
	if all := s.Issues(); len(all) != 1 || all[0].Title != "page on burn rate" || !strings.Contains(all[0].Text, "To payments") {
		t.Errorf("the issues are %+v", s.Issues())
	}
	if list := d.must("", "recommend"); strings.Count(list, "unanswered for 0 d") != 2 || !strings.Contains(list, "SLO 99.5% instead of 99.9%") {
		t.Errorf("the list is:\n%s", list)
	}
	d.must("", "recommend", "--answer", "declined", "--reason", "next year", first)
	var list struct{ Recommendations []advice }
	if err := json.Unmarshal([]byte(d.must("", "recommend", "--json")), &list); err != nil || len(list.Recommendations) != 2 {
		t.Fatalf("the list is %+v, %v", list, err)
	}
	one, two := list.Recommendations[0], list.Recommendations[1]
	if one.Receipt != first || one.Answer != "declined" || one.Reason != "next year" || two.Receipt != second || two.Answer != "" || two.URL == "" {
		t.Errorf("the list is %+v", list)
	}
	n := decoded(t, d.must("", "report", "--since", "13w", "--until", time.Now().Add(2*day).Format(time.DateOnly), "--format", "json")).Now
	if got := n.Recommends.Answered; got.K != 1 || got.N != 2 {
		t.Errorf("the report counts %+v", got)
	}
	for _, bad := range [][]string{
		{"recommend", "payments"},
		{"recommend", "--service", "x", "payments", "y"},
		{"recommend", "--answer", "maybe", first},
		{"recommend", "--answer", "accepted", "NONE"},
		{"recommend", "--answer", "accepted"},
	} {
		if got := d.run("", bad...); got.code != exitUsage {
			t.Errorf("%v: exit %d, %s", bad, got.code, got.err)
		}
	}
	if got := pagerDesk(t, account(t)).run("", "recommend", "--file", "payments", "x"); got.code != exitUsage || !strings.Contains(got.err, "follow_ups") {
		t.Errorf("without a tracker: exit %d, %s", got.code, got.err)
	}
}

func TestWhatIsToBeFiledByItself(t *testing.T) {
	at := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	page := oncall.Ref{Source: "pd", ID: "Q1"}
	tag := func(value, by string, after time.Duration) ledger.Record {
		r := rec(t)(ledger.TagRecord(oncall.Tag{Page: page, Name: "followup", Value: value}))
		r.At, r.Actor = at.Add(after), by
		return r
	}
	const me = "ana@example.com"
	act := func() ledger.Record {
		w := worksOf([]ledger.Record{tag("x", me, 0)})[report.KindFollowUp+" "+report.StubID("pd/Q1")]
		return rec(t)(ledger.ActionRecord(w.filing(w.title(), report.IncidentBody{})))
	}
	claimed := func(after time.Duration) ledger.Record {
		return rec(t)(ledger.NewRecord(kindClaim, "", claim{Work: report.KindFollowUp + " " + report.StubID("pd/Q1"), At: at.Add(after)}))
	}
	filed := rec(t)(ledger.NewRecord(report.KindFollowUp, "", report.FollowUpBody{ID: report.StubID("pd/Q1"), URL: "https://x/1"}))
	for name, c := range map[string]struct {
		records []ledger.Record
		age     time.Duration
		want    bool
	}{
		"mine":                 {[]ledger.Record{tag("x", me, 0)}, time.Minute, true},
		"just written":         {[]ledger.Record{tag("x", me, 0)}, time.Second, false},
		"long ago":             {[]ledger.Record{tag("x", me, 0)}, 8 * day, false},
		"somebody else's":      {[]ledger.Record{tag("x", "ben@example.com", 0)}, time.Minute, false},
		"taken back":           {[]ledger.Record{tag("x", me, 0), tag("", me, time.Second)}, time.Minute, false},
		"under way already":    {[]ledger.Record{tag("x", me, 0), act()}, time.Minute, false},
		"another is about to":  {[]ledger.Record{tag("x", me, 0), claimed(50 * time.Second)}, time.Minute, false},
		"another died over it": {[]ledger.Record{tag("x", me, 0), claimed(time.Minute)}, 10 * time.Minute, true},
		"by a wrong clock":     {[]ledger.Record{tag("x", me, 0), claimed(time.Hour)}, time.Minute, true},
		"claimed of nothing":   {[]ledger.Record{claimed(0), tag("x", me, 0)}, time.Minute, true},
		"where it is, known":   {[]ledger.Record{tag("x", me, 0), filed}, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := worksOf(c.records)[report.KindFollowUp+" "+report.StubID("pd/Q1")]
			if got := w.due(me, at.Add(c.age)); got != c.want {
				t.Errorf("it is to be filed: %v", got)
			}
		})
	}
}

// read returns the desk's config.
func (d desk) read() string {
	d.t.Helper()
	data, err := os.ReadFile(d.config)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(data)
}

// TestTwoCockpitsOfOnePersonFileOnce has both look at the same moment, and a script
// just after.
func TestTwoCockpitsOfOnePersonFileOnce(t *testing.T) {
	s := &issueserver.Server{}
	d := trackedDesk(t, s)
	tag := rec(t)(ledger.TagRecord(oncall.Tag{Page: oncall.Ref{Source: "pd", ID: "QPAST1"}, Name: "followup", Value: "rotate the logs"}))
	tag.At, tag.Actor = time.Now().Add(-time.Minute), "ana@example.com"
	d.must(lines(t, tag), "ledger", "import")
	a := &app{process: process{stdout: io.Discard, getenv: func(k string) string { return map[string]string{"HOME": d.home}[k] }}, now: time.Now, configPath: d.config}
	cfg, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all [2]*core
	var filers [2]filer
	for i := range all {
		c, err := newCore(cfg, a.now)
		if err != nil {
			t.Fatal(err)
		}
		if a.reachLedger(t.Context(), c); c.journal == nil {
			t.Fatal(c.unkept)
		}
		c.start(t.Context())
		all[i] = c
		defer func() {
			if err := c.stop(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		// Nothing is tracked in this test.
		filers[i].tracked = time.Now()
	}
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() { c.fileDue(t.Context(), &filers[i]) })
	}
	wg.Wait()
	for until := time.Now().Add(20 * time.Second); len(s.Issues()) == 0 || all[0].outbox.Pending()+all[1].outbox.Pending() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("nothing was filed")
		}
	}
	if err := a.fileNow(t.Context(), cfg, report.KindFollowUp, report.StubID("pd/QPAST1"), time.Second); err != nil {
		t.Error(err)
	}
	n := map[string]int{}
	for _, r := range exported(t, d) {
		n[r.Kind]++
	}
	if len(s.Issues()) != 1 || s.Posts() != 1 || n[ledger.KindAction] != 1 || n[kindClaim] != 1 {
		t.Errorf("%d issues by %d posts, and the records are %v", len(s.Issues()), s.Posts(), n)
	}
}

// TestTheCockpitFilesWhatATagAskedFor has a tag in the ledger that nobody filed, as
// the keys of the cockpit leave it.
func TestTheCockpitFilesWhatATagAskedFor(t *testing.T) {
	s := &issueserver.Server{}
	d := trackedDesk(t, s)
	tag := rec(t)(ledger.TagRecord(oncall.Tag{Page: oncall.Ref{Source: "pd", ID: "QPAST1"}, Name: "followup", Value: "rotate the logs"}))
	tag.At, tag.Actor = time.Now().Add(-time.Minute), "ana@example.com"
	d.must(lines(t, tag), "ledger", "import")
	a := &app{process: process{getenv: func(k string) string { return map[string]string{"HOME": d.home}[k] }}, now: time.Now, configPath: d.config}
	cfg, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCore(cfg, a.now)
	if err != nil {
		t.Fatal(err)
	}
	a.reachLedger(t.Context(), c)
	if c.journal == nil {
		t.Fatal(c.unkept)
	}
	c.start(t.Context())
	defer func() {
		if err := c.stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	var f filer
	until := time.Now().Add(20 * time.Second)
	for c.fileDue(t.Context(), &f); len(s.Issues()) == 0 || c.outbox.Pending() > 0; c.fileDue(t.Context(), &f) {
		if time.Now().After(until) {
			t.Fatal("nothing was filed")
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Close(1)
	f.tracked = time.Time{}
	c.fileDue(t.Context(), &f)
	f.tracked = time.Time{}
	c.fileDue(t.Context(), &f) // another turn records nothing twice
	past, err := pastOf(t.Context(), c.journal)
	if err != nil {
		t.Fatal(err)
	}
	if n, all := len(s.Issues()), past.facts.FollowUps; n != 1 || len(all) != 1 || all[0].Closed.IsZero() || all[0].URL == "" || all[0].Text != "rotate the logs" {
		t.Errorf("%d issues, and the facts are %+v", n, all)
	}
}
