package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/report"
)

// nights is a ledger of one person's pages, for what is said of the next one.
type nights struct {
	recorder
}

func (n *nights) page(at time.Time, id, print, owner, person string) {
	ref := ref(id).String()
	n.add(at, report.KindIncident, report.IncidentBody{ID: ref, Service: "checkout", Fingerprint: print, Title: print, Owner: owner})
	n.add(at, report.KindNotify, report.MomentBody{Incident: ref, Person: person, Channel: report.Phone})
	n.add(at.Add(2*time.Minute), report.KindAck, report.MomentBody{Incident: ref, Person: person})
	n.add(at.Add(40*time.Minute), report.KindResolve, report.MomentBody{Incident: ref})
}

// berlin is the person at the screen.
func berlin(tb testing.TB) report.Person {
	tb.Helper()
	return report.Person{ID: "me", Team: "sre", Stays: zone(tb, "Europe/Berlin")}
}

// recalls takes records in, in the given order.
func recalls(tb testing.TB, all []report.Record) *report.Recall {
	tb.Helper()
	r := report.NewRecall(berlin(tb))
	for _, rec := range all {
		if err := r.Take(rec); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func TestLine(t *testing.T) {
	// 27 March 2026 is a Friday; it is an hour later in Berlin.
	now := at(t, "03-27 03:00")
	sight := report.Sight{Incident: ref("now").String(), Fingerprint: "HighErrorRate", Title: "HighErrorRate", At: now.Add(-time.Minute), Mine: true}
	likely := &report.Precedent{Service: "checkout", Version: "9f2c", Team: "payments", Before: 20 * time.Minute, Chance: "0.7% by chance"}
	other := func(s report.Sight) report.Sight { s.Fingerprint, s.Title = "DiskFull", "DiskFull"; return s }
	for name, c := range map[string]struct {
		ledger func(n *nights)
		sight  report.Sight
		want   string
	}{
		"the third of a week, the same as before": {
			func(n *nights) {
				n.page(at(t, "03-23 03:00"), "a", "HighErrorRate", "payments", "me")
				n.page(at(t, "03-25 02:00"), "b", "QueueDepth", "payments", "me")
				n.add(now.Add(-time.Minute), report.KindIncident, report.IncidentBody{ID: ref("now").String(), Fingerprint: "HighErrorRate", Owner: "search"})
			}, sight, "3rd sleep page in 7 days · 2 from payments · HighErrorRate again, no follow-up",
		},
		"the second of a night, with a follow-up": {
			func(n *nights) {
				n.page(at(t, "03-27 01:00"), "a", "DiskFull", "payments", "me")
				n.page(at(t, "03-24 03:00"), "b", "HighErrorRate", "search", "somebody")
				n.add(at(t, "03-20 02:00"), report.KindIncident, report.IncidentBody{ID: ref("c").String(), Fingerprint: "HighErrorRate"})
				n.add(at(t, "03-20 02:00"), report.KindFollowUp, report.FollowUpBody{ID: "F1", Incident: ref("c").String(), Team: "payments"})
			}, sight, "2nd sleep page tonight · same alert as Tue 04:00 · follow-up F1 open 7 d",
		},
		"a likely deploy": {
			func(*nights) {}, func() report.Sight { s := sight; s.Suspect = likely; return s }(),
			"likely: checkout 9f2c (payments) 20 min before · 0.7% by chance",
		},
		"the first for long": {
			func(n *nights) { n.page(at(t, "02-24 02:30"), "a", "DiskFull", "payments", "me") },
			sight, "first sleep page in 31 days",
		},
		"nothing is known":        {func(*nights) {}, sight, ""},
		"not so long ago":         {func(n *nights) { n.page(at(t, "03-07 02:30"), "a", "DiskFull", "payments", "me") }, sight, ""},
		"somebody else's nights":  {func(n *nights) { n.page(at(t, "03-26 02:30"), "a", "DiskFull", "payments", "somebody") }, sight, ""},
		"a page that is not mine": {func(n *nights) { n.page(at(t, "03-27 01:00"), "a", "DiskFull", "payments", "me") }, func() report.Sight { s := sight; s.Mine = false; return s }(), ""},
		"by day nobody is woken":  {func(n *nights) { n.page(at(t, "03-26 02:30"), "a", "DiskFull", "payments", "me") }, func() report.Sight { s := other(sight); s.At = at(t, "03-26 12:00"); return s }(), "DiskFull again, no follow-up"},
		"code of nobody is not named": {func(n *nights) {
			n.page(at(t, "03-27 01:00"), "a", "Other", "", "me")
			n.page(at(t, "03-26 23:00"), "b", "Another", "", "me")
		}, sight, "3rd sleep page tonight"},
		"a follow-up that a tag opened, now closed for nobody": {
			func(n *nights) {
				n.page(at(t, "03-01 03:00"), "a", "HighErrorRate", "payments", "somebody")
				n.add(at(t, "03-01 04:00"), report.KindTag, oncall.Tag{Page: ref("a"), Name: oncall.TagFollowUp, Value: "raise the quota"})
			}, sight, "same alert as 1 Mar · follow-up open 25 d",
		},
		"a title that is a sentence": {
			func(n *nights) { n.page(at(t, "03-26 12:00"), "a", "HighErrorRate", "payments", "me") },
			func() report.Sight { s := sight; s.Title = "the checkout has failed for every tenth buyer"; return s }(),
			"same alert again, no follow-up",
		},
		"a merged page is the same page": {
			func(n *nights) {
				n.page(at(t, "03-27 02:58"), "child", "HighErrorRate", "payments", "me")
				n.add(now, report.KindMerge, report.MergeBody{Incident: ref("child").String(), Into: ref("now").String()})
			}, sight, "",
		},
		"a test wakes nobody": {
			func(n *nights) {
				n.page(at(t, "03-27 01:00"), "a", "DiskFull", "payments", "me")
				n.add(at(t, "03-27 01:01"), report.KindIncident, report.IncidentBody{ID: ref("a").String(), Fingerprint: "HighErrorRate", Test: true})
			}, sight, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := &nights{recorder{tb: t}}
			c.ledger(n)
			line := strings.Join(recalls(t, n.all).Line(c.sight, now), " · ")
			if line != c.want {
				t.Errorf("the line is\n%q, want\n%q", line, c.want)
			}
			// A backfill writes the older ones later: the order decides nothing.
			slices.Reverse(n.all)
			if got := strings.Join(recalls(t, n.all).Line(c.sight, now), " · "); got != line {
				t.Errorf("the other way round it is %q", got)
			}
		})
	}
}

func TestLineIsNeverWide(t *testing.T) {
	n := &nights{recorder{tb: t}}
	now := at(t, "03-27 03:00")
	for i := range 300 {
		n.page(now.Add(-time.Duration(i)*40*time.Minute), fmt.Sprint("p", i), strings.Repeat("x", i%40), "payments", "me")
	}
	r := recalls(t, n.all)
	for i := range 40 {
		line := r.Line(report.Sight{Incident: "x", Fingerprint: strings.Repeat("x", i), Title: strings.Repeat("x", i), At: now, Mine: true}, now)
		if len(line) > 3 {
			t.Errorf("%d clauses: %q", len(line), line)
		}
	}
}

// BenchmarkLine asks for the line of a page from a ledger of a million records.
func BenchmarkLine(b *testing.B) {
	const total = 1_000_000
	n := &nights{recorder{tb: b}}
	now := at(b, "03-27 03:00")
	people := []string{"me", "s1", "s2", "s3", "s4"}
	for i := 0; len(n.all) < total; i++ {
		n.page(now.Add(-time.Duration(i)*10*time.Minute), fmt.Sprint("p", i), fmt.Sprint("alert ", i%300), fmt.Sprint("team", i%7), people[i%len(people)])
	}
	slices.Reverse(n.all)
	r := report.NewRecall(berlin(b))
	began := time.Now()
	for _, rec := range n.all {
		if err := r.Take(rec); err != nil {
			b.Fatal(err)
		}
	}
	taken := time.Since(began)
	b.ResetTimer()
	for range b.N {
		if len(r.Line(report.Sight{Incident: "x", Fingerprint: "alert 7", Title: "alert 7", At: now, Mine: true}, now)) == 0 {
			b.Fatal("there is nothing to say")
		}
	}
	b.ReportMetric(float64(len(n.all)), "records")
	b.ReportMetric(float64(taken.Nanoseconds())/float64(len(n.all)), "ns/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5e6, "of-5ms")
}

func TestLeftForNextTime(t *testing.T) {
	n := &nights{recorder{tb: t}}
	n.page(at(t, "03-01 03:00"), "a", "HighErrorRate", "payments", "somebody")
	n.page(at(t, "03-10 03:00"), "b", "HighErrorRate", "payments", "somebody")
	n.page(at(t, "03-11 03:00"), "c", "DiskFull", "payments", "somebody")
	leave := func(when, page, line string) {
		n.add(at(t, when), report.KindTag, oncall.Tag{Page: ref(page), Name: oncall.TagMemory, Value: line})
	}
	run := func(when, page, script string, exit int) {
		n.add(at(t, when), report.KindRun, oncall.StepRun{Page: ref(page), Script: script, State: oncall.RunExited, Exit: exit, Ended: at(t, when)})
	}
	leave("03-01 04:00", "a", "an older line")
	run("03-10 03:10", "b", "rollout undo", 0)
	run("03-10 03:05", "b", "get pods", 0)
	run("03-10 03:20", "b", "purge", 1)
	leave("03-10 04:00", "b", "roll back")
	leave("03-11 04:00", "c", "of another alert")
	r := recalls(t, n.all)
	got := r.Left("pd/new", "HighErrorRate")
	if got == nil || got.Line != "roll back" || got.Command != "rollout undo" || !got.At.Equal(at(t, "03-10 04:00")) {
		t.Errorf("left: %+v", got)
	}
	if got := r.Left("pd/b", "HighErrorRate"); got == nil || got.Line != "an older line" {
		t.Errorf("in the incident itself: %+v", got)
	}
	leave("03-10 05:00", "b", "")
	if got := recalls(t, n.all).Left("pd/new", "HighErrorRate"); got == nil || got.Line != "an older line" || got.Command != "" {
		t.Errorf("taken back: %+v", got)
	}
	if got := r.Left("pd/new", "NeverSeen"); got != nil {
		t.Errorf("of an alert that is new: %+v", got)
	}
}
