package report

import (
	"iter"
	"maps"
	"slices"
	"time"

	"conway/internal/oncall"
)

// Facts returns what the numbers of the period of o depend on, and of the period of
// the same length before it. The error names a record that cannot be read. A Reading
// is read once.
func (r *Reading) Facts(o Options) (Facts, error) {
	l := r.join()
	n := l.need(o)
	f := newReader()
	f.expect(l.count(n))
	for e := range l.inOrder() {
		if n.has(l, e) {
			l.replay(f, e)
		}
	}
	facts, err := f.end()
	facts.Teams, facts.Known = n.teams, n.known
	return facts, err
}

// count counts the records that matter by kind.
func (l *joined) count(n *need) (of [entryRecord + 1]int) {
	for e := range l.each() {
		if n.has(l, e) {
			of[e.kind]++
		}
	}
	return of
}

// expect makes room for facts.
func (r *reader) expect(of [entryRecord + 1]int) {
	f := &r.facts
	f.Notifications, f.Acks = make([]Notification, 0, of[entryNotify]), make([]Ack, 0, of[entryAck])
	f.Releases = make([]Release, 0, of[entryRelease]+of[entrySnooze]+of[entryHandoff]+of[entryResolve])
	f.Incidents, f.Deploys = make([]Incident, 0, of[entryIncident]), make([]Deploy, 0, of[entryDeploy])
	r.incidents, r.deploys = make(map[string]int, of[entryIncident]), make(map[string]int, of[entryDeploy])
	r.verdicts, r.suspects = make(map[string]int, of[entryTag]/2), make(map[string]AttribBody, of[entryAttrib])
}

// joined is what all lanes took, in the words of the first.
type joined struct {
	*Lane
	// parts are the entries of each lane, in the order of Read.
	parts [][]entry
}

// join puts all lanes together.
func (r *Reading) join() *joined {
	l := &joined{Lane: r.lanes[0]}
	for i, m := range r.lanes {
		if i > 0 {
			l.take(m)
		}
		if m.unsorted {
			slices.SortFunc(m.entries, func(a, b entry) int { return a.compare(&b) })
		}
		l.parts = append(l.parts, m.entries)
	}
	r.lanes = nil
	return l
}

// each goes through all entries.
func (l *joined) each() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, part := range l.parts {
			for i := range part {
				if !yield(&part[i]) {
					return
				}
			}
		}
	}
}

// inOrder is each in the order of Read.
func (l *joined) inOrder() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		left := slices.Clone(l.parts)
		for {
			next := -1
			for i, part := range left {
				if len(part) > 0 && (next < 0 || part[0].compare(&left[next][0]) < 0) {
					next = i
				}
			}
			if next < 0 || !yield(&left[next][0]) {
				return
			}
			left[next] = left[next][1:]
		}
	}
}

// take puts what another lane has into this one's words and places.
func (l *joined) take(m *Lane) {
	is := make([]word, len(m.words.all))
	for i, s := range m.words.all {
		is[i] = l.words.keep(s)
	}
	incidents, deploys, runs, records := place(l.incidents), place(l.deploys), place(l.runs), place(l.records)
	l.incidents, l.deploys = slices.Grow(l.incidents, len(m.incidents)), slices.Grow(l.deploys, len(m.deploys))
	for _, w := range m.incidents {
		w.id, w.service, w.print, w.title, w.owner = is[w.id], is[w.service], is[w.print], is[w.title], is[w.owner]
		l.incidents = append(l.incidents, w)
	}
	for _, w := range m.deploys {
		l.deploys = append(l.deploys, deployWords{is[w.id], is[w.service], is[w.team], is[w.kind], is[w.checks]})
	}
	for _, w := range m.runs {
		w.runbook, w.incident = is[w.runbook], is[w.incident]
		l.runs = append(l.runs, w)
	}
	l.records = append(l.records, m.records...)
	for i := range m.entries {
		e := &m.entries[i]
		e.of = is[e.of]
		switch e.kind {
		case entryIncident:
			e.a += incidents
		case entryDeploy:
			e.a += deploys
		case entryRun:
			e.a += runs
		case entryRecord:
			e.a += records
		default:
			e.a, e.b = is[e.a], is[e.b]
		}
	}
}

