package report

import (
	"strings"
	"time"

	"conway/internal/oncall"
)

// dayAfter is how long after a night its pages are still asked about: a day ends
// when the next night begins.
const dayAfter = 14 * time.Hour

// Untagged returns the person's own pages of the night that is just over which
// nobody has judged or dropped, in the order in which they came. In a night, and
// in the evening after one, there are none: nothing is asked then.
func (r *Recall) Untagged(now time.Time) []oncall.Untagged {
	var out []oncall.Untagged
	seen := map[*past]bool{}
	for _, w := range r.me.nights(span{now.Add(-day), now}) {
		if w.to.After(now) || now.Sub(w.to) >= dayAfter {
			continue
		}
		for _, p := range r.pages(w) {
			root := r.root(p.Root)
			if p.Band != Sleep || seen[root] || r.judged(root.id) {
				continue
			}
			seen[root] = true
			source, id, _ := strings.Cut(root.id, "/")
			team := p.Row
			if team == Unowned {
				team = ""
			}
			out = append(out, oncall.Untagged{
				Page: oncall.Ref{Source: source, ID: id}, Title: root.title, At: p.Notified, Team: team, Suspect: root.suspect,
			})
		}
	}
	return out
}

// judged reports whether a root incident has a verdict, its own or that of an
// incident merged into it, or was left without one for good.
func (r *Recall) judged(root string) bool {
	if r.of(root).closed() {
		return true
	}
	for child := range r.into {
		if r.root(child).id == root && r.of(child).closed() {
			return true
		}
	}
	return false
}

func (p *past) closed() bool {
	return p.said[oncall.TagVerdict].value != "" || p.said[oncall.TagDropped].value != ""
}
