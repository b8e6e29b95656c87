package pdschema_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"conway/internal/drill/pdserver"
	"conway/internal/drill/pdserver/pdschema"
)

// description is loaded once; it is only read.
var description = sync.OnceValues(pdschema.Find)

// check sends one request through the checks and returns what they reported.
// The answer is pdserver's after being passed through spoil.
func check(t *testing.T, spoil func(string) string, method, path, body string, header ...string) string {
	t.Helper()
	schema, err := description()
	if errors.Is(err, pdschema.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	account := pdserver.New(pdserver.Options{
		Me:    "PANA",
		Users: []pdserver.User{{ID: "PANA", Name: "Ana", Email: "ana@example.com"}},
	})
	account.Trigger(pdserver.Incident{ID: "PINC", Title: "x", Service: "PCHK", Alerts: []pdserver.Alert{{}}})
	var found []string
	h := schema.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		account.ServeHTTP(rec, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(spoil(rec.Body.String())))
	}), func(err error) { found = append(found, err.Error()) })
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("From", "ana@example.com")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(httptest.NewRecorder(), req)
	return strings.Join(found, "\n")
}

func same(s string) string { return s }

func TestGoodOnesPass(t *testing.T) {
	for _, c := range [][3]string{
		{"GET", "/incidents?date_range=all&statuses[]=triggered&statuses[]=acknowledged&limit=100"},
		{"GET", "/incidents?statuses%5B%5D=triggered"},
		{"GET", "/users/me"},
		{"GET", "/incidents/PNONE"},
		{"PUT", "/incidents", `{"incidents":[{"id":"PINC","type":"incident","status":"acknowledged"}]}`},
		{"POST", "/incidents/PINC/notes", `{"note":{"content":"x"}}`},
	} {
		if found := check(t, same, c[0], c[1], c[2]); found != "" {
			t.Errorf("%s %s: %s", c[0], c[1], found)
		}
	}
}

func TestWrongRequestsAreCaught(t *testing.T) {
	for name, c := range map[string][]string{
		"unknown endpoint":       {"GET", "/incident", ""},
		"trailing slash":         {"GET", "/incidents/", ""},
		"unknown method":         {"DELETE", "/incidents", ""},
		"unknown parameter":      {"GET", "/incidents?status[]=triggered", ""},
		"parameter not repeated": {"GET", "/incidents?statuses=triggered", ""},
		"bad enum":               {"GET", "/incidents?statuses[]=triggered&statuses[]=open", ""},
		"bad number":             {"GET", "/incidents?limit=many", ""},
		"bad time":               {"GET", "/oncalls?since=yesterday", ""},
		"no From":                {"PUT", "/incidents", `{"incidents":[]}`, "From", ""},
		"no address in From":     {"PUT", "/incidents", `{"incidents":[]}`, "From", "Ana"},
		"no version":             {"GET", "/incidents", "", "Accept", "application/json"},
		"no content type":        {"GET", "/incidents", "", "Content-Type", ""},
		"bad status":             {"PUT", "/incidents", `{"incidents":[{"id":"PINC","type":"incident","status":"acked"}]}`},
		"missing id":             {"PUT", "/incidents", `{"incidents":[{"type":"incident"}]}`},
		"missing note":           {"POST", "/incidents/PINC/notes", `{"content":"x"}`},
		"missing body":           {"POST", "/incidents/PINC/notes", ``},
		"snooze in words":        {"POST", "/incidents/PINC/snooze", `{"duration":"1h"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if found := check(t, same, c[0], c[1], c[2], c[3:]...); !strings.HasPrefix(found, "request ") {
				t.Errorf("%v was not caught: %q", c, found)
			}
		})
	}
}

func TestWrongAnswersAreCaught(t *testing.T) {
	for name, c := range map[string][3]string{
		"wrong type":        {`"incident_number":4801`, `"incident_number":"4801"`, "/incidents/PINC"},
		"wrong enum":        {`"status":"triggered"`, `"status":"open"`, "/incidents/PINC"},
		"wrong reference":   {`"type":"service_reference"`, `"type":"user_reference"`, "/incidents/PINC"},
		"misspelt name":     {`"acknowledgements":`, `"acknowledgments":`, "/incidents/PINC"},
		"deep misspelt":     {`"html_url":`, `"htmlurl":`, "/incidents?date_range=all"},
		"null for a string": {`"title":"x"`, `"title":null`, "/incidents"},
		"missing list":      {`"incidents":`, `"items":`, "/incidents"},
		"bad time":          {`"created_at":"`, `"created_at":"on `, "/incidents/PINC"},
		"alert":             {`"suppressed":false`, `"suppressed":"no"`, "/incidents/PINC/alerts"},
		"log entry":         {`"type":"trigger_log_entry"`, `"type":"trigger"`, "/incidents/PINC/log_entries"},
		"no JSON":           {`{`, `<`, "/incidents"},
		"error without one": {`"error"`, `"fault"`, "/incidents/PNONE"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := false
			found := check(t, func(s string) string {
				out := strings.ReplaceAll(s, c[0], c[1])
				changed = out != s
				return out
			}, http.MethodGet, c[2], "")
			if !changed {
				t.Fatalf("the answer has no %s", c[0])
			}
			if !strings.HasPrefix(found, "answer ") {
				t.Errorf("%q was not caught: %q", c[1], found)
			}
		})
	}
}
