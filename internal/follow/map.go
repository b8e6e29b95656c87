package follow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"conway/internal/oncall"
)

// Map joins the names of services. It is read-only once made.
type Map struct {
	services []Service
	byName   map[string]int
}

// NewMap returns the map of these services. Of two with the same name the first
// counts.
func NewMap(services []Service) Map {
	m := Map{byName: make(map[string]int, len(services))}
	for _, s := range services {
		if _, dup := m.byName[plain(s.Name)]; dup {
			continue
		}
		m.byName[plain(s.Name)] = len(m.services)
		m.services = append(m.services, s)
	}
	return m
}

// Services returns the services in the order in which they were given.
func (m Map) Services() []Service { return m.services }

// Service returns the service of this name, in any case and with any
// separators, and whether there is one.
func (m Map) Service(name string) (Service, bool) {
	i, ok := m.byName[plain(name)]
	if !ok {
		return Service{}, false
	}
	return m.services[i], true
}

// Resolve returns the service that a page is about and why it was chosen: by the
// pager's id, by labels, then by name. When the map has none, it returns a
// service made from the page itself and ok is false. Detail may be nil.
func (m Map) Resolve(page oncall.Page, detail *oncall.PageDetail) (s Service, why string, ok bool) {
	var labels map[string]string
	if detail != nil {
		labels = detail.Labels
	}
	if id := page.Service.ID; id != "" {
		for _, s := range m.services {
			if slices.Contains(s.PagerDuty, id) {
				return s, "PagerDuty service " + id, true
			}
		}
	}
	if s, ok := m.byLabels(labels); ok {
		return s, "labels " + written(s.Labels), true
	}
	for _, name := range []string{page.Service.Name, labels["service"]} {
		if s, ok := m.Service(name); ok && plain(name) != "" {
			return s, fmt.Sprintf("the name %q", name), true
		}
	}
	return Service{
		Name:   cmp.Or(page.Service.Name, labels["service"], labels["app"], labels["job"], "unknown service"),
		Labels: labels,
	}, "no configured service has this page's PagerDuty id, labels or name; using the page's own", false
}

// byLabels returns the service all of whose labels are among these; of several,
// the one with the most.
func (m Map) byLabels(labels map[string]string) (Service, bool) {
	best, found := Service{}, false
	for _, s := range m.services {
		if len(s.Labels) > len(best.Labels) && within(s.Labels, labels) {
			best, found = s, true
		}
	}
	return best, found
}

// within reports whether every label of a is in b with the same value.
func within(a, b map[string]string) bool {
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

// written returns labels in a fixed order.
func written(labels map[string]string) string {
	parts := make([]string, 0, len(labels))
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, k+"="+labels[k])
	}
	return strings.Join(parts, ", ")
}
