package pagerduty_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
	"conway/internal/sources/pagerduty"
)

func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		old := pd.Trigger(pdserver.Incident{Title: "old and open", Service: "PCHK", At: time.Now().AddDate(0, -3, 0)})
		pd.Reassign(old, "PANA")
		id := pd.Trigger(pdserver.Incident{
			Title: "checkout 5xx", Service: "PCHK", Key: "k1", Priority: "P1", Urgency: "low",
			Alerts: []pdserver.Alert{{}, {}},
		})
		pd.Trigger(pdserver.Incident{Title: "of Ben", Service: "PLED"})
		r := run(t, source(t, pd))
		e := r.pages()
		if !e.Complete || e.Source != "pd" || e.Err != nil || e.Every != 10*time.Second {
			t.Errorf("event is %+v", e)
		}
		if len(e.Pages) != 2 || e.Pages[0].Title != "old and open" {
			t.Fatalf("pages are %+v, want the old one and the new one", e.Pages)
		}
		p := e.Pages[1]
		at, ok := p.NextEscalation()
		want := oncall.Page{
			Ref: oncall.Ref{Source: "pd", ID: id}, Number: 4802, Title: "checkout 5xx", Status: oncall.Triggered,
			Urgency: oncall.Low, Priority: "P1", Service: oncall.Service{ID: "PCHK", Name: "checkout"},
			Teams: []string{"Payments"}, PolicyID: "PPOL", Policy: "Payments", CreatedAt: p.CreatedAt,
			UpdatedAt: p.CreatedAt, Assignees: []oncall.Person{{ID: "PANA", Name: "Ana Lima"}},
			Pending: []oncall.Escalation{{Kind: "escalate", At: at}}, Alerts: 2,
			URL: "https://example.pagerduty.com/incidents/" + id, Key: "k1", Mine: true,
		}
		if !ok || !at.Equal(p.CreatedAt.Add(15*time.Minute)) || fmt.Sprintf("%+v", p) != fmt.Sprintf("%+v", want) {
			t.Errorf("the page is\n%+v, want\n%+v", p, want)
		}
		if err := r.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestScopes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pagerduty.Options)
		want   []string
	}{
		"mine":       {func(*pagerduty.Options) {}, []string{"one"}},
		"teams":      {func(o *pagerduty.Options) { o.Scope = pagerduty.Teams }, []string{"one", "two"}},
		"this team":  {func(o *pagerduty.Options) { o.Scope, o.TeamIDs = pagerduty.Teams, []string{"PPAY"} }, []string{"one", "two"}},
		"other team": {func(o *pagerduty.Options) { o.Scope, o.TeamIDs = pagerduty.Teams, []string{"PNO"} }, nil},
		"all":        {all, []string{"one", "two", "three"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pd := account(t)
				pd.Trigger(pdserver.Incident{Title: "one", Service: "PCHK"})
				pd.Reassign(pd.Trigger(pdserver.Incident{Title: "two", Service: "PCHK"}), "PBEN")
				pd.Trigger(pdserver.Incident{Title: "three", Service: "PLED"})
				r := run(t, source(t, pd, c.change))
				var got []string
				for _, p := range r.pages().Pages {
					got = append(got, p.Title)
					if p.Mine != (p.Title == "one") {
						t.Errorf("Mine of %q is %t", p.Title, p.Mine)
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("pages are %v, want %v", got, c.want)
				}
				_ = r.end()
			})
		})
	}
}

func TestAcksAndTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		r := run(t, source(t, pd))
		pd.Acknowledge(id, "PBEN")
		pass(15 * time.Second)
		p := r.pages().Pages[0]
		if p.Status != oncall.Acknowledged || len(p.Acks) != 1 || p.Acks[0].By.Name != "Ben Ode" || len(p.Pending) != 0 {
			t.Errorf("the acknowledged page is %+v", p)
		}
		_ = r.end()
	})
}

func TestResolvedPagesStayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		r := run(t, source(t, pd))
		pd.Resolve(id, "PBEN")
		pass(15 * time.Second)
		if p := r.pages().Pages; len(p) != 1 || p[0].Status != oncall.Resolved {
			t.Fatalf("pages are %+v, want the resolved one", p)
		}
		pass(14 * time.Minute)
		if p := r.pages().Pages; len(p) != 1 {
			t.Fatalf("pages are %+v, want the resolved one still", p)
		}
		pass(2 * time.Minute)
		if p := r.pages().Pages; len(p) != 0 {
			t.Fatalf("pages are %+v, want none after 15 minutes", p)
		}
		if n := asked(pd, http.MethodGet, "/incidents/"+id); n != 1 {
			t.Errorf("the page was looked up %d times, want once", n)
		}
		_ = r.end()
	})
}

func TestReopenedPageIsOpenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		r := run(t, source(t, pd))
		pd.Resolve(id, "PBEN")
		pass(15 * time.Second)
		pd.Acknowledge(id, "PANA")
		pass(15 * time.Second)
		if p := r.pages().Pages; len(p) != 1 || p[0].Status != oncall.Acknowledged {
			t.Errorf("pages are %+v, want one that is acknowledged", p)
		}
		_ = r.end()
	})
}

func TestSomebodyElsesNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		r := run(t, source(t, pd))
		pd.Reassign(id, "PBEN")
		pass(15 * time.Second)
		if p := r.pages().Pages; len(p) != 0 {
			t.Errorf("pages are %+v, want none: it is Ben's and open", p)
		}
		_ = r.end()
	})
}

func TestPageThatCannotBeReadIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		r := run(t, source(t, pd))
		pd.Resolve(id, "PBEN")
		pd.Fail(pdserver.On("GET", "/incidents/"+id, 1, pdserver.Failure{Status: 500}))
		pass(25 * time.Second)
		p := r.pages().Pages
		if len(p) != 1 || p[0].Status != oncall.Triggered || fmt.Sprint(p[0].Odd) != "[status]" {
			t.Fatalf("pages are %+v, want the last known one, marked", p)
		}
		pass(time.Minute)
		if p = r.pages().Pages; len(p) != 1 || p[0].Status != oncall.Resolved || len(p[0].Odd) != 0 {
			t.Fatalf("pages are %+v, want the resolved one", p)
		}
		_ = r.end()
	})
}

func TestLookUpsDoNotHoldUpTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		var ids []string
		for n := range 60 {
			ids = append(ids, pd.Trigger(pdserver.Incident{Title: fmt.Sprint(n), Service: "PCHK"}))
		}
		r := run(t, source(t, pd))
		for _, id := range ids {
			pd.Resolve(id, "PBEN")
		}
		pd.Trigger(pdserver.Incident{Title: "new", Service: "PCHK"})
		pd.Fail(pdserver.On("GET", "/incidents/", 0, pdserver.Failure{Delay: time.Hour}))
		pass(20 * time.Second)
		if p := r.pages().Pages; len(p) != 61 || byTitle(p)["new"].Ref.ID == "" {
			t.Errorf("%d pages, want 60 kept and the new one", len(p))
		}
		if n := len(pd.Requests()); n > 60 {
			t.Errorf("%d requests while nothing can be looked up", n)
		}
		pd.Fail(nil)
		pass(3 * time.Minute)
		round := 0
		for _, r := range pd.Requests() {
			switch {
			case r.Path == "/incidents":
				round = 0
			case strings.HasPrefix(r.Path, "/incidents/"):
				round++
			}
			if round == 21 {
				t.Error("more than 20 look-ups before the list was read again")
			}
		}
		for _, p := range r.pages().Pages {
			if (p.Status == oncall.Resolved) == (p.Title == "new") {
				t.Errorf("%q is %v", p.Title, p.Status)
			}
		}
		_ = r.end()
	})
}

func TestContinuesAfterAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		r := run(t, s)
		pd.Fail(pdserver.On("GET", "/incidents", 1, pdserver.Failure{Status: 503, Body: "down"}))
		wantFault(t, <-r.done, oncall.Unavailable)
		pd.Resolve(id, "PBEN")
		r = run(t, s)
		if p := r.pages().Pages; len(p) != 1 || p[0].Status != oncall.Resolved {
			t.Errorf("pages are %+v, want the one from before, resolved", p)
		}
		_ = r.end()
	})
}

// TestGivenAwayIsTold has a page of scope mine go to somebody else and come back.
func TestGivenAwayIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		r := run(t, s)
		pd.Reassign(id, "PBEN")
		for range 2 {
			pass(time.Minute)
			e := r.pages()
			if len(e.Pages) != 0 || len(e.Left) != 1 || !e.Complete || e.Left[0].Mine || len(e.Left[0].Assignees) != 1 || e.Left[0].Assignees[0].ID != "PBEN" {
				t.Errorf("pages %+v, left %+v; want the one with Ben", e.Pages, e.Left)
			}
		}
		if n := asked(pd, http.MethodGet, "/incidents/"+id); n != 1 {
			t.Errorf("it was looked up %d times, want once", n)
		}
		pd.Reassign(id, "PANA")
		pass(time.Minute)
		if e := r.pages(); len(e.Pages) != 1 || len(e.Left) != 0 {
			t.Errorf("back again: pages %+v, left %+v", e.Pages, e.Left)
		}
		pd.Reassign(id, "PBEN")
		pass(time.Minute)
		pass(11 * time.Minute)
		if e := r.pages(); len(e.Pages) != 0 || len(e.Left) != 0 {
			t.Errorf("long after: pages %+v, left %+v", e.Pages, e.Left)
		}
		_ = r.end()
	})
}

func TestRefreshAndSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		s := source(t, pd)
		r := run(t, s)
		n := asked(pd, http.MethodGet, "/incidents")
		s.Refresh()
		synctest.Wait()
		if got := asked(pd, http.MethodGet, "/incidents"); got != n+1 {
			t.Errorf("a refresh made %d requests, want one", got-n)
		}
		pd.Fail(func(r *http.Request) *pdserver.Failure {
			if r.URL.Path != "/incidents" {
				return nil
			}
			return &pdserver.Failure{Status: 200, Body: `{"incidents":[],"more":false}`, Header: http.Header{
				"Ratelimit-Limit": {"960"}, "Ratelimit-Remaining": {"100"}, "Ratelimit-Reset": {"30"},
			}}
		})
		pass(12 * time.Second)
		if e := r.pages(); e.Every != 30*time.Second {
			t.Fatalf("the interval is %v while requests are scarce, want 30 s", e.Every)
		}
		n = asked(pd, http.MethodGet, "/incidents")
		pass(5 * time.Minute)
		if got := asked(pd, http.MethodGet, "/incidents") - n; got < 8 || got > 12 {
			t.Errorf("%d requests in 5 minutes, want about 10", got)
		}
		n = asked(pd, http.MethodGet, "/incidents")
		s.Refresh()
		synctest.Wait()
		if got := asked(pd, http.MethodGet, "/incidents"); got != n+1 {
			t.Error("a refresh was put off")
		}
		_ = r.end()
	})
}

