package splunk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/sources/splunk"
	"conway/internal/sources/splunk/splunktest"
)

func TestSentences(t *testing.T) {
	const jsonType, xmlType = "application/json; charset=UTF-8", "text/xml; charset=UTF-8"
	for name, c := range map[string]struct {
		failure splunktest.Failure
		kind    oncall.FaultKind
		want    string
	}{
		"wrong token": {
			splunktest.Failure{Status: 401, ContentType: jsonType, Body: `{"messages":[{"type":"WARN","text":"call not properly authenticated"}]}`},
			oncall.Auth, "spl: find lines: not authorised (HTTP 401): call not properly authenticated; renew the token of spl",
		},
		"not allowed": {
			splunktest.Failure{Status: 403, ContentType: xmlType, Body: `<response><messages><msg type="WARN">insufficient permission to access this resource</msg></messages></response>`},
			oncall.Auth, "spl: find lines: not authorised (HTTP 403): insufficient permission to access this resource; give the user of spl the capability to search",
		},
		"bad SPL": {
			splunktest.Failure{Status: 400, ContentType: jsonType, Body: `{"messages":[{"type":"FATAL","text":"Unable to parse the search: unbalanced parentheses."}]}`},
			oncall.Rejected, "spl: find lines: refused (HTTP 400): Unable to parse the search: unbalanced parentheses.",
		},
		"429": {
			splunktest.Failure{Status: 429, ContentType: "text/plain", Body: "slow down"},
			oncall.RateLimited, "spl: find lines: rate limited (HTTP 429): slow down",
		},
		"503 over quota": {
			splunktest.Failure{Status: 503, ContentType: jsonType, Body: `{"messages":[{"type":"FATAL","text":"The maximum number of concurrent historical searches for this user has been reached."}]}`},
			oncall.RateLimited, "spl: find lines: rate limited (HTTP 503): The maximum number of concurrent historical searches for this user has been reached.; wait until another search of this user has ended",
		},
		"400 over quota": {
			splunktest.Failure{Status: 400, ContentType: jsonType, Body: `{"messages":[{"type":"ERROR","text":"The maximum number of concurrent searches is 6."}]}`},
			oncall.RateLimited, "spl: find lines: rate limited (HTTP 400): The maximum number of concurrent searches is 6.; wait until another search of this user has ended",
		},
		"500 of a proxy": {
			splunktest.Failure{Status: 500, ContentType: "text/html", Body: "<h1>oops</h1>"},
			oncall.Unavailable, "spl: find lines: unavailable (HTTP 500): an HTML page instead of an API answer",
		},
		"the web port": {
			splunktest.Failure{Status: 404, ContentType: "text/html", Body: "<h1>Page not found</h1>"},
			oncall.Rejected, "spl: find lines: refused (HTTP 404): an HTML page instead of an API answer; check that url points at the management port, 8089 unless it was changed, and not at the web port",
		},
		"a login page": {
			splunktest.Failure{Status: 200, ContentType: "text/html", Body: "<html>Sign in</html>"},
			oncall.Malformed, "spl: find lines: malformed answer: the answer is not one of Splunk's API; check that url points at the management port, 8089 unless it was changed, and not at a login page or proxy",
		},
		"cut without a length": {
			splunktest.Failure{Status: 200, ContentType: jsonType, Body: `{"preview":false,"offset":0,"result":{"_raw":"kept"}}` + "\n"},
			oncall.Unavailable, "spl: find lines: unavailable: the answer ended before its last row",
		},
		"failed after 200": {
			splunktest.Failure{Status: 200, ContentType: jsonType, Body: `{"preview":false,"offset":0,"result":{"_raw":"kept"}}` + "\n\n" + `{"messages":[{"type":"FATAL","text":"Search process did not exit cleanly."}]}`},
			oncall.Rejected, "spl: find lines: refused: Search process did not exit cleanly.",
		},
		"over quota after 200": {
			splunktest.Failure{Status: 200, ContentType: jsonType, Body: `{"messages":[{"type":"FATAL","text":"The maximum number of concurrent searches has been reached."}]}`},
			oncall.RateLimited, "spl: find lines: rate limited: The maximum number of concurrent searches has been reached.; wait until another search of this user has ended",
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := held(splunktest.Options{Token: secret})
			srv.Fail(func(*http.Request) *splunktest.Failure { return &c.failure })
			lines, _, err := search(t, source(t, srv), lately("index=main"))
			wantFault(t, err, c.kind, c.want)
			if strings.Contains(c.failure.Body, "kept") && raws(lines) != "kept" {
				t.Errorf("what came before the failure is %q, want it kept", raws(lines))
			}
		})
	}
}

