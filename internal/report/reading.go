package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"
)

// Reading reads the records of a whole ledger and makes of them the facts that the
// numbers of one period depend on. They give the same numbers as those that Read
// makes of everything, in a fraction of its time and memory: nothing of a record is
// kept but what counts, and of the records that cannot matter nothing at all.
//
// The records are taken by lanes, each of which may be another goroutine's.
type Reading struct{ lanes []*Lane }

// NewReading returns one for about so many records in all.
func NewReading(lanes int, records int64) *Reading {
	r := &Reading{}
	for range lanes {
		// Memory that is never written to costs nothing; words that are few cost little.
		some := int(records)/lanes + 1
		w := newWords(some / 8)
		r.lanes = append(r.lanes, &Lane{words: w, plain: plain{words: w}, entries: make([]entry, 0, some)})
	}
	return r
}

// Lane returns one of the lanes.
func (r *Reading) Lane(i int) *Lane { return r.lanes[i] }

// Lane takes some of the records.
type Lane struct {
	plain
	words   *words
	entries []entry
	// unsorted is true when an entry is far from its place.
	unsorted bool
	// incidents, deploys, runs and records are what does not fit in an entry, which
	// has their place.
	incidents []incidentWords
	deploys   []deployWords
	runs      []runWords
	records   []Record
}

// entry is a record without its words.
type entry struct {
	// ns is its time in nanoseconds since 1970, id its ULID; by both it has its place.
	ns   int64
	id   [2]uint64
	kind entryKind
	// yes is what a record is that ended by itself, was likely, or is withdrawn.
	yes bool
	// of is the incident that it is about, or the deploy that it is. a and b are its
	// other words, by kind: a person and a channel or a reason; a name and a value.
	of   word
	a, b word
}

// entryKind is a kind of record as a number: no type of its own, because most of what
// looks at it asks for a few.
type entryKind = uint8

const (
	entryOther entryKind = iota
	entryNotify
	entryAck
	entryRelease
	entrySnooze
	entryHandoff
	entryResolve
	entryIncident
	entryMerge
	entryDeploy
	entryAttrib
	entryTag
	entryRun
	entryContest
	// entryRecord is one that is kept as it is, in Lane.records: those of kinds of
	// which there are few, and those that cannot be read.
	entryRecord
)

// kindOf returns entryOther for what does not count.
func kindOf(kind []byte) entryKind {
	switch string(kind) {
	case KindNotify:
		return entryNotify
	case KindAck:
		return entryAck
	case KindRelease:
		return entryRelease
	case KindSnooze:
		return entrySnooze
	case KindHandoff:
		return entryHandoff
	case KindResolve:
		return entryResolve
	case KindIncident:
		return entryIncident
	case KindMerge:
		return entryMerge
	case KindDeploy:
		return entryDeploy
	case KindAttrib:
		return entryAttrib
	case KindTag:
		return entryTag
	case KindRun:
		return entryRun
	case KindContest:
		return entryContest
	case KindFollowUp, KindRecommend, KindSLO, KindDecision, KindConsent, KindForget:
		return entryRecord
	}
	return entryOther
}

// momentKind is kindOf the other way, for moments.
func momentKind(k entryKind) string {
	return []string{
		entryNotify: KindNotify, entryAck: KindAck, entryRelease: KindRelease, entrySnooze: KindSnooze,
		entryHandoff: KindHandoff, entryResolve: KindResolve,
	}[k]
}

// errStrange means that a record has an id such as no ledger writes, or a time of
// another age.
var errStrange = errors.New("its id is not a ULID, or its time is far away")

// maxSeconds is how far from 1970 a time can be told in nanoseconds.
const maxSeconds = math.MaxInt64/int64(time.Second) - 1

// Take takes one record in and keeps nothing of the bytes. An error means that the
// records have to be read by Read.
func (l *Lane) Take(at time.Time, id, kind, body []byte) error {
	e := entry{ns: at.UnixNano(), kind: kindOf(kind)}
	if e.kind == entryOther {
		return nil
	}
	var ok bool
	if e.id, ok = ulid(id); !ok || at.Unix() < -maxSeconds || at.Unix() > maxSeconds {
		return errStrange
	}
	if e.kind == entryRecord || l.read(&e, body) != nil {
		l.hold(&e, Record{ID: string(id), At: at, Kind: string(kind), Body: slices.Clone(body)})
	}
	l.put(e)
	return nil
}

