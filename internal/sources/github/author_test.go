package github

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/fault"
	"conway/internal/drill/ghserver"
	"conway/internal/oncall"
)

// byFolder knows one repository, whose files are of the team that the first file's
// folder is called after.
type byFolder struct{}

func (byFolder) Knows(repo string) bool { return repo == checkout }

func (byFolder) Majority(_ string, paths []string) (team, why string) {
	team, _, _ = strings.Cut(paths[0], "/")
	return team, strings.Join(paths, " ")
}

// compare tells the server what lies between two commits.
func compare(t *testing.T, s *ghserver.Server, base, head string, files ...string) {
	t.Helper()
	if err := s.SetCompare(checkout, base, head, []ghserver.Commit{{SHA: head}}, files...); err != nil {
		t.Fatal(err)
	}
}

func TestWhoseChangesDeploysAre(t *testing.T) {
	s := server(t, checkout, "acme/ledger")
	many := make([]string, maxChanged+5)
	for i := range many {
		many[i] = fmt.Sprintf("a/%d", i)
	}
	at := time.Now().Add(-8 * 24 * time.Hour)
	add := func(sha string, d ghserver.Deployment, states ...string) {
		at = at.Add(time.Hour)
		d.SHA, d.CreatedAt = sha, at
		deploy(t, s, checkout, d, states...)
	}
	shop := map[string]string{"service": "shop"}
	add("00aa", ghserver.Deployment{}, "success") // too old to be shown
	at = time.Now().Add(-20 * time.Hour)
	add("01aa", ghserver.Deployment{}, "success")
	add("02aa", ghserver.Deployment{Environment: "staging"}, "success")
	add("03aa", ghserver.Deployment{}, "failure")
	add("04aa", ghserver.Deployment{Payload: shop}, "success")
	add("05aa", ghserver.Deployment{}, "success")
	add("06aa", ghserver.Deployment{Payload: shop}, "success")
	add("06aa", ghserver.Deployment{Payload: shop}, "success")
	add("07aa", ghserver.Deployment{}, "success")
	add("08aa", ghserver.Deployment{Payload: map[string]string{"team": "said"}}, "success")
	add("09aa", ghserver.Deployment{}, "in_progress")
	add("10aa", ghserver.Deployment{}, "success")
	compare(t, s, "00aa", "01aa", "pay/a", "pay/b c")
	compare(t, s, "01aa", "05aa", many...)
	compare(t, s, "04aa", "06aa")
	compare(t, s, "05aa", "07aa", "search/a")
	// What the last one changed is not to be had.
	deploy(t, s, "acme/ledger", ghserver.Deployment{SHA: "11aa"}, "success")
	deploy(t, s, "acme/ledger", ghserver.Deployment{SHA: "12aa"}, "success")

	src := newSource(t, Options{URL: listening(t, s), Token: token, Repos: []string{checkout, "acme/ledger"}, Owners: byFolder{}})
	var e oncall.DeploysEvent
	for range 2 {
		e = event(t, src) // a few are compared in each round
	}
	var got []string
	for _, d := range e.Deploys {
		got = append(got, fmt.Sprintf("%s %s: %s", d.Commit, d.Team, d.TeamSource))
	}
	want := []string{
		"12aa : ", "11aa : ", "10aa : what it changed cannot be read", "09aa : ", "08aa said: ", "07aa search: search/a",
		"06aa : the same commit as before", "06aa : no file changed", "05aa : 300 files or more changed",
		"04aa : no earlier deploy is known", "03aa : ", "02aa : no earlier deploy is known", "01aa pay: pay/a pay/b c",
	}
	// Two of one moment come in either order.
	if strings.HasPrefix(strings.Join(got, "\n"), "11aa") {
		got[0], got[1] = got[1], got[0]
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the deploys are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	before, _ := s.Requests()
	event(t, src)
	if after, _ := s.Requests(); after-before != 3 {
		t.Errorf("a quiet round takes %d requests, want two lists and the statuses of what runs", after-before)
	}
}

// TestComparisonsAreBounded counts what is asked for in a round, and how often what
// fails for now is tried.
func TestComparisonsAreBounded(t *testing.T) {
	s := server(t, checkout)
	for i := range maxCompared + 4 {
		deploy(t, s, checkout, ghserver.Deployment{SHA: fmt.Sprintf("%04da", i), CreatedAt: time.Now().Add(time.Duration(i-100) * time.Minute)}, "success")
	}
	var asked atomic.Int64
	s.Faults.Set(func(r *http.Request) fault.Fault {
		if strings.Contains(r.URL.Path, "/compare/") {
			asked.Add(1)
			return fault.Fault{Status: http.StatusBadGateway}
		}
		return fault.Fault{}
	})
	src := newSource(t, Options{URL: listening(t, s), Owners: byFolder{}})
	for round := range 20 {
		before := asked.Load()
		e := event(t, src)
		if len(e.Deploys) != maxCompared+4 || e.Err != nil {
			t.Fatalf("%d deploys, %v: the others are lost for a comparison", len(e.Deploys), e.Err)
		}
		if got := asked.Load() - before; got > maxCompared || round == 0 && (got != maxCompared || e.Deploys[0].TeamSource != "what it changed is not known yet") {
			t.Errorf("round %d asks %d times, the newest is %q", round, got, e.Deploys[0].TeamSource)
		}
	}
	if got := asked.Load(); got != maxTries*(maxCompared+3) {
		t.Errorf("%d comparisons are asked for in all, want %d of each", got, maxTries)
	}
}

func TestARateLimitOfComparisonsIsOne(t *testing.T) {
	s := server(t, checkout)
	for i := range 2 {
		deploy(t, s, checkout, ghserver.Deployment{SHA: fmt.Sprintf("%04da", i)}, "success")
	}
	s.Faults.Set(func(r *http.Request) fault.Fault {
		if strings.Contains(r.URL.Path, "/compare/") {
			return fault.Fault{Status: http.StatusForbidden, Header: http.Header{"Retry-After": {"7"}}}
		}
		return fault.Fault{}
	})
	_, err := once(t, newSource(t, Options{URL: listening(t, s), Owners: byFolder{}}))
	if f := oncall.AsFault(err, "", ""); f == nil || f.Kind != oncall.RateLimited || f.RetryAfter != 7*time.Second {
		t.Errorf("%v, want to be told to wait", err)
	}
}
