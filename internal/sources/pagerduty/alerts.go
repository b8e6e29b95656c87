package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"conway/internal/oncall"
)

const (
	// maxLabels and maxLabel bound an alert's labels and each of them.
	maxLabels = 128
	maxLabel  = 4 << 10
	maxLinks  = 32
)

// foundAlert is an alert together with the addresses on it that may be its
// runbook, the best kind first.
type foundAlert struct {
	oncall.Alert

	byContext, byKey, byText string
}

// alerts reads the signals behind an incident, newest first.
func (s *Source) alerts(ctx context.Context, id string) ([]foundAlert, error) {
	const op = "read the alerts"
	path, err := s.incidentPath(op, id, "/alerts")
	if err != nil {
		return nil, err
	}
	found, err := s.list(ctx, op, path, "alerts", url.Values{"sort_by": {"created_at:desc"}}, maxAlertPages)
	if err != nil {
		return nil, err
	}
	out := make([]foundAlert, 0, len(found.objects))
	for _, o := range found.objects {
		out = append(out, alert(o))
	}
	return out, nil
}

func alert(o *object) foundAlert {
	body := o.child("body")
	cef := body.child("cef_details")
	a := foundAlert{Alert: oncall.Alert{
		ID: o.text("id", maxID), Title: cmp.Or(o.str("summary"), cef.str("description")), Status: o.str("status"),
		Severity: cmp.Or(o.str("severity"), cef.str("severity")), At: o.time("created_at"),
	}}
	for _, c := range append(body.children("contexts"), cef.children("contexts")...) {
		a.addContext(c)
	}
	a.addLink(cef.text("client_url", maxLong), cmp.Or(cef.str("client"), "source"))
	details := facts{labels: map[string]string{}}
	details.read(cef.raw("details"))
	// What is said later wins, and the alert's own details say more than the
	// copy that came with the event.
	details.read(body.raw("details"))
	a.Labels = details.labels
	a.addLink(details.source, "source")
	a.byKey, a.byText = details.byKey, details.byText
	return a
}

// addContext takes over a link; one that calls itself a runbook is one.
func (a *foundAlert) addContext(c *object) {
	href, text := c.text("href", maxLong), c.str("text")
	if kind := c.str("type"); kind != "link" && kind != "" {
		return
	}
	lower := strings.ToLower(text)
	if a.byContext == "" && isWeb(href) && (strings.Contains(lower, "runbook") || strings.Contains(lower, "playbook")) {
		a.byContext = href
	}
	a.addLink(href, text)
}

// addLink adds an address that may be opened, once.
func (a *foundAlert) addLink(href, text string) {
	known := slices.ContainsFunc(a.Links, func(l oncall.Link) bool { return l.URL == href })
	if isWeb(href) && !known && len(a.Links) < maxLinks {
		a.Links = append(a.Links, oncall.Link{URL: href, Text: text})
	}
}

// runbook picks the best address of all alerts: a link that says so, then a
// field of that name, then a line of Alertmanager's text.
func runbook(all []foundAlert) string {
	for _, pick := range []func(foundAlert) string{
		func(a foundAlert) string { return a.byContext },
		func(a foundAlert) string { return a.byKey },
		func(a foundAlert) string { return a.byText },
	} {
		for _, a := range all {
			if href := pick(a); href != "" {
				return href
			}
		}
	}
	return ""
}

// agreed merges labels: only those on which all alerts agree.
func agreed(all []oncall.Alert) map[string]string {
	if len(all) == 0 {
		return nil
	}
	out := maps.Clone(all[0].Labels)
	for _, a := range all[1:] {
		maps.DeleteFunc(out, func(k, v string) bool {
			other, ok := a.Labels[k]
			return !ok || other != v
		})
	}
	return out
}

// facts are what an alert's details say.
type facts struct {
	labels        map[string]string
	byKey, byText string
	// source is the address of the expression that fired.
	source string
}

// read takes in details: an object of anything, or a text.
func (f *facts) read(raw json.RawMessage) {
	if raw == nil {
		return
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if nested, ok := parse(json.RawMessage(text), nil); ok {
			f.readFields(nested)
			return
		}
		f.readFiring(text)
		return
	}
	if o, ok := parse(raw, nil); ok {
		f.readFields(o)
	}
}

func (f *facts) readFields(o *object) {
	for _, key := range slices.Sorted(maps.Keys(o.fields)) {
		lower := strings.ToLower(key)
		value, ok := scalar(o.fields[key])
		switch {
		case !ok:
		case lower == "firing":
			f.readFiring(value)
		case lower == "resolved", lower == "num_firing", lower == "num_resolved":
			// Alertmanager's own counters say nothing about the alert.
		default:
			if isRunbookKey(lower) && f.byKey == "" && isWeb(value) {
				f.byKey = value
			}
			f.label(key, value)
		}
	}
}

func (f *facts) label(key, value string) {
	if _, known := f.labels[key]; key != "" && (known || len(f.labels) < maxLabels) {
		f.labels[cut(key, maxText)] = cut(value, maxLabel)
	}
}

func isRunbookKey(lower string) bool {
	return lower == "runbook_url" || lower == "runbook" || lower == "playbook"
}

// scalar returns a string, number or boolean as text.
func scalar(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return "", false
	}
	if raw[0] != '"' {
		return string(raw), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}
