package feed

import (
	"slices"

	"conway/internal/oncall"
)

// topic is the kind of an event, in the order in which Next hands them over:
// what a person waits for first, what there is most of last.
type topic uint8

const (
	topicAction topic = iota
	topicRun
	topicPages
	topicHealth
	topicDetail
	topicRoster
	topicDeploys
	topicSeries
	topicRecall
	topicNights
	topicOther
	topicLines
)

// snapshotKey is what a newer snapshot must share with an older one to take its
// place. Page is zero but for details.
type snapshotKey struct {
	topic  topic
	source string
	page   oncall.Ref
}

// snapshot is what is pending under one key: at most a good event, then a
// failing one that brought part of the data, then one that brought none.
type snapshot struct {
	seq    uint64
	events []oncall.Event
}

// keyOf returns the key of a snapshot, and false for any other event.
func keyOf(e oncall.Event) (snapshotKey, bool) {
	k := snapshotKey{source: e.Meta().Source}
	switch e := e.(type) {
	case oncall.PagesEvent:
		k.topic = topicPages
	case oncall.HealthEvent:
		k.topic = topicHealth
	case oncall.DetailEvent:
		k.topic, k.page = topicDetail, e.Page
	case oncall.RosterEvent:
		k.topic = topicRoster
	case oncall.DeploysEvent:
		k.topic = topicDeploys
	case oncall.SeriesEvent:
		k.topic = topicSeries
	case oncall.RecallEvent:
		k.topic = topicRecall
	case oncall.NightsEvent:
		k.topic = topicNights
	default:
		return k, false
	}
	return k, true
}

// put makes e the latest. It takes the place of everything before it, except
// that a failure never takes the place of data that nobody has seen.
func (s *snapshot) put(seq uint64, e oncall.Event) {
	s.seq = seq
	if e.Meta().Err == nil || isHealth(e) {
		s.events = append(s.events[:0], owned(e))
		return
	}
	partial := !bare(e)
	s.events = slices.DeleteFunc(s.events, func(old oncall.Event) bool {
		return old.Meta().Err != nil && (partial || bare(old))
	})
	s.events = append(s.events, owned(e))
}

// isHealth reports whether e is a word on health: it holds no data, so that only
// the latest counts, good or bad.
func isHealth(e oncall.Event) bool {
	_, ok := e.(oncall.HealthEvent)
	return ok
}

// bare reports whether a failing snapshot brought no data.
func bare(e oncall.Event) bool {
	switch e := e.(type) {
	case oncall.PagesEvent:
		return len(e.Pages) == 0
	case oncall.DetailEvent:
		d := e.Detail
		return len(d.Alerts) == 0 && len(d.Notes) == 0 && len(d.Log) == 0 && d.History == nil &&
			len(d.Labels) == 0 && d.Runbook == ""
	case oncall.RosterEvent:
		return len(e.Roster.Shifts) == 0 && e.Roster.Me == oncall.Person{}
	case oncall.DeploysEvent:
		return len(e.Deploys) == 0
	case oncall.SeriesEvent:
		return len(e.Panels) == 0
	}
	return true
}

// owned returns e with its own list, because the sender may reuse the one it
// filled. Items are shared: senders replace them and do not change them.
func owned(e oncall.Event) oncall.Event {
	switch e := e.(type) {
	case oncall.PagesEvent:
		e.Pages = slices.Clone(e.Pages)
		return e
	case oncall.DeploysEvent:
		e.Deploys = slices.Clone(e.Deploys)
		return e
	case oncall.SeriesEvent:
		e.Panels = slices.Clone(e.Panels)
		return e
	}
	return e
}
