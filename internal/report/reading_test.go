package report_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/report"
)

// chaos makes ledgers such as no organisation would: everything that may stand in one
// does, in any order, of years and of one second.
type chaos struct {
	*rand.Rand
	tb  testing.TB
	end time.Time
	all []report.Record
}

func (c *chaos) one(of ...string) string { return of[c.IntN(len(of))] }

func (c *chaos) chance(percent int) bool { return c.IntN(100) < percent }

func (c *chaos) incident() string { return fmt.Sprintf("pd/I%d", c.IntN(40)) }

func (c *chaos) person() string { return c.one("ana", "ben", "cy", "") }

func (c *chaos) team() string { return c.one("payments", "search", "sre", "gone", "") }

// when is a moment of three years, most of them near the edges that count.
func (c *chaos) when() time.Time {
	const day = 24 * time.Hour
	back := []time.Duration{0, 14 * day, 28 * day, (28 + 30) * day, (28 + 90) * day, (28 + 180) * day, (28 + 210) * day, 600 * day, 1000 * day}
	t := c.end.Add(-back[c.IntN(len(back))])
	switch c.IntN(4) {
	case 0:
		return t
	case 1:
		return t.Add(time.Duration(c.IntN(7)-3) * time.Nanosecond)
	case 2:
		return t.Add(time.Duration(c.IntN(240)-120) * time.Minute)
	}
	return t.Add(time.Duration(c.IntN(60*24)-30*24) * time.Hour)
}

// add writes a record. Its id sorts by nothing.
func (c *chaos) add(at time.Time, kind string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		c.tb.Fatal(err)
	}
	switch c.IntN(40) {
	case 0:
		b = slices.Concat([]byte(`{"more":[1,{"a":null}],`), b[1:])
	case 1:
		b = slices.Concat([]byte("{ "), b[1:])
	case 2:
		b = []byte(c.one(`{"incident":7}`, `{"incident":"pd/I1"`, `[]`, `null`, `{}`, `{"ID":"pd/I2","Incident":"pd/I2","team":"\u00e4\ud800"}`, ``))
	}
	c.all = append(c.all, report.Record{ID: fmt.Sprintf("%016d%010d", c.IntN(4), c.Uint32()), At: at.UTC(), Kind: kind, Body: b})
}

// life makes an incident's whole life, or a part of it.
func (c *chaos) life() {
	at, id := c.when(), c.incident()
	c.add(at, report.KindIncident, report.IncidentBody{
		ID: id, Service: c.one("checkout", "search", ""), Fingerprint: c.one("f1", "f2", "f3", ""), Title: c.one("disk > 90 %", "é \"x\"\\\n", "", "\u2028"),
		Owner: c.team(), OwnerGuessed: c.chance(10), Test: c.chance(5), Major: c.chance(10), OwnerConfidence: []float64{0, 0.5, 1e-9, 1e30}[c.IntN(4)], URL: c.one("", "u"),
	})
	if c.chance(90) {
		c.add(at, report.KindNotify, report.MomentBody{Incident: id, Person: c.person(), Channel: report.Channel(c.one("push", "phone", "email", ""))})
	}
	if c.chance(70) {
		c.add(at.Add(time.Duration(c.IntN(3))*time.Minute), report.KindAck, report.MomentBody{Incident: id, Person: c.person()})
	}
	if c.chance(70) {
		c.add(at.Add(time.Duration(c.IntN(100))*time.Hour), report.KindResolve, report.MomentBody{Incident: id, Person: c.person(), Auto: c.chance(50)})
	}
}

