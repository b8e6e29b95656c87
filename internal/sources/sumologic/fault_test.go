package sumologic_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/sumologic"
	"conway/internal/sources/sumologic/sumotest"
)

func body(status int, code, message string) *sumotest.Failure {
	return &sumotest.Failure{Status: status, ContentType: "application/json", Body: fmt.Sprintf(`{"status":%d,"id":"IUUQI-DGH5I-TJ045","code":%q,"message":%q}`, status, code, message)}
}

func TestSentences(t *testing.T) {
	for name, c := range map[string]struct {
		failure *sumotest.Failure
		kind    oncall.FaultKind
		want    string
	}{
		"wrong key": {
			body(401, "unauthorised", "Full authentication is required to access this resource."), oncall.Auth,
			"sumo: begin a search: not authorised (HTTP 401): Full authentication is required to access this resource.; renew the access key of sumo, and check that url is the API of its deployment, such as https://api.eu.sumologic.com/api",
		},
		"not allowed": {
			body(403, "forbidden", "This operation is not allowed for your account type."), oncall.Auth,
			"sumo: begin a search: not authorised (HTTP 403): This operation is not allowed for your account type.; give the user of sumo the capability Download Search Results",
		},
		"bad query": {
			body(400, "searchjob.parse.error", "Unable to parse query."), oncall.Rejected,
			"sumo: begin a search: refused (HTTP 400): Unable to parse query.",
		},
		"a code without words": {
			&sumotest.Failure{Status: 400, ContentType: "application/json", Body: `{"code":"searchjob.no.query"}`}, oncall.Rejected,
			"sumo: begin a search: refused (HTTP 400): searchjob.no.query",
		},
		"429": {
			body(429, "rate.limit.exceeded", "The rate limit for this API was exceeded."), oncall.RateLimited,
			"sumo: begin a search: rate limited (HTTP 429): The rate limit for this API was exceeded.; wait, or give sumo a user of its own: all of a user's keys share 4 requests a second",
		},
		"503": {
			body(503, "service.unavailable", "Try again."), oncall.Unavailable,
			"sumo: begin a search: unavailable (HTTP 503): Try again.",
		},
		"a login page": {
			&sumotest.Failure{Status: 200, ContentType: "text/html", Body: "<html>Sign in"}, oncall.Malformed,
			"sumo: begin a search: malformed answer: the answer is not one of Sumo Logic's API; check that url is the API of your deployment, such as https://api.sumologic.com/api, and not its web address",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := held(sumotest.Options{})
				srv.Fail(func(*http.Request) *sumotest.Failure { return c.failure })
				_, _, err := search(t, source(t, srv), lately("error"))
				wantFault(t, err, c.kind, c.want)
			})
		})
	}
}

// TestStates is about how jobs end.
func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		state            string
		errors, warnings []string
		why              string
		fault            string
	}{
		"well":        {state: "DONE GATHERING RESULTS", warnings: []string{"The query is slow."}},
		"with errors": {state: "DONE GATHERING RESULTS", errors: []string{"A partition could not be read."}, why: "Sumo Logic says: A partition could not be read."},
		"incomplete":  {state: "DONE GATHERING RESULTS", warnings: []string{"Results may be incomplete."}, why: "Sumo Logic says: Results may be incomplete."},
		"paused":      {state: "FORCE PAUSED", why: "Sumo Logic stopped at about 100,000 messages; search a shorter window"},
		"cancelled":   {state: "CANCELLED", errors: []string{"By an administrator."}, fault: "sumo: look at a search: unavailable: the search was cancelled in Sumo Logic. By an administrator.; search again"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := held(sumotest.Options{})
				srv.EndAs(c.state, c.errors, c.warnings)
				lines, f, err := search(t, source(t, srv), lately("error"))
				if raws(lines) != "ERROR upstream timeout" {
					t.Errorf("found %q", raws(lines))
				}
				if c.fault != "" {
					wantFault(t, err, oncall.Unavailable, c.fault)
				} else if err != nil || f.Why != c.why || f.Complete != (c.why == "") {
					t.Errorf("found %+v, %v, want %q", f, err, c.why)
				}
				if n := srv.Running(); n != 0 {
					t.Errorf("%d jobs are left", n)
				}
			})
		})
	}
}

// TestUnknownStateIsUnderWay has a state that nobody documented before the last.
func TestUnknownStateIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{})
		srv.EndAs("REFINING RESULTS", nil, nil)
		time.AfterFunc(time.Minute, func() { srv.EndAs("", nil, nil) })
		began := time.Now()
		lines, f, err := search(t, source(t, srv), lately("error"))
		if err != nil || len(lines) != 1 || !f.Complete || time.Since(began) < time.Minute {
			t.Errorf("found %d lines after %v, %+v, %v", len(lines), time.Since(began), f, err)
		}
	})
}