func TestFailuresOfJobs(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		srv := held(splunktest.Options{Token: secret})
		srv.Fail(func(r *http.Request) *splunktest.Failure {
			if strings.HasSuffix(r.URL.Path, "/results") {
				srv.Expire()
			}
			return nil
		})
		_, _, err := search(t, source(t, srv, withJobs), lately("index=main"))
		wantFault(t, err, oncall.Unavailable, "spl: read what a search found: unavailable (HTTP 404): the search has expired in Splunk, or somebody cancelled it; search again")
	})
	t.Run("failed", func(t *testing.T) {
		srv := held(splunktest.Options{Token: secret})
		srv.Say(splunktest.Message{Type: "FATAL", Text: "Error in 'where' command."})
		_, _, err := search(t, source(t, srv, withJobs), lately("index=main"))
		wantFault(t, err, oncall.Rejected, "spl: find lines: refused: Error in 'where' command.")
		if n := srv.Running(); n != 0 {
			t.Errorf("%d jobs are left in Splunk", n)
		}
	})
	t.Run("incomplete", func(t *testing.T) {
		srv := held(splunktest.Options{Token: secret})
		srv.Say(splunktest.Message{Type: "WARN", Text: "Search results may be incomplete: the peer idx-2 timed out."})
		for _, change := range []func(*splunk.Options){withJobs, func(*splunk.Options) {}} {
			lines, f, err := search(t, source(t, srv, change), lately("index=main"))
			if err != nil || len(lines) != 1 || f.Complete || f.Why != "Splunk says: Search results may be incomplete: the peer idx-2 timed out." {
				t.Errorf("found %d lines, %+v, %v", len(lines), f, err)
			}
		}
	})
}