func (c *chaos) record() {
	at, id := c.when(), c.incident()
	_, number, _ := cut(id)
	page := oncall.Ref{Source: "pd", ID: number}
	switch c.IntN(14) {
	case 0:
		c.add(at, report.KindNotify, report.MomentBody{Incident: id, Person: c.person(), Channel: report.Push})
	case 1:
		c.add(at, report.KindAck, report.MomentBody{Incident: id, Person: c.person()})
	case 2:
		kind := c.one(report.KindRelease, report.KindSnooze, report.KindHandoff, report.KindResolve)
		c.add(at, kind, report.MomentBody{Incident: id, Person: c.person(), Reason: report.Reason(c.one("unacked", "resolved", ""))})
	case 3:
		c.add(at, report.KindMerge, report.MergeBody{Incident: id, Into: c.incident()})
	case 4:
		c.add(at, report.KindDeploy, report.DeployBody{ID: c.one("d1", "d2", "d3"), Service: "checkout", Team: c.team(), Kind: c.one("deploy", "hotfix"), Checks: c.one("none", "passed")})
	case 5:
		c.add(at, report.KindAttrib, report.AttribBody{Incident: id, Deploy: c.one("d1", "d2", "d4"), Score: 7.5, Chance: c.Float64() / 1e6, Likely: c.chance(50)})
	case 6, 7, 8:
		name, value := oncall.TagName(c.one("verdict", "preventable", "deploy", "followup", "memory")), c.one("needed", "noise", "yes", "confirmed", "rejected", "")
		c.add(at, report.KindTag, oncall.Tag{Page: page, Name: name, Value: value})
	case 9:
		run := oncall.StepRun{ID: "r", Page: page, Runbook: c.one("a", "b"), Script: "x < y\n", State: oncall.RunState(c.IntN(5)), Started: c.when(), Exit: c.IntN(3) - 1}
		run.Ended = run.Started.Add(time.Duration(c.IntN(900)) * time.Second)
		c.add(at, report.KindRun, run)
	case 10:
		c.add(at, report.KindFollowUp, report.FollowUpBody{ID: c.one("F1", "F2", report.StubID(id)), Incident: c.one(id, ""), Team: c.team(), Closed: c.chance(40)})
	case 11:
		c.add(at, report.KindRecommend, report.RecommendBody{ID: c.one("R1", "R2"), Service: "checkout", Team: c.team(), Answer: c.one("", "accepted")})
	case 12:
		c.add(at, report.KindSLO, report.SLOBody{Incident: id, SLO: c.one("s", "t"), Share: c.Float64() / 2, From: at, To: at.Add(time.Duration(c.IntN(400)) * time.Hour)})
	case 13:
		c.add(at, c.one(report.KindContest, report.KindDecision, report.KindConsent, report.KindForget, "action"), map[string]any{"incident": id, "person": c.person(), "scope": "name", "text": "t"})
	}
}

func cut(id string) (source, number string, ok bool) { return id[:2], id[3:], true }

// counted is everything that is made of facts.
func counted(tb testing.TB, f report.Facts, o report.Options) string {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Fatal(err)
	}
	for i, who := range []string{"ana", "ben", "cy"} {
		f.People = append(f.People, report.Person{ID: who, Team: []string{"payments", "search", "sre"}[i], Stays: []report.Stay{{Zone: zone}}})
	}
	p := report.Privacy{Sizes: map[string]int{"payments": 7, "search": 6, "sre": 5, "gone": 2}}
	mttr, _ := report.MeanTimeToResolve(f, o)
	quarter := report.Quarter(o.End)
	all, err := json.MarshalIndent([]any{
		report.Compose(f, o, p, "unit"), report.Compose(f, o, report.Privacy{}, ""), mttr,
		report.Nights(f, "ana", p, quarter.End), f.Wishes.Agreed("ana", report.ScopeName),
	}, "", " ")
	if err != nil {
		tb.Fatal(err)
	}
	return string(all)
}

// read is Reading with the records dealt out to lanes as a ledger does.
func read(tb testing.TB, records []report.Record, o report.Options, lanes int) (report.Facts, error) {
	tb.Helper()
	r := report.NewReading(lanes, int64(len(records)))
	for i, rec := range records {
		if err := r.Lane(i*lanes/len(records)).Take(rec.At, []byte(rec.ID), []byte(rec.Kind), slices.Clone(rec.Body)); err != nil {
			tb.Fatal(err)
		}
	}
	return r.Facts(o)
}

