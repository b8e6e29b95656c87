package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/feed"
	"conway/internal/ledger"
	"conway/internal/report"
	"conway/internal/sources/pagerduty"
)

// inMemory answers requests without a network, so that time may be made to pass.
type inMemory struct {
	http.Handler

	// refused and histories count what was answered with 429 and asked for.
	refused, histories int
	// stop is called once that many histories were asked for.
	after int
	stop  context.CancelFunc
}

func (m *inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if strings.HasSuffix(r.URL.Path, "/log_entries") {
		if m.histories++; m.histories == m.after {
			m.stop()
		}
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	if w.Code == http.StatusTooManyRequests {
		m.refused++
	}
	return w.Result(), nil
}

func manyIncidents() *pdserver.Server {
	now := time.Now().UTC().Truncate(time.Second)
	s := pdserver.New(pdserver.Options{
		Me: "PANA", Users: []pdserver.User{{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com"}},
		Services: []pdserver.Service{{ID: "PCHK", Name: "checkout-prod", Policy: "PPOL"}},
		Policies: []pdserver.Policy{{ID: "PPOL", Name: "Payments", Rules: []pdserver.Rule{{Delay: 15 * time.Minute, Users: []string{"PANA"}}}}},
	})
	for i := range manyPast {
		at := now.Add(-80*day + time.Duration(i)*10*time.Minute)
		s.Past(pdserver.Incident{ID: fmt.Sprintf("Q%05d", i), Title: "disk full", Service: "PCHK", At: at}, at.Add(5*time.Minute), "PANA", "")
	}
	return s
}

// TestSyncOfManyIncidents reads ten thousand histories: stopped in the middle and run
// again, with another program that uses up the token's allowance now and then. The
// pager refuses no more than what that other one makes it refuse, no history is read
// twice, and nothing is in the ledger twice.
func TestSyncOfManyIncidents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := manyIncidents()
		wire := &inMemory{Handler: server}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		j, err := ledger.Open(t.Context(), ledger.Options{Path: dir + "/ledger.db", Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		pager := func() *pagerduty.Source {
			s, err := pagerduty.New(pagerduty.Options{
				Name: "pd", URL: "http://pager.example", Token: func(context.Context) (string, error) { return "t0ken", nil }, Scope: pagerduty.All,
				Transport: wire, Budget: feed.NewBudget(feed.BudgetOptions{PerMinute: pagerDutyPerMinute, Burst: 20}),
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var out, errs bytes.Buffer
		a := &app{now: time.Now, process: process{stdout: &out, stderr: &errs}}
		sync := func(ctx context.Context) error {
			over, err := overIn(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			return a.syncSource(ctx, "pd", pager(), records{}, j, over, 90*day)
		}
		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		wire.after, wire.stop = manyPast/2, cancel
		if err := sync(ctx); err == nil || !strings.Contains(err.Error(), "run it again to go on from there") {
			t.Errorf("stopped: %v", err)
		}
		server.SetLimit(0) // another program has used up the minute
		go func() {
			sleep(t.Context(), 3*time.Minute)
			server.SetLimit(pagerDutyPerMinute)
		}()
		if err := sync(t.Context()); err != nil {
			t.Errorf("%v\n%s", err, errs.String())
		}
		took := time.Since(begun)
		requests := float64(2*manyPast + manyPast/100)
		if least := time.Duration(requests / pagerDutyPerMinute * float64(time.Minute)); took < least || took > least+15*time.Minute {
			t.Errorf("it took %s, at the allowance it takes %s", took, least)
		}
		if wire.refused > 10 {
			t.Errorf("%d requests were refused", wire.refused)
		}
		if extra := wire.histories - manyPast; extra < 0 || extra > 10 {
			t.Errorf("%d histories of %d incidents were asked for", wire.histories, manyPast)
		}
		counted(t, j)
		t.Logf("%s by the pager's clock, %d requests refused, %d histories asked for\n%s%s", took, wire.refused, wire.histories, out.String(), errs.String())
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
}

// counted fails where the ledger does not hold each incident and its end once.
func counted(t *testing.T, j *ledger.Journal) {
	t.Helper()
	n := map[string]map[string]int{report.KindIncident: {}, report.KindResolve: {}}
	for cursor := ledger.Cursor(0); ; {
		some, next, err := j.Since(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		for _, r := range some {
			var b struct{ ID, Incident string }
			if err := r.Decode(&b); err != nil {
				t.Fatal(err)
			}
			if of := n[r.Kind]; of != nil {
				of[b.ID+b.Incident]++
			}
		}
		cursor = next
	}
	for kind, of := range n {
		if len(of) != manyPast {
			t.Errorf("%s records of %d incidents, want %d", kind, len(of), manyPast)
		}
		for id, times := range of {
			if times != 1 {
				t.Errorf("%s is recorded %d times as %s", id, times, kind)
			}
		}
	}
}
