package runbook

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"conway/internal/oncall"
)

// Entry is one file of the library: its runbook, or why it has none.
type Entry struct {
	Path    string
	Runbook Runbook
	Err     error
}

// Library is every runbook that was found, in the order of the config.
type Library []Entry

// ServiceHint is what the config says of a page's service.
type ServiceHint struct {
	// Name is the service's name in the config, empty for none.
	Name string
	// Runbooks are the paths that the config gives it, in order.
	Runbooks []string
	Labels   map[string]string
}

// Match returns the runbook of a page and, as a clause for a person, why it is
// that one. The page's own link comes first, then its labels, then the config's
// word on its service, then the runbook's own word. A file that could not be
// read still matches by its path, so that its error is seen and not a lack.
func Match(page oncall.Page, detail *oncall.PageDetail, service ServiceHint, lib Library) (Entry, string, bool) {
	labels := maps.Clone(service.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if detail != nil {
		maps.Copy(labels, detail.Labels)
		if e, why, ok := lib.byLinks(detail); ok {
			return e, why, true
		}
	}
	if e, why, ok := lib.byLabels(page, detail, labels); ok {
		return e, why, true
	}
	for _, p := range service.Runbooks {
		if e, _, ok := lib.byLink(p); ok {
			return e, "services." + service.Name + " in the config", true
		}
	}
	for _, name := range []string{service.Name, page.Service.Name} {
		for _, e := range lib {
			if name != "" && containsFold(e.Runbook.Front.Services, name) {
				return e, "the runbook names the service " + name, true
			}
		}
	}
	return Entry{}, "", false
}

func (l Library) byLinks(detail *oncall.PageDetail) (Entry, string, bool) {
	links := []string{detail.Runbook}
	for _, a := range detail.Alerts {
		for _, link := range a.Links {
			if t := strings.ToLower(link.Text); strings.Contains(t, "runbook") || strings.Contains(t, "playbook") {
				links = append(links, link.URL)
			}
		}
	}
	for _, link := range links {
		if e, n, ok := l.byLink(link); ok {
			if n > 1 {
				return e, fmt.Sprintf("linked from the page (first of %d with that name)", n), true
			}
			return e, "linked from the page", true
		}
	}
	return Entry{}, "", false
}

// byLabels finds the label runbook, then the most particular front matter.
func (l Library) byLabels(page oncall.Page, detail *oncall.PageDetail, labels map[string]string) (Entry, string, bool) {
	for _, name := range []string{"runbook", "runbook_url", "playbook"} {
		if e, _, ok := l.byLink(labels[name]); ok {
			return e, fmt.Sprintf("label %s=%s", name, labels[name]), true
		}
	}
	names := []string{labels["alertname"]}
	if detail != nil {
		for _, a := range detail.Alerts {
			names = append(names, a.Labels["alertname"])
		}
	}
	for _, name := range names {
		for _, e := range l {
			if name != "" && slices.Contains(e.Runbook.Front.Alerts, name) {
				return e, "label alertname=" + name, true
			}
		}
	}
	return l.byFront(page, labels)
}

// byFront finds the front matter that names the page's title, then the one that
// asks for most of the labels there are.
func (l Library) byFront(page oncall.Page, labels map[string]string) (Entry, string, bool) {
	for _, e := range l {
		if page.Title != "" && containsFold(e.Runbook.Front.Alerts, page.Title) {
			return e, "the runbook names the alert " + page.Title, true
		}
	}
	best, most := Entry{}, 0
	for _, e := range l {
		if want := e.Runbook.Front.Labels; len(want) > most && subset(want, labels) {
			best, most = e, len(want)
		}
	}
	if most == 0 {
		return Entry{}, "", false
	}
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(best.Runbook.Front.Labels)) {
		pairs = append(pairs, k+"="+best.Runbook.Front.Labels[k])
	}
	return best, "label " + strings.Join(pairs, ", "), true
}

// byLink finds the file that a path or a URL ends in: the one that shares most
// of its last elements, or else whose title reads the same. It also returns how
// many files fit equally well.
func (l Library) byLink(link string) (Entry, int, bool) {
	want := elements(link)
	if len(want) == 0 {
		return Entry{}, 0, false
	}
	best, score, equal := Entry{}, 0, 0
	for _, e := range l {
		n := max(shared(want, elements(e.Path)), shared(want, elements(e.Runbook.Name)))
		switch {
		case n > score:
			best, score, equal = e, n, 1
		case n == score && n > 0:
			equal++
		}
	}
	if score > 0 {
		return best, equal, true
	}
	slug := squash(want[len(want)-1])
	for _, e := range l {
		if slug != "" && squash(e.Runbook.Title) == slug {
			return e, 1, true
		}
	}
	return Entry{}, 0, false
}

// elements splits a link's path, in lower case and without the extension, query
// and fragment, so that ".../rb/Checkout.html#top" is rb, checkout.
func elements(link string) []string {
	link = strings.TrimSpace(link)
	if u, err := url.Parse(link); err == nil {
		link = u.Path
	}
	var out []string
	for e := range strings.SplitSeq(strings.ToLower(link), "/") {
		if e != "" && e != "." && e != "~" && e != ".." {
			out = append(out, e)
		}
	}
	if n := len(out); n > 0 {
		switch ext := path.Ext(out[n-1]); ext {
		case ".md", ".markdown", ".mdx", ".html", ".htm":
			out[n-1] = strings.TrimSuffix(out[n-1], ext)
		}
		if n > 1 && (out[n-1] == "readme" || out[n-1] == "index") {
			// checkout/README.md is known by the name of its folder.
			out = out[:n-1]
		}
	}
	return out
}

// shared counts the last elements that a and b have in common.
func shared(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

func subset(want, have map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// squash keeps letters and digits, so that "Checkout 5xx" is "checkout-5xx".
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