// TestLostJobIsMadeAgain has a job expire under way: what was found is not found
// twice, and a second loss is told.
func TestLostJobIsMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		losses int
		fault  string
	}{
		"once":  {1, ""},
		"twice": {2, "sumo: look at a search: unavailable (HTTP 404): the search has expired in Sumo Logic, or somebody deleted it; search again"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := held(sumotest.Options{})
				srv.Add(sumotest.Message{Time: time.Now().Add(-2 * time.Minute), Raw: "ERROR the second"})
				losses, looks := 0, 0
				srv.Fail(func(r *http.Request) *sumotest.Failure {
					if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "messages") {
						if looks++; looks%3 == 0 && losses < c.losses {
							losses++
							srv.Expire()
						}
					}
					return nil
				})
				lines, f, err := search(t, source(t, srv), lately("error"))
				if c.fault != "" {
					wantFault(t, err, oncall.Unavailable, c.fault)
					if len(lines) != 1 {
						t.Errorf("what was found before is %q", raws(lines))
					}
				} else if err != nil || raws(lines) != "ERROR upstream timeout\nERROR the second" || !f.Complete {
					t.Errorf("found %q, %+v, %v", raws(lines), f, err)
				}
			})
		})
	}
}

// TestBacksOff is told too often that there are too many requests, when it begins a
// search or when it looks at one: 1 s, 2 s and 4 s it waits, and then it gives up.
func TestBacksOff(t *testing.T) {
	const words = ": rate limited (HTTP 429): too many; wait, or give sumo a user of its own: all of a user's keys share 4 requests a second"
	for _, c := range []struct {
		method   string
		refusals int
		want     string
		gaveUp   time.Duration
	}{
		{http.MethodGet, 3, "", 0},
		{http.MethodGet, 4, "sumo: look at a search" + words, 8 * time.Second},
		{http.MethodPost, 3, "", 0},
		{http.MethodPost, 4, "sumo: begin a search" + words, 7 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := held(sumotest.Options{})
			left := c.refusals
			srv.Fail(func(r *http.Request) *sumotest.Failure {
				if r.Method != c.method || left == 0 {
					return nil
				}
				left--
				return body(429, "rate.limit.exceeded", "too many")
			})
			began := time.Now()
			lines, _, err := search(t, source(t, srv), lately("error"))
			if c.want != "" {
				wantFault(t, err, oncall.RateLimited, c.want)
				if d := time.Since(began); d != c.gaveUp {
					t.Errorf("%s gave up after %v, want %v", c.method, d, c.gaveUp)
				}
			} else if err != nil || len(lines) != 1 {
				t.Errorf("%s found %d lines, %v", c.method, len(lines), err)
			}
		})
	}
}

// TestKeepsTheJobAlive has a job that gathers for ten minutes.
func TestKeepsTheJobAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{Looks: 120})
		lines, f, err := search(t, source(t, srv), lately("error"))
		if err != nil || len(lines) != 1 || !f.Complete {
			t.Errorf("found %d lines, %+v, %v", len(lines), f, err)
		}
	})
}

// TestDeployments is about an account that belongs elsewhere.
func TestDeployments(t *testing.T) {
	const eu, stranger = "api.eu.sumologic.com", "api.eu.sumologic.com.example.com"
	strangers := 0
	spy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		strangers++
		w.WriteHeader(http.StatusTeapot)
	})
	for name, c := range map[string]struct{ url, to, fault string }{
		"to another deployment": {to: "https://" + eu},
		"to a stranger":         {to: "https://" + stranger, fault: "answered with a redirect to https://" + stranger + ", which is not followed"},
		"to no TLS":             {to: "http://" + eu, fault: "answered with a redirect to http://" + eu + ", which is not followed"},
		"from a proxy":          {url: "https://proxy.example.com/api", to: "https://" + eu, fault: "answered with a redirect to https://" + eu + ", which is not followed"},
		"in a circle":           {to: "https://" + host, fault: "answered with a redirect to https://" + host + ", which is not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				here := held(sumotest.Options{Elsewhere: c.to})
				s := source(t, here, func(o *sumologic.Options) {
					if c.url != "" {
						o.URL = c.url
					}
					o.Transport = hosts{host: here, "proxy.example.com": here, eu: held(sumotest.Options{}), stranger: spy}
				})
				for range 2 {
					lines, _, err := search(t, s, lately("error"))
					if c.fault != "" {
						wantFault(t, err, oncall.Rejected, "sumo: begin a search: refused (HTTP 301): "+c.fault+"; set url to the API of your deployment, such as https://api.sumologic.com/api")
					} else if err != nil || len(lines) != 1 {
						t.Errorf("found %d lines, %v", len(lines), err)
					}
				}
				if n := len(here.Requests()); c.fault == "" && n != 1 {
					t.Errorf("the wrong deployment was asked %d times", n)
				}
			})
		})
	}
	if strangers != 0 {
		t.Errorf("a stranger was asked %d times", strangers)
	}
}