// TestIdIsChosenHere has the answer to a job's making get lost: the job is ended
// all the same.
func TestIdIsChosenHere(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	lost := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/search/jobs") {
			srv.ServeHTTP(discard{http.Header{}}, r)
			if srv.Running() != 1 {
				t.Error("no job was made")
			}
			panic(http.ErrAbortHandler)
		}
		srv.ServeHTTP(w, r)
	})
	_, _, err := search(t, source(t, lost, withJobs), lately("index=main"))
	wantFault(t, err, oncall.Unavailable, "spl: begin a search: unavailable: EOF")
	if n := srv.Running(); n != 0 {
		t.Errorf("%d jobs are left in Splunk", n)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*splunk.Options)
		scheme string
	}{
		"token":   {func(*splunk.Options) {}, "Bearer"},
		"basic":   {basic, "Basic"},
		"session": {session, "Splunk"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := held(splunktest.Options{Token: secret, User: "ana", Password: secret})
			lines, _, err := search(t, source(t, srv, c.change), lately("index=main"))
			if err != nil || len(lines) != 1 {
				t.Fatalf("found %d lines, %v", len(lines), err)
			}
			asked := srv.Requests()
			if got := asked[len(asked)-1].Scheme; got != c.scheme {
				t.Errorf("the credential was sent as %q, want %q", got, c.scheme)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	srv := held(splunktest.Options{User: "ana", Password: "another"})
	_, _, err := search(t, source(t, srv, basic), lately("index=main"))
	wantFault(t, err, oncall.Auth, "spl: find lines: not authorised (HTTP 401): "+http.StatusText(http.StatusUnauthorized)+"; correct the user and password of spl")
	_, _, err = search(t, source(t, srv, session), lately("index=main"))
	wantFault(t, err, oncall.Auth, "spl: log in: not authorised (HTTP 401): Login failed; correct the user and password of spl")
	if n := srv.Logins(); n != 1 {
		t.Errorf("%d logins were tried with a wrong password; Splunk locks accounts", n)
	}
}

func TestSessionEnds(t *testing.T) {
	srv := held(splunktest.Options{User: "ana", Password: secret})
	s := source(t, srv, session)
	for want := 1; want <= 2; want++ {
		if _, _, err := search(t, s, lately("index=main")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := search(t, s, lately("index=main")); err != nil {
			t.Fatal(err)
		}
		if n := srv.Logins(); n != want {
			t.Errorf("%d logins, want %d", n, want)
		}
		srv.Expire()
	}
	// Where no session is ever good, one more login is tried and no third.
	before := srv.Logins()
	srv.Fail(func(r *http.Request) *splunktest.Failure {
		if strings.HasSuffix(r.URL.Path, "login") {
			return nil
		}
		return &splunktest.Failure{Status: 401, ContentType: "application/json", Body: `{"messages":[{"type":"WARN","text":"call not properly authenticated"}]}`}
	})
	_, _, err := search(t, s, lately("index=main"))
	wantFault(t, err, oncall.Auth, "spl: find lines: not authorised (HTTP 401): call not properly authenticated; correct the user and password of spl")
	if n := srv.Logins() - before; n != 1 {
		t.Errorf("%d logins were tried, want 1", n)
	}
}

// TestLoginIsEchoed has a proxy quote the login that it refuses.
func TestLoginIsEchoed(t *testing.T) {
	s := source(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("cannot send " + r.PostForm.Encode()))
	}), session)
	_, _, err := search(t, s, lately("index=main"))
	wantFault(t, err, oncall.Unavailable, "spl: log in: unavailable (HTTP 502): cannot send output_mode=json&password=(credential)&username=ana")
}

// TestRefusesWhatChanges is about queries that do more than read.
func TestRefusesWhatChanges(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	s := source(t, srv)
	for spl, want := range map[string]string{
		"index=main | delete":                             "delete",
		"index=main |DELETE":                              "delete",
		"index=main | stats count | outputlookup x":       "outputlookup",
		"index=main [search a | collect index=b]":         "collect",
		"index=main | ``` harmless ``` | sendemail x":     "sendemail",
		"| makeresults | map search=\"search x\"":         "map",
		"index=main [| outputcsv x]":                      "outputcsv",
		"index=main ``` \" ``` | delete ``` \" ```":       "delete",
		"index=main ``` | delete ```":                     "delete",
		`index=main | eval 'a"'=1 | delete | eval 'b"'=1`: "delete",
		"index=main it's | delete | where a='b'":          "delete",
	} {
		_, _, err := search(t, s, lately(spl))
		wantFault(t, err, oncall.Rejected, "spl: find lines: refused: the query uses "+want+", which does more than search; conway only reads logs")
	}
	_, _, err := search(t, s, lately(`index=main "open`))
	wantFault(t, err, oncall.Rejected, "spl: find lines: refused: the query has a quotation mark that is not closed")
	_, _, err = search(t, s, lately("index=main ``` note"))
	wantFault(t, err, oncall.Rejected, "spl: find lines: refused: the query has a comment that is not closed with ```")
	_, _, err = search(t, s, lately(`index=main \" | delete "`))
	wantFault(t, err, oncall.Rejected, `spl: find lines: refused: the query has \" outside quotation marks; put the whole text in quotation marks`)
	if n := len(srv.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
	if lines, _, err := search(t, s, lately("search\nindex=main \"upstream timeout\" NOTHING")); err != nil || len(lines) != 0 {
		t.Errorf("found %q, %v", raws(lines), err)
	}
	if !slices.ContainsFunc(srv.Requests(), func(r splunktest.Request) bool {
		return strings.HasPrefix(r.Form["search"][0], `search index=main "upstream timeout" NOTHING  | head `)
	}) {
		t.Errorf("asked %q", srv.Requests()[0].Form["search"])
	}
}
