package runbook

import "strings"

const frontFence = "---"

// splitFront returns the front matter at the top of src and how many bytes it
// takes, or nothing when there is none or it does not end.
func splitFront(src []byte) (Front, int) {
	text := string(src)
	first, rest, ok := strings.Cut(text, "\n")
	if !ok || strings.TrimRight(first, " \t\r") != frontFence {
		return Front{}, 0
	}
	size := len(first) + 1
	var lines []string
	for len(rest) > 0 {
		line, tail, _ := strings.Cut(rest, "\n")
		size += min(len(line)+1, len(rest))
		rest = tail
		if strings.TrimRight(line, " \t\r") == frontFence {
			return readFront(lines), size
		}
		lines = append(lines, strings.TrimRight(line, "\r"))
	}
	return Front{}, 0
}

// readFront reads the lines between the dashes. An indented line or an item
// ("- x") belongs to the key above it.
func readFront(lines []string) Front {
	var f Front
	key := ""
	for _, line := range lines {
		s := strings.TrimSpace(line)
		if s == "" || s[0] == '#' {
			continue
		}
		item, isItem := strings.CutPrefix(s, "- ")
		if isItem || line[0] == ' ' || line[0] == '\t' {
			f.add(key, item)
			continue
		}
		k, v, ok := strings.Cut(s, ":")
		if !ok {
			key = ""
			continue
		}
		key = strings.ToLower(strings.TrimSpace(k))
		f.add(key, strings.TrimSpace(v))
	}
	return f
}

// add takes one value of a key.
func (f *Front) add(key, value string) {
	if value == "" {
		return
	}
	switch key {
	case "title":
		f.Title = unquote(value)
	case "services", "service":
		f.Services = append(f.Services, items(value)...)
	case "alerts", "alert", "alertname":
		f.Alerts = append(f.Alerts, items(value)...)
	case "labels":
		for _, item := range items(value) {
			k, v, ok := strings.Cut(item, "=")
			if !ok {
				k, v, ok = strings.Cut(item, ":")
			}
			if !ok || strings.TrimSpace(k) == "" {
				continue
			}
			if f.Labels == nil {
				f.Labels = map[string]string{}
			}
			f.Labels[unquote(strings.TrimSpace(k))] = unquote(strings.TrimSpace(v))
		}
	}
}

// items splits "[a, b]", "{a: b}" or "a, b".
func items(value string) []string {
	value = strings.Trim(value, "[]{} \t")
	var out []string
	for item := range strings.SplitSeq(value, ",") {
		if item = unquote(strings.TrimSpace(item)); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// unquote takes one pair of quotes off.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}