// need says which records matter to a period. What is kept of an incident is all
// that is known of it and of those merged into it, so that each page that is left
// is what it is among all. Left out are incidents
//
//   - that nobody was called for, or not before the period's end,
//   - whose last call is so long ago that nothing looks back to it,
//   - that took nobody's sleep in the period, which one that never ended may,
//   - and that nobody asked for work.
//
// Budgets, follow-ups, recommendations, decisions and wishes are those of all time.
type need struct {
	start, end time.Time
	// root is where merges lead, for those that were merged.
	root map[word]word
	// kept are the roots that matter, and shipped the deploys.
	kept, shipped []bool
	teams         []string
	// known is how many incidents there are, whether they matter or not.
	known int
}

// lookBack is how far before the earlier period a call is looked for: a signal
// before an incident may be a repeat of a call before that.
const lookBack = signalSpan + repeatSpan

// told is what is known of an incident, in nanoseconds since 1970.
type told struct {
	called, acked, asked, ended bool
	// first and last are its calls, moved the last of its moments, over its last end
	// for everybody.
	first, last, moved, over int64
}

func (l *joined) need(o Options) *need {
	n := &need{
		start: o.Start.Add(-o.End.Sub(o.Start)), end: o.End, root: l.roots(),
		kept: make([]bool, len(l.words.all)), shipped: make([]bool, len(l.words.all)),
	}
	all := make([]told, len(l.words.all))
	for e := range l.each() {
		l.tell(n, all, e)
	}
	resettle := max(o.Resettle, usualResettle)
	far, near, end := n.start.Add(-lookBack).UnixNano(), n.start.Add(-resettle).UnixNano(), n.end.UnixNano()
	for w, t := range all {
		if n.of(word(w)) != word(w) {
			continue
		}
		lasts := t.acked && (!t.ended || t.over < t.last)
		n.kept[w] = t.asked || t.called && t.first <= end && (t.last >= far || t.moved >= near || lasts)
	}
	l.ships(n)
	l.names(n)
	return n
}

// roots follows merges as index does.
func (l *joined) roots() map[word]word {
	var merges []*entry
	for e := range l.each() {
		if e.kind == entryMerge {
			merges = append(merges, e)
		}
	}
	slices.SortFunc(merges, (*entry).compare)
	into := map[word]word{}
	for _, e := range merges {
		into[e.of] = e.a
	}
	out := make(map[word]word, len(into))
	for w := range into {
		seen := map[word]bool{}
		root := w
		for !seen[root] {
			seen[root] = true
			next, merged := into[root]
			if !merged {
				break
			}
			root = next
		}
		out[w] = root
	}
	return out
}

func (n *need) of(w word) word {
	if root, merged := n.root[w]; merged {
		return root
	}
	return w
}

// tell takes in when something happened to an incident.
func (l *joined) tell(n *need, all []told, e *entry) {
	t := &all[n.of(e.of)]
	switch e.kind {
	case entryNotify:
		if !t.called {
			t.called, t.first, t.last = true, e.ns, e.ns
		}
		t.first, t.last = min(t.first, e.ns), max(t.last, e.ns)
	case entryAck:
		t.acked = true
	case entryRelease, entrySnooze, entryHandoff, entryResolve:
		if e.a == 0 && n.of(e.of) == e.of {
			// The end of one that was merged releases nobody.
			if !t.ended {
				t.ended, t.over = true, e.ns
			}
			t.over = max(t.over, e.ns)
		}
	case entryRecord:
		t.asked = t.asked || l.records[e.a].Kind == KindFollowUp
		return
	case entryTag:
		t.asked = t.asked || l.words.all[e.a] == string(oncall.TagFollowUp)
		return
	default:
		return
	}
	t.moved = max(t.moved, e.ns)
}