func TestAccountKey(t *testing.T) {
	nobody := func(o *pdserver.Options) { o.Me = "" }
	from := func(address string) func(*pagerduty.Options) {
		return func(o *pagerduty.Options) { o.From = address }
	}
	t.Run("with an address", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pd := account(t, nobody)
			id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
			s := source(t, pd, from("Ana@example.com"))
			r := run(t, s)
			if p := r.pages().Pages; len(p) != 1 || !p[0].Mine {
				t.Errorf("pages are %+v", p)
			}
			if me := r.roster().Roster.Me; me != (oncall.Person{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com"}) {
				t.Errorf("me is %+v", me)
			}
			if err := s.Acknowledge(t.Context(), id); err != nil {
				t.Error(err)
			}
			if st, _ := pd.State(id); fmt.Sprint(st.AckedBy) != "[PANA]" {
				t.Errorf("acknowledged by %v", st.AckedBy)
			}
			_ = r.end()
		})
	})
	for name, c := range map[string]struct {
		change func(*pagerduty.Options)
		want   string
	}{
		"without":       {from(""), "pd: find out who you are: refused: the token is the account's, so it does not say who you are; set me.email"},
		"a wrong one":   {from("zoe@example.com"), "pd: find out who you are: refused: nobody in this account has the address zoe@example.com; correct me.email"},
		"only a prefix": {from("ana@example.co"), "pd: find out who you are: refused: nobody in this account has the address ana@example.co; correct me.email"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, source(t, account(t, nobody), c.change))
				if f := faultOf(t, <-r.done, oncall.Rejected); f.Error() != c.want {
					t.Errorf("the fault is %q, want %q", f, c.want)
				}
			})
		})
	}
	t.Run("everything, as nobody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pd := account(t, nobody)
			id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
			s := source(t, pd, all)
			r := run(t, s)
			if p := r.pages().Pages; len(p) != 1 || p[0].Mine {
				t.Errorf("pages are %+v", p)
			}
			if e := r.roster(); e.Err != nil || len(e.Roster.Shifts) == 0 {
				t.Errorf("the roster is %+v", e)
			}
			pass(55 * time.Second)
			if n := asked(pd, http.MethodGet, "/users/me"); n > 5 {
				t.Errorf("asked %d times in a minute who is there", n)
			}
			f := faultOf(t, s.Acknowledge(t.Context(), id), oncall.Rejected)
			if f.Fix != "set me.email" {
				t.Errorf("the fault is %q", f)
			}
			_ = r.end()
		})
	})
}

func TestNoTeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t, func(o *pdserver.Options) { o.Me = "PBEN" })
		r := run(t, source(t, pd, func(o *pagerduty.Options) { o.Scope = pagerduty.Teams }))
		wantFault(t, <-r.done, oncall.Rejected)
	})
}

func TestOptions(t *testing.T) {
	good := pagerduty.Options{Token: func(context.Context) (string, error) { return token, nil }}
	for name, change := range map[string]func(*pagerduty.Options){
		"no address":   func(o *pagerduty.Options) { o.URL = "api.pagerduty.com" },
		"a scheme":     func(o *pagerduty.Options) { o.URL = "ftp://api.pagerduty.com" },
		"a query":      func(o *pagerduty.Options) { o.URL = "https://api.pagerduty.com?x=1" },
		"a credential": func(o *pagerduty.Options) { o.URL = "https://me:" + token + "@api.pagerduty.com" },
		"scope":        func(o *pagerduty.Options) { o.Scope = "some" },
		"from":         func(o *pagerduty.Options) { o.From = "Ana <ana@example.com>" },
		"token":        func(o *pagerduty.Options) { o.Token = nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if s, err := pagerduty.New(o); err == nil {
				t.Errorf("got %v, want an error", s.Name())
			} else {
				t.Log(err)
			}
		})
	}
	if _, err := pagerduty.New(good); err != nil {
		t.Error(err)
	}
}

func TestOAuthAndTrailingSlash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		var got []string
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Header.Get("Authorization")+" "+r.URL.Path+" "+r.Header.Get("User-Agent"))
			pd.ServeHTTP(w, r)
		})
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, h, func(o *pagerduty.Options) { o.OAuth, o.URL = true, "http://pd.test/" })
		if err := s.Resolve(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		want := "[Bearer " + token + " /users/me conway/test Bearer " + token + " /incidents conway/test]"
		if fmt.Sprint(got) != want {
			t.Errorf("requests were %v, want %v", got, want)
		}
	})
}
