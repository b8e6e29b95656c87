package pdserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (s *Server) alertObject(i *incident, a *alert) any {
	status := triggered
	if a.resolved {
		status = resolved
	}
	r := s.refer("alert", "alerts", a.ID, a.Title)
	var severity any
	if a.Severity != "" {
		severity = a.Severity
	}
	return map[string]any{
		"id": r.ID, "type": r.Type, "summary": r.Summary, "self": r.Self, "html_url": r.HTMLURL,
		"created_at": rfc(a.at), "status": status, "alert_key": a.Key, "severity": severity, "suppressed": false,
		"service": s.serviceRef(i.service.ID), "incident": s.incidentRef(i), "integration": nil,
		"first_trigger_log_entry": s.refer("trigger_log_entry_reference", "log_entries", i.log[0].id, i.log[0].summary),
		"body": map[string]any{
			"type": "alert_body", "contexts": a.contexts(), "details": a.details(),
			"cef_details": a.cef(),
		},
	}
}

func (a *alert) contexts() []any {
	out := []any{}
	if a.Runbook != "" {
		out = append(out, map[string]any{"type": "link", "href": a.Runbook, "text": "Runbook"})
	}
	return out
}

func (a *alert) details() any {
	if a.Details != nil {
		return a.Details
	}
	return map[string]any{"firing": a.firing(), "num_firing": "1", "num_resolved": "0", "resolved": ""}
}

// firing is Alertmanager's default text of a firing alert.
func (a *alert) firing() string {
	var b strings.Builder
	b.WriteString("Labels:\n")
	for _, k := range slices.Sorted(maps.Keys(a.Labels)) {
		fmt.Fprintf(&b, " - %s = %s\n", k, a.Labels[k])
	}
	b.WriteString("Annotations:\n")
	for _, k := range slices.Sorted(maps.Keys(a.Annotations)) {
		fmt.Fprintf(&b, " - %s = %s\n", k, a.Annotations[k])
	}
	fmt.Fprintf(&b, "Source: %s\n", a.ClientURL)
	return b.String()
}

// cef is the part that real alerts carry although it is not documented.
func (a *alert) cef() any {
	return map[string]any{
		"client": a.Client, "client_url": a.ClientURL, "contexts": a.contexts(), "dedup_key": a.Key,
		"description": a.Title, "severity": a.Severity, "source_origin": a.Client,
		"details": map[string]any{"num_firing": "1"},
	}
}
