package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
)

// remembering starts a core on a ledger of its own that holds these records.
func remembering(t *testing.T, records ...ledger.Record) *core {
	t.Helper()
	home := t.TempDir()
	a := &app{now: time.Now, configPath: write(t, "config.yaml", `me: {email: ana@example.com, time_zone: UTC}
people: {ana@example.com: {team: sre, time_zone: UTC, sleep: "00:00-23:59"}}
`), process: process{getenv: func(k string) string { return map[string]string{"HOME": home}[k] }}}
	cfg, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCore(cfg, a.now)
	if err != nil {
		t.Fatal(err)
	}
	a.openLedger(t.Context(), c)
	for _, r := range records {
		if _, err := c.journal.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	c.start(t.Context())
	t.Cleanup(func() {
		if err := c.stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

// tells waits for the next word of the ledger that is one.
func tells(t *testing.T, c *core, is func(oncall.Recall) bool) oncall.Recall {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		events, err := c.box.Next(ctx)
		if err != nil {
			t.Fatalf("the ledger says nothing: %v", err)
		}
		for _, e := range events {
			if r, ok := e.(oncall.RecallEvent); ok && is(r.Recall) {
				return r.Recall
			}
		}
	}
}

// body makes the JSON of a record.
func body(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sample is a page of the same alert each time.
func sample(id string, at time.Time, s oncall.Status) oncall.Page {
	return oncall.Page{
		Ref: oncall.Ref{Source: "pd", ID: id}, Title: "HighErrorRate", Status: s, Mine: true, CreatedAt: at,
		Service: oncall.Service{ID: "PCHK", Name: "checkout"},
	}
}

func TestLedgerSaysWhatItKnowsOfAnAcknowledgedPage(t *testing.T) {
	now := time.Now()
	before := now.Add(-50 * time.Hour)
	r := records{}
	c := remembering(t,
		ledger.Record{At: before, Kind: report.KindIncident, Src: "pd", Body: body(t, r.incident(sample("OLD", before, oncall.Resolved)))},
		ledger.Record{At: before, Kind: report.KindNotify, Src: "pd", Body: body(t, report.MomentBody{Incident: "pd/OLD", Person: "somebody", Channel: report.Push})},
	)
	page := sample("NEW", now.Add(-time.Minute), oncall.Triggered)
	c.emit(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: now}, Pages: []oncall.Page{page}, Complete: true})
	page.Status = oncall.Acknowledged
	c.emit(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: now}, Pages: []oncall.Page{page}, Complete: true})
	got := tells(t, c, func(r oncall.Recall) bool { return len(r.Pages[page.Ref].Line) > 0 })
	if line := strings.Join(got.Pages[page.Ref].Line, " · "); line != "HighErrorRate again, no follow-up" {
		t.Errorf("the line is %q", line)
	}
}

func TestLineThatWasLeftComesBackWithTheNextPage(t *testing.T) {
	now := time.Now()
	before := now.Add(-50 * time.Hour)
	old := sample("OLD", before, oncall.Resolved)
	tag, err := ledger.TagRecord(oncall.Tag{Page: old.Ref, Name: oncall.TagMemory, Value: "purge the queue"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := ledger.RunRecord(oncall.StepRun{ID: "x", Page: old.Ref, Script: "purge queue\n", State: oncall.RunExited, Ended: before})
	if err != nil {
		t.Fatal(err)
	}
	r := records{}
	c := remembering(t, ledger.Record{At: before, Kind: report.KindIncident, Src: "pd", Body: body(t, r.incident(old))}, run, tag)
	page := sample("NEW", now.Add(-time.Minute), oncall.Triggered)
	c.emit(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: now}, Pages: []oncall.Page{page}, Complete: true})
	got := tells(t, c, func(r oncall.Recall) bool { return r.Pages[page.Ref].Left != nil }).Pages[page.Ref].Left
	if got.Line != "purge the queue" || got.Command != "purge queue\n" {
		t.Errorf("left: %+v", got)
	}
}
