package pagerduty

import (
	"maps"
	"strings"
)

// readFiring takes in the text that Alertmanager's default template makes of one
// or more alerts:
//
//	Labels:
//	 - alertname = CheckoutErrorRate
//	Annotations:
//	 - runbook_url = https://wiki.example.com/rb
//	Source: https://prom.example.com/graph
//
// Labels on which its alerts do not agree are left out. Annotations are prose,
// not labels; only a runbook's address is taken from them.
func (f *facts) readFiring(text string) {
	var all []map[string]string
	inLabels := false
	for line := range strings.Lines(cut(text, maxLong)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "Labels:":
			inLabels = true
			all = append(all, map[string]string{})
			continue
		case line == "Annotations:":
			inLabels = false
			continue
		case strings.HasPrefix(line, "Source: "):
			inLabels = false
			if href := strings.TrimPrefix(line, "Source: "); f.source == "" && isWeb(href) {
				f.source = href
			}
			continue
		}
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "- "), " = ")
		if !ok {
			continue
		}
		if isRunbookKey(strings.ToLower(key)) && f.byText == "" && isWeb(value) {
			f.byText = value
		}
		if inLabels {
			all[len(all)-1][key] = value
		}
	}
	if len(all) == 0 {
		return
	}
	for _, other := range all[1:] {
		maps.DeleteFunc(all[0], func(k, v string) bool { return other[k] != v })
	}
	for k, v := range all[0] {
		f.label(k, v)
	}
}
