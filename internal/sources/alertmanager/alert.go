package alertmanager

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// maxTitle and maxLabel bound texts of an alert, maxLabels how many there are.
	maxTitle  = 300
	maxLabel  = 1000
	maxLabels = 100
	// maxWords bounds a description in runes: some screens of prose.
	maxWords = 5000
)

// alert is one alert as the API gives it.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
	StartsAt     time.Time         `json:"startsAt"`
	// EndsAt of a firing alert lies a few minutes ahead and moves on.
	EndsAt    time.Time `json:"endsAt"`
	Receivers []struct {
		Name string `json:"name"`
	} `json:"receivers"`
	Status struct {
		State       string   `json:"state"`
		SilencedBy  []string `json:"silencedBy"`
		InhibitedBy []string `json:"inhibitedBy"`
		// MutedBy is absent in older releases.
		MutedBy []string `json:"mutedBy"`
	} `json:"status"`
}

// firing reports whether the alert has not ended, by Alertmanager's clock.
func (a alert) firing(there time.Time) bool { return a.EndsAt.After(there) }

// planned reports whether the alert is kept quiet by something that was there
// before it: then nobody is to be called.
func (a alert) planned(silences map[string]silence) bool {
	if len(a.Status.InhibitedBy) > 0 || len(a.Status.MutedBy) > 0 {
		return true
	}
	return len(a.Status.SilencedBy) > 0 && a.answer(silences) == nil
}

// answer returns the silence that was made after the alert began, of several the
// one that ends last, nil for none.
func (a alert) answer(silences map[string]silence) *silence {
	var out *silence
	for _, id := range a.Status.SilencedBy {
		s, ok := silences[id]
		if ok && !s.StartsAt.Before(a.StartsAt) && (out == nil || s.EndsAt.After(out.EndsAt)) {
			out = &s
		}
	}
	return out
}

// page makes a page of a firing alert.
func (s *Source) page(a alert, f firing, silences map[string]silence) oncall.Page {
	name := a.label("service", "service_name", "app", "job")
	p := oncall.Page{
		Ref:    oncall.Ref{Source: s.opts.Name, ID: f.id},
		Title:  a.title(),
		Status: oncall.Triggered, Urgency: a.urgency(), Service: oncall.Service{Name: name},
		CreatedAt: s.http.Skew.Here(a.StartsAt), Alerts: 1, URL: web(a.GeneratorURL), Key: sources.Printable(a.Fingerprint, maxTitle),
		Mine: true, NoAck: true,
	}
	p.UpdatedAt = p.CreatedAt
	if len(a.Receivers) > 0 {
		p.Policy = sources.Printable(a.Receivers[0].Name, maxTitle)
	}
	if by := a.answer(silences); by != nil {
		p.Status, p.UpdatedAt = oncall.Acknowledged, s.http.Skew.Here(by.StartsAt)
		p.NoAck, p.Acks = false, []oncall.Acknowledgement{{By: author(by.CreatedBy), At: p.UpdatedAt}}
		p.Pending = []oncall.Escalation{{Kind: "unacknowledge", At: s.http.Skew.Here(by.EndsAt)}}
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.acks[f.id] {
		p.Status, p.UpdatedAt, p.Acks = oncall.Acknowledged, h.At, append(p.Acks, h.Acknowledgement)
	}
	return p
}

func (a alert) title() string {
	text := cmp.Or(a.Annotations["summary"], a.Annotations["title"], a.Annotations["message"])
	return cmp.Or(sources.Printable(text, maxTitle), a.label("alertname"), "alert without a name")
}

// description returns what the alert's author wrote of it beyond its title: the
// annotation of that name, else a summary that the title had no room for.
func (a alert) description() string {
	title := a.title()
	for _, key := range []string{"description", "summary"} {
		var lines []string
		for l := range strings.Lines(cut(a.Annotations[key], maxWords)) {
			lines = append(lines, sources.Printable(l, maxWords))
		}
		words := strings.TrimSpace(strings.Join(lines, "\n"))
		if words == title {
			return ""
		}
		if words != "" {
			return words
		}
	}
	return ""
}

// cut returns the first n runes of s, and a sign where there are more.
func cut(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// label returns the first of these labels that there is.
func (a alert) label(names ...string) string {
	for _, n := range names {
		if v := sources.Printable(a.Labels[n], maxTitle); v != "" {
			return v
		}
	}
	return ""
}

// urgency is low only for severities that say so; a word nobody knows is loud.
func (a alert) urgency() oncall.Urgency {
	switch strings.ToLower(a.Labels["severity"]) {
	case "info", "informational", "none", "low", "notice", "ticket":
		return oncall.Low
	}
	return oncall.High
}

// detail is what is known of an alert beyond its row.
func (s *Source) detail(a alert) oncall.PageDetail {
	one := oncall.Alert{
		ID: sources.Printable(a.Fingerprint, maxTitle), Title: a.title(), Status: sources.Printable(a.Status.State, maxTitle),
		Severity: a.label("severity"), Description: a.description(), At: s.http.Skew.Here(a.StartsAt), Labels: printables(a.Labels),
	}
	d := oncall.PageDetail{Labels: one.Labels, Notes: []oncall.Note{}, Log: []oncall.LogEntry{}}
	for _, key := range []string{"runbook_url", "runbook", "dashboard", "dashboard_url"} {
		if href := web(a.Annotations[key]); href != "" {
			one.Links = append(one.Links, oncall.Link{URL: href, Text: key})
			if d.Runbook == "" && strings.HasPrefix(key, "runbook") {
				d.Runbook = href
			}
		}
	}
	d.Alerts = []oncall.Alert{one}
	return d
}

// printables makes labels safe to show, and bounds them.
func printables(labels map[string]string) map[string]string {
	out := make(map[string]string, min(len(labels), maxLabels))
	for k, v := range labels {
		if len(out) == maxLabels {
			break
		}
		out[sources.Printable(k, maxTitle)] = sources.Printable(v, maxLabel)
	}
	return out
}

// web returns an address if it is one of the web.
func web(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || sources.Printable(raw, len(raw)) != raw {
		return ""
	}
	return raw
}

// Detail implements sources.Detailer. It answers from the last list, and lists
// anew only for an alert that was not in it.
func (s *Source) Detail(ctx context.Context, page oncall.Page) (oncall.PageDetail, error) {
	op := "read the detail of " + sources.Printable(page.Ref.ID, maxTitle)
	s.mu.Lock()
	d, ok := s.details[page.Ref.ID]
	s.mu.Unlock()
	if ok {
		return d, nil
	}
	a, err := s.find(ctx, op, page.Ref.ID)
	if err != nil {
		return oncall.PageDetail{}, err
	}
	return s.detail(a), nil
}

// find lists the alerts and returns the one whose firing this id names.
func (s *Source) find(ctx context.Context, op, id string) (alert, error) {
	all, whole, err := s.alerts(ctx, op)
	if err != nil {
		return alert{}, err
	}
	there := time.Now().Add(s.http.Skew.Ahead())
	i := slices.IndexFunc(all, func(a alert) bool { return a.is(id) && a.firing(there) })
	switch {
	case i >= 0:
		return all[i], nil
	case !whole:
		return alert{}, s.fault(oncall.Malformed, op, "the alert is not in the list, of which a part could not be read", "try again")
	}
	return alert{}, s.fault(oncall.Rejected, op, "the alert is not firing any more, or does not pass the filter", "refresh the list")
}
