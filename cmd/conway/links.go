package main

import (
	"net/url"
	"slices"
	"strings"
)

// maxLink bounds a clickable address in bytes.
const maxLink = 900

// linker returns which addresses the terminal may make clickable: those of these
// hosts, in plain characters, and without a user or password, which would show
// another host than is opened. It is nil when there is none.
func linker(hosts []string) func(string) bool {
	if len(hosts) == 0 {
		return nil
	}
	lower := make([]string, len(hosts))
	for i, h := range hosts {
		lower[i] = strings.ToLower(h)
	}
	return func(raw string) bool {
		if raw == "" || len(raw) > maxLink || strings.ContainsFunc(raw, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
			return false
		}
		u, err := url.Parse(raw)
		return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil &&
			slices.Contains(lower, strings.ToLower(u.Host))
	}
}