// muddle is how far back an entry is put among those before it at once: records are
// written nearly in the order of their times.
const muddle = 256

// put adds an entry in its place, if that is near.
func (l *Lane) put(e entry) {
	n := len(l.entries)
	l.entries = append(l.entries, e)
	i := n
	for i > 0 && e.compare(&l.entries[i-1]) < 0 {
		if n-i == muddle {
			l.unsorted = true
			return
		}
		i--
	}
	copy(l.entries[i+1:], l.entries[i:n])
	l.entries[i] = e
}

// hold keeps a record as it is.
func (l *Lane) hold(e *entry, r Record) {
	e.kind, e.a, e.of = entryRecord, place(l.records), 0
	l.records = append(l.records, r)
	var b FollowUpBody
	if r.Kind == KindFollowUp && json.Unmarshal(r.Body, &b) == nil {
		e.of = l.words.keep(b.Incident)
	}
}

// place is where the next one of some goes.
func place[T any](all []T) word { return word(len(all)) }

// read takes a body apart.
func (l *Lane) read(e *entry, body []byte) (err error) {
	switch e.kind {
	case entryNotify, entryAck, entryRelease, entrySnooze, entryHandoff, entryResolve:
		return l.moment(e, body)
	case entryIncident:
		var w incidentWords
		if w, err = l.incidentBody(body); err == nil {
			e.of, e.a = w.id, place(l.incidents)
			l.incidents = append(l.incidents, w)
		}
	case entryMerge:
		e.of, e.a, err = l.mergeBody(body)
	case entryDeploy:
		var w deployWords
		if w, err = l.deployBody(body); err == nil {
			e.of, e.a = w.id, place(l.deploys)
			l.deploys = append(l.deploys, w)
		}
	case entryAttrib:
		e.of, e.a, e.yes, err = l.attribBody(body)
	case entryTag:
		e.of, e.a, e.b, err = l.tagBody(body)
	case entryRun:
		var w runWords
		if w, err = l.runBody(body); err == nil {
			e.a = place(l.runs)
			l.runs = append(l.runs, w)
		}
	case entryContest:
		e.of, e.yes, err = l.contestBody(body)
	}
	return err
}

func (l *Lane) moment(e *entry, body []byte) error {
	w, err := l.momentBody(body)
	if err != nil {
		return err
	}
	e.of, e.a, e.b, e.yes = w.incident, w.person, w.reason, w.auto
	switch e.kind {
	case entryNotify:
		e.b = w.channel
	case entryResolve:
		e.a = 0 // it releases everybody
	}
	return nil
}

// crockford are the values of the characters from 0 to Z in the base 32 of ULIDs,
// and 32 for those that it does not have.
const crockford = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x20\x20\x20\x20\x20\x20\x20" +
	"\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x20\x12\x13\x20\x14\x15\x20\x16\x17\x18\x19\x1a\x20\x1b\x1c\x1d\x1e\x1f"

// ulid reads a ULID. Two of them compare as their texts do.
func ulid(b []byte) (id [2]uint64, ok bool) {
	if len(b) != 26 || b[0] > '7' {
		return id, false
	}
	high, low := uint64(0), uint64(0)
	for _, c := range b {
		if c -= '0'; int(c) >= len(crockford) || crockford[c] > 31 {
			return id, false
		}
		high, low = high<<5|low>>59, low<<5|uint64(crockford[c])
	}
	return [2]uint64{high, low}, true
}

// compare orders entries as Read does records.
func (e *entry) compare(o *entry) int {
	return cmp.Or(cmp.Compare(e.ns, o.ns), cmp.Compare(e.id[0], o.id[0]), cmp.Compare(e.id[1], o.id[1]))
}

func (e *entry) at() time.Time { return time.Unix(0, e.ns).UTC() }
