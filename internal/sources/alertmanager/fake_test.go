package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// fake is an Alertmanager as far as its API v2 is used here, with its rules: the
// switches include, errors are bare JSON strings, a silence is made anew at each
// POST, one that would end in the past is refused.
type fake struct {
	mu       sync.Mutex
	alerts   []fakeAlert
	silences []fakeSilence
	// before is called before an answer is given, nil for nothing; true drops the
	// answer after the work was done.
	before func(r *http.Request) (lose bool)
	posts  int
	// old has the fields and switches of 0.25: no mutedBy, no expired switch.
	old bool
}

type fakeAlert struct {
	labels, annotations map[string]string
	starts, ends        time.Time
	inhibitedBy         []string
}

type fakeSilence struct {
	ID        string        `json:"id"`
	Matchers  []fakeMatcher `json:"matchers"`
	StartsAt  time.Time     `json:"startsAt"`
	EndsAt    time.Time     `json:"endsAt"`
	CreatedBy string        `json:"createdBy"`
	Comment   string        `json:"comment"`
}

type fakeMatcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

func (m fakeMatcher) matches(labels map[string]string) bool {
	ok := labels[m.Name] == m.Value
	if m.IsRegex {
		ok = regexp.MustCompile("^(?:" + m.Value + ")$").MatchString(labels[m.Name])
	}
	return ok == m.IsEqual
}

func all(matchers []fakeMatcher, labels map[string]string) bool {
	return !slices.ContainsFunc(matchers, func(m fakeMatcher) bool { return !m.matches(labels) })
}

func fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(h, "%s\xff%s\xff", k, labels[k])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// pageID is what a page of an alert is called.
func pageID(labels map[string]string, starts time.Time) string {
	return fingerprint(labels) + starts.UTC().Format("-20060102T150405Z")
}

// fire adds an alert that began some time ago, and returns its page's id.
func (f *fake) fire(ago time.Duration, labels, annotations map[string]string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.alerts = append(f.alerts, fakeAlert{labels: labels, annotations: annotations, starts: now.Add(-ago), ends: now.Add(5 * time.Minute)})
	return pageID(labels, now.Add(-ago))
}

// end takes an alert out of the list, as Alertmanager does with a resolved one.
func (f *fake) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alerts = slices.DeleteFunc(f.alerts, func(a fakeAlert) bool { return pageID(a.labels, a.starts) == id })
}

// silence adds a silence that another person made.
func (f *fake) silence(by string, starts, ends time.Time, matchers ...fakeMatcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silences = append(f.silences, fakeSilence{fmt.Sprintf("s%d", len(f.silences)), matchers, starts, ends, by, "known"})
}

func (f *fake) made() []fakeSilence {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.silences)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lose := f.before != nil && f.before(r)
	status, answer := f.answer(r)
	if lose {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err)
	}
}

func (f *fake) answer(r *http.Request) (int, any) {
	switch r.Method + " " + r.URL.Path {
	case "GET /api/v2/alerts":
		return f.list(r)
	case "GET /api/v2/silences":
		out := []map[string]any{}
		for _, s := range f.silences {
			state := "active"
			if !s.EndsAt.After(time.Now()) {
				state = "expired"
			}
			if state == "expired" && !f.old && r.FormValue("expired") == "false" {
				continue
			}
			out = append(out, map[string]any{
				"id": s.ID, "matchers": s.Matchers, "startsAt": s.StartsAt, "endsAt": s.EndsAt, "createdBy": s.CreatedBy,
				"comment": s.Comment, "updatedAt": s.StartsAt, "status": map[string]string{"state": state},
			})
		}
		return http.StatusOK, out
	case "POST /api/v2/silences":
		f.posts++
		var s fakeSilence
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			return http.StatusBadRequest, err.Error()
		}
		switch now := time.Now(); {
		case len(s.Matchers) == 0 || s.CreatedBy == "" || s.Comment == "":
			return http.StatusUnprocessableEntity, "validation failure list: matchers, createdBy and comment in body are required"
		case !s.StartsAt.Before(s.EndsAt):
			return http.StatusBadRequest, "start time must be before end time"
		case s.EndsAt.Before(now):
			return http.StatusBadRequest, "end time can't be in the past"
		case s.StartsAt.Before(now):
			s.StartsAt = now
		}
		s.ID = fmt.Sprintf("s%d", len(f.silences))
		f.silences = append(f.silences, s)
		return http.StatusOK, map[string]string{"silenceID": s.ID}
	}
	return http.StatusNotFound, "path " + r.URL.Path + " was not found"
}

func (f *fake) list(r *http.Request) (int, any) {
	var filter []fakeMatcher
	for _, text := range r.URL.Query()["filter"] {
		m := regexp.MustCompile(`^(\w+)(=~|!~|!=|=)"(.*)"$`).FindStringSubmatch(text)
		if m == nil {
			return http.StatusBadRequest, "bad matcher format: " + text
		}
		filter = append(filter, fakeMatcher{m[1], m[3], strings.HasSuffix(m[2], "~"), m[2][0] == '='})
	}
	out := []map[string]any{}
	now := time.Now()
	for _, a := range f.alerts {
		silencedBy := []string{}
		for _, s := range f.silences {
			if all(s.Matchers, a.labels) && !s.StartsAt.After(now) && s.EndsAt.After(now) {
				silencedBy = append(silencedBy, s.ID)
			}
		}
		include := func(name string) bool { return r.FormValue(name) != "false" }
		quiet := len(silencedBy) > 0 || len(a.inhibitedBy) > 0
		if !all(filter, a.labels) || len(silencedBy) > 0 && !include("silenced") || len(a.inhibitedBy) > 0 && !include("inhibited") || !quiet && !include("active") {
			continue
		}
		status := map[string]any{"state": "active", "silencedBy": silencedBy, "inhibitedBy": a.inhibitedBy}
		if a.inhibitedBy == nil {
			status["inhibitedBy"] = []string{}
		}
		if quiet {
			status["state"] = "suppressed"
		}
		if !f.old {
			status["mutedBy"] = []string{}
		}
		out = append(out, map[string]any{
			"labels": a.labels, "annotations": a.annotations, "generatorURL": "http://prom.example.com/graph?g0.expr=x", "fingerprint": fingerprint(a.labels),
			"startsAt": a.starts, "endsAt": a.ends, "updatedAt": now, "receivers": []map[string]string{{"name": "night"}}, "status": status,
		})
	}
	return http.StatusOK, out
}