// ships finds the deploys of the period, and those that an incident may be laid to.
func (l *joined) ships(n *need) {
	start, end := n.start.UnixNano(), n.end.UnixNano()
	for e := range l.each() {
		switch e.kind {
		case entryDeploy:
			if e.ns >= start && e.ns <= end {
				n.shipped[e.of] = true
			}
		case entryAttrib:
			if n.kept[n.of(e.of)] {
				n.shipped[e.a] = true
			}
		}
	}
}

// names finds every team that the incidents and the deploys of all time name last:
// privacy is about all of them.
func (l *joined) names(n *need) {
	last := make([]*entry, len(l.words.all))
	teams := map[string]bool{}
	for _, kind := range []entryKind{entryIncident, entryDeploy} {
		clear(last)
		for e := range l.each() {
			if e.kind == kind && (last[e.of] == nil || e.compare(last[e.of]) > 0) {
				last[e.of] = e
			}
		}
		for _, e := range last {
			switch {
			case e == nil:
			case kind == entryIncident:
				n.known++
				teams[l.words.all[l.incidents[e.a].owner]] = true
			default:
				teams[l.words.all[l.deploys[e.a].team]] = true
			}
		}
	}
	delete(teams, "")
	n.teams = slices.Sorted(maps.Keys(teams))
}

// has reports whether a record matters.
func (n *need) has(l *joined, e *entry) bool {
	switch e.kind {
	case entryNotify, entryAck, entryRelease, entrySnooze, entryHandoff, entryResolve, entryIncident, entryAttrib:
		return n.kept[n.of(e.of)]
	case entryTag:
		return n.kept[n.of(e.of)]
	case entryDeploy:
		return n.shipped[e.of]
	case entryRun:
		at := l.runs[e.a].at
		return at.Before(n.end) && !at.Before(n.start.Add(-toilSpan))
	}
	return true
}

// replay hands a record to what Read is made of.
func (l *joined) replay(r *reader, e *entry) {
	is := l.words.all
	switch e.kind {
	case entryNotify, entryAck, entryRelease, entrySnooze, entryHandoff, entryResolve:
		b := MomentBody{Incident: is[e.of], Person: is[e.a], Auto: e.yes}
		if e.kind == entryNotify {
			b.Channel = Channel(is[e.b])
		} else {
			b.Reason = Reason(is[e.b])
		}
		r.moment(momentKind(e.kind), e.at(), b)
	case entryIncident:
		w := l.incidents[e.a]
		r.incident(Incident{
			ID: is[e.of], Service: is[w.service], Fingerprint: is[w.print], Title: is[w.title], Owner: is[w.owner],
			OwnerGuessed: w.guessed, Test: w.test, Major: w.major,
		})
	case entryMerge:
		r.facts.Merges = append(r.facts.Merges, Merge{Incident: is[e.of], Into: is[e.a], At: e.at()})
	case entryDeploy:
		w := l.deploys[e.a]
		r.deploy(Deploy{ID: is[e.of], Service: is[w.service], Team: is[w.team], Kind: is[w.kind], Checks: is[w.checks], At: e.at()})
	case entryAttrib:
		r.suspects[is[e.of]] = AttribBody{Incident: is[e.of], Deploy: is[e.a], Likely: e.yes}
	case entryTag:
		r.tag(e.at(), is[e.of], oncall.TagName(is[e.a]), is[e.b])
	case entryRun:
		w := l.runs[e.a]
		r.facts.Runs = append(r.facts.Runs, Run{Runbook: is[w.runbook], Incident: is[w.incident], At: w.at, Spent: w.spent})
	case entryContest:
		r.contested[is[e.of]] = !e.yes
	case entryRecord:
		r.hear(l.records[e.a])
	}
}