// TestReadingOfAPeriodGivesTheSameReport holds what is left of a ledger for one
// period to the whole of it, over random ledgers: the same report to the digit, and
// the same record named as unreadable.
func TestReadingOfAPeriodGivesTheSameReport(t *testing.T) {
	left, pages := 0, 0
	for seed := range uint64(400) {
		c := chaos{Rand: rand.New(rand.NewPCG(seed, 3)), tb: t, end: at(t, "04-06 00:00")}
		for range 5 + c.IntN(60) {
			c.life()
		}
		for range c.IntN(150) {
			c.record()
		}
		if c.chance(70) {
			slices.SortStableFunc(c.all, func(a, b report.Record) int { return a.At.Compare(b.At) })
		}
		o := report.Options{Start: c.end.Add(-14 * 24 * time.Hour), End: c.end, Resettle: time.Duration(c.IntN(3)) * time.Hour}
		whole, wantErr := report.Read(c.all)
		want := counted(t, whole, o)
		for lanes := 1; lanes <= 3; lanes++ {
			// What Nights counts is wider than this period.
			some, err := read(t, c.all, report.Options{Start: c.end.Add(-13 * 7 * 24 * time.Hour), End: c.end, Resettle: o.Resettle}, lanes)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || some.Known != whole.Known {
				t.Fatalf("seed %d: %v of %d incidents, want %v of %d", seed, err, some.Known, wantErr, whole.Known)
			}
			if got := counted(t, some, o); got != want {
				t.Fatalf("seed %d, %d lanes:\n%s", seed, lanes, difference(got, want))
			}
			left += whole.Known - len(some.Incidents)
		}
		narrow, _ := read(t, c.all, o, 2)
		got, want := pageOf(t, narrow, o), pageOf(t, whole, o)
		if got != want {
			t.Fatalf("seed %d, two weeks:\n%s", seed, difference(got, want))
		}
		left += whole.Known - len(narrow.Incidents)
		pages += report.Count(whole, o).Pages
	}
	if left < 100 || pages < 100 {
		t.Errorf("%d incidents were left out and %d pages counted: the ledgers try nothing", left, pages)
	}
}

func pageOf(tb testing.TB, f report.Facts, o report.Options) string {
	tb.Helper()
	b, err := json.MarshalIndent(report.Compose(f, o, report.Privacy{Sizes: map[string]int{"payments": 9}}, ""), "", " ")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// difference is where two texts begin to differ.
func difference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	from := max(0, i-200)
	return "…" + got[from:min(len(got), i+200)] + "\nwant\n…" + want[from:min(len(want), i+200)]
}

// TestReadingOfAllTimeGivesTheSameFacts reads a period that holds everything.
func TestReadingOfAllTimeGivesTheSameFacts(t *testing.T) {
	records := recorded(t)
	want, err := report.Read(records)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t, records, report.Options{Start: at(t, "01-01 00:00"), End: at(t, "12-01 00:00")}, 2)
	if err != nil {
		t.Fatal(err)
	}
	want.Teams = got.Teams // said of a part only
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestReadingLeavesWhatIsStrange refuses records that no ledger writes, so that they
// are read one by one.
func TestReadingLeavesWhatIsStrange(t *testing.T) {
	for name, r := range map[string]report.Record{
		"id":   {ID: "01ARZ3NDEKTSV4RRFFQ69G5FAU", At: at(t, "04-01 00:00")},
		"long": {ID: "01ARZ3NDEKTSV4RRFFQ69G5FAVV", At: at(t, "04-01 00:00")},
		"high": {ID: "81ARZ3NDEKTSV4RRFFQ69G5FAV", At: at(t, "04-01 00:00")},
		"old":  {ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", At: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if err := report.NewReading(1, 1).Lane(0).Take(r.At, []byte(r.ID), []byte(report.KindAck), []byte(`{}`)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
