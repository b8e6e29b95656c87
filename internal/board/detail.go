package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// detailCap is how many pages' details are kept: more than anybody opens in one
// shift.
const detailCap = 200

func (b *base) applyDetail(e oncall.DetailEvent) {
	r := b.details[e.Page]
	r.Fault = e.Err
	if e.Err == nil {
		r.Value, r.Received = e.Detail, e.At
	}
	b.details = cloneMap(b.details)
	b.details[e.Page] = r
	if len(b.details) > detailCap {
		delete(b.details, b.oldestDetail(e.Page))
	}
}

// oldestDetail returns the page, other than this one, that was asked about
// longest ago.
func (b *base) oldestDetail(but oncall.Ref) oncall.Ref {
	var oldest oncall.Ref
	var at time.Time
	for ref, d := range b.details {
		if ref != but && (oldest.IsZero() || d.Received.Before(at)) {
			oldest, at = ref, d.Received
		}
	}
	return oldest
}

// Detail returns what the pager said about one page beyond its row.
func (b Board) Detail(ref oncall.Ref) oncall.Reading[oncall.PageDetail] { return b.details[ref] }

// Recall returns what the ledger has to say, empty when nothing.
func (b Board) Recall() oncall.Recall { return b.recall }

func (b *base) applyNights(e oncall.NightsEvent) {
	b.nights.Fault = e.Err
	if e.Err == nil {
		b.nights.Value, b.nights.Received = e.Nights, e.At
	}
}

// Nights returns what the ledger counts for the person at this screen.
func (b Board) Nights() oncall.Reading[oncall.Nights] { return b.nights }

func (b *base) applyRoster(e oncall.RosterEvent) []Change {
	i, s := b.source(e.Source, "")
	s.heardFrom(rosterDomain, e.Stamp, e.Every, len(e.Roster.Shifts) == 0)
	if e.Err == nil {
		s.roster = e.Roster
	}
	changes := b.putSource(i, s)
	b.redoRows() // who "me" is may have become known
	return changes
}

// Roster returns who is on call, merged over the sources that said so.
func (b Board) Roster() oncall.Reading[oncall.Roster] {
	w, ok := b.worst(rosterDomain)
	if !ok {
		return oncall.Reading[oncall.Roster]{}
	}
	var all oncall.Roster
	for _, s := range b.sources {
		if all.Me == (oncall.Person{}) {
			all.Me = s.roster.Me
		}
		all.Shifts = append(slices.Clip(all.Shifts), s.roster.Shifts...)
	}
	return reading(w, all)
}
