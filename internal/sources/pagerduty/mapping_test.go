package pagerduty_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"conway/internal/oncall"
)

// listed serves one list of incidents, whatever is asked, and no on-calls.
func listed(incidents ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/users/me":
			fmt.Fprint(w, `{"user":{"id":"PANA","name":"Ana","email":"ana@example.com"}}`)
		case "/incidents":
			fmt.Fprintf(w, `{"incidents":[%s],"more":false}`, strings.Join(incidents, ","))
		default:
			fmt.Fprint(w, `{"oncalls":[]}`)
		}
	})
}

func TestMappingIsLenient(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	for name, c := range map[string]struct {
		incident string
		title    string
		odd      string
		check    func(oncall.Page) bool
	}{
		"nulls everywhere": {
			`{"id":"A","title":"x","status":"triggered","urgency":null,"service":null,"priority":null,"teams":null,"assignments":null,
			"acknowledgements":null,"pending_actions":null,"alert_counts":null,"html_url":null,"created_at":null,"escalation_policy":null}`,
			"x", "[]", func(p oncall.Page) bool { return p.Urgency == oncall.High && p.Status == oncall.Triggered },
		},
		"mine and another's": {
			`{"id":"A","title":"x","status":"triggered","assignments":[{"assignee":{"id":"PANA"}},{"assignee":{"id":"PBEN"}}]}`,
			"x", "[]", func(p oncall.Page) bool { return p.Mine && len(p.Assignees) == 2 },
		},
		"nothing but an id": {`{"id":"A"}`, "", "[status]", func(p oncall.Page) bool { return p.Open() }},
		"unknown enums": {
			`{"id":"A","title":"x","status":"snoozed","urgency":"deafening"}`,
			"x", "[status urgency]", func(p oncall.Page) bool {
				return p.Status == oncall.StatusUnknown && p.Urgency == oncall.High && p.Open()
			},
		},
		"wrong types": {
			`{"id":"A","title":{"a":1},"summary":"s","status":"acknowledged","incident_number":"7","created_at":17,"service":"checkout",
			"teams":{"a":1},"assignments":["PANA",{"assignee":{"id":"PANA","summary":7}}],"alert_counts":{"all":"two"},"incident_key":[1]}`,
			"s", "[incident_number title created_at alert_counts.all incident_key service teams assignments assignments.assignee.summary]",
			func(p oncall.Page) bool { return p.Mine && p.Status == oncall.Acknowledged && p.CreatedAt.IsZero() },
		},
		"bad times": {
			`{"id":"A","title":"x","status":"triggered","created_at":"yesterday","pending_actions":[{"type":"escalate","at":"soon"},{"type":"resolve","at":"2026-03-02T05:00:00+01:00"}]}`,
			"x", "[created_at pending_actions.at pending_actions]",
			func(p oncall.Page) bool {
				return len(p.Pending) == 1 && p.Pending[0].At.Format("15:04Z07:00") == "04:00Z"
			},
		},
		"pending out of order": {
			`{"id":"A","title":"x","status":"triggered","pending_actions":[{"type":"resolve","at":"2026-03-02T05:00:00Z"},{"type":"escalate","at":"2026-03-02T04:00:00Z"}]}`,
			"x", "[]", func(p oncall.Page) bool { return len(p.Pending) == 2 && p.Pending[0].Kind == "escalate" },
		},
		"expanded references": {
			`{"id":"A","title":"x","status":"triggered","service":{"id":"S","type":"service","name":"checkout"},"priority":{"id":"P","name":"P2"},
			"assignments":[{"assignee":{"id":"U","name":"Una","email":"una@example.com"}}]}`,
			"x", "[]", func(p oncall.Page) bool {
				return p.Service.Name == "checkout" && p.Priority == "P2" && p.Assignees[0] == oncall.Person{ID: "U", Name: "Una", Email: "una@example.com"}
			},
		},
		"a script for an address": {
			`{"id":"A","title":"x","status":"triggered","html_url":"javascript:alert(1)"}`,
			"x", "[html_url]", func(p oncall.Page) bool { return p.URL == "" },
		},
		"no id but a number":     {`{"incident_number":12,"title":"x","status":"triggered"}`, "x", "[id]", func(p oncall.Page) bool { return p.Ref.ID == "12" }},
		"no id but an address":   {`{"self":"https://api.pagerduty.com/incidents/PABC","title":"x","status":"triggered"}`, "x", "[id]", func(p oncall.Page) bool { return p.Ref.ID == "PABC" }},
		"an endless title":       {`{"id":"A","status":"triggered","title":"` + long + `"}`, strings.Repeat("ä", 512), "[]", func(oncall.Page) bool { return true }},
		"escape sequences":       {`{"id":"A","status":"triggered","title":"\u001b[31mred"}`, "\x1b[31mred", "[]", func(oncall.Page) bool { return true }},
		"fields nobody knows of": {`{"id":"A","status":"triggered","title":"x","custom_fields":[{"a":{"b":[1,null]}}]}`, "x", "[]", func(oncall.Page) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, source(t, listed(c.incident, `{"id":"B","title":"the other","status":"triggered"}`)))
				e := r.pages()
				if len(e.Pages) != 2 || e.Pages[1].Title != "the other" || !e.Complete {
					t.Fatalf("the snapshot is %+v, want both rows", e)
				}
				p := e.Pages[0]
				if p.Title != c.title || fmt.Sprint(p.Odd) != c.odd || !c.check(p) {
					t.Errorf("the page is %+v", p)
				}
				_ = r.end()
			})
		})
	}
}

func TestRowsThatAreNoneMakeTheListIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, bad := range []string{`null`, `7`, `"x"`, `[]`, `{"title":"nobody's"}`} {
			r := run(t, source(t, listed(bad, `{"id":"B","title":"x","status":"triggered"}`)))
			if e := r.pages(); len(e.Pages) != 1 || e.Complete {
				t.Errorf("with %s the snapshot is %+v, want the other row and not complete", bad, e)
			}
			_ = r.end()
		}
	})
}

func TestIncompleteListDropsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := false
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if bad {
				listed(`null`).ServeHTTP(w, r)
			} else {
				listed(`{"id":"B","title":"x","status":"triggered"}`).ServeHTTP(w, r)
			}
		})
		s := source(t, h)
		r := run(t, s)
		bad = true
		s.Refresh()
		synctest.Wait()
		if e := r.pages(); len(e.Pages) != 1 || e.Complete || len(e.Pages[0].Odd) != 0 {
			t.Errorf("the snapshot is %+v, want the known page still, and not looked up", e)
		}
		_ = r.end()
	})
}

// flood serves many incidents, page by page.
func flood(n int, each func(i int) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/incidents" {
			listed().ServeHTTP(w, r)
			return
		}
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var rows []string
		for i := offset; i < min(offset+limit, n); i++ {
			rows = append(rows, each(i))
		}
		fmt.Fprintf(w, `{"incidents":[%s],"more":%t,"limit":%d}`, strings.Join(rows, ","), offset+limit < n, limit)
	})
}

func row(i int) string {
	return fmt.Sprintf(`{"id":"P%05d","title":"page %d","status":"triggered","incident_number":%d,"service":{"id":"S","summary":"s"}}`, i, i, i+1)
}

func TestTenThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, source(t, flood(10_000, row)))
		if e := r.pages(); len(e.Pages) != 10_000 || !e.Complete {
			t.Errorf("%d pages were emitted, complete %t", len(e.Pages), e.Complete)
		}
		_ = r.end()
	})
}

// TestMoreThanCanBeListed has a list that never ends.
func TestMoreThanCanBeListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := run(t, source(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/incidents" {
				listed().ServeHTTP(w, r)
				return
			}
			asked++
			fmt.Fprintf(w, `{"incidents":[%s],"more":true}`, row(asked))
		})))
		if e := r.pages(); len(e.Pages) != 100 || e.Complete || asked != 100 {
			t.Errorf("%d pages after %d requests, complete %t; want 100, 100 and not", len(e.Pages), asked, e.Complete)
		}
		_ = r.end()
	})
}

func TestDuplicatesWhilePaging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The second page begins with the last row of the first, which has been
		// acknowledged meanwhile.
		r := run(t, source(t, flood(150, func(i int) string {
			if i == 100 {
				return `{"id":"P00099","title":"page 99","status":"acknowledged"}`
			}
			return row(i)
		})))
		e := r.pages()
		if len(e.Pages) != 149 || e.Pages[99].Status != oncall.Acknowledged {
			t.Errorf("%d pages, the 99th is %v; want 149 and the newer word", len(e.Pages), e.Pages[99].Status)
		}
		_ = r.end()
	})
}

func TestAFaultBetweenPagesEmitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := flood(300, row)
		r := run(t, source(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("offset") == "200" {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			h.ServeHTTP(w, r)
		})))
		wantFault(t, <-r.done, oncall.Unavailable)
		if n := count[oncall.PagesEvent](r); n != 0 {
			t.Errorf("%d snapshots were emitted of half a list", n)
		}
	})
}

func TestSmallerPagesThanAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			q.Set("limit", "25")
			r = r.Clone(r.Context())
			r.URL.RawQuery = q.Encode()
			flood(60, row).ServeHTTP(w, r)
		})
		r := run(t, source(t, h))
		if e := r.pages(); len(e.Pages) != 60 {
			t.Errorf("%d pages, want 60", len(e.Pages))
		}
		_ = r.end()
	})
}

func FuzzIncident(f *testing.F) {
	f.Add(`{"id":"A","title":"x","status":"triggered","assignments":[{"assignee":null}],"pending_actions":[{}]}`)
	f.Add(`{"id":1,"self":"/","teams":[null,[],{"summary":[]}],"alert_counts":[],"priority":{"summary":{}}}`)
	f.Fuzz(func(t *testing.T, incident string) {
		if !json.Valid([]byte(incident)) {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			r := run(t, source(t, listed(incident)))
			for _, p := range r.pages().Pages {
				if p.Ref.ID == "" || len(p.Title) > 1024 || len(p.Odd) > 16 {
					t.Errorf("the page is %+v", p)
				}
			}
			_ = r.end()
		})
	})
}
