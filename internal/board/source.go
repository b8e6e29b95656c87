package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// domain is one kind of news; a source may bring in several.
type domain uint8

const (
	pagesDomain domain = iota
	rosterDomain
	deploysDomain
	metricsDomain
	logsDomain
	domains
)

// kind returns the kind of source that mainly brings in this domain.
func (d domain) kind() string {
	switch d {
	case pagesDomain:
		return KindPages
	case deploysDomain:
		return KindDeploys
	case metricsDomain:
		return KindMetrics
	case logsDomain:
		return KindLogs
	case rosterDomain, domains:
	}
	return ""
}

// age is a Reading of which only age and fault matter.
type age = oncall.Reading[struct{}]

// source is what is known of one source.
type source struct {
	name, kind string

	up      bool
	nextTry time.Time
	attempt int
	// health is why the supervisor says that it is down, nil while it is up.
	health   *oncall.Fault
	healthAt time.Time
	// skew is how far its clock is ahead of this machine's.
	skew time.Duration

	ages [domains]age
	// complete is true once it has listed all its pages.
	complete bool
	// firstPages is when it first listed any, zero for never.
	firstPages time.Time

	roster  oncall.Roster
	deploys []oncall.Deploy
	answer  *answer
}

// heard reports whether the source has ever said anything in the domain.
func (s *source) heard(d domain) bool {
	return !s.ages[d].Received.IsZero() || s.ages[d].Fault != nil
}

// speaksFor reports whether news of the domain is expected from the source.
func (s *source) speaksFor(d domain) bool {
	return s.heard(d) || s.kind != "" && s.kind == d.kind()
}

// age returns the age of the source's news in one domain. A source that is down
// as a whole is at fault in every domain.
func (s *source) age(d domain) age {
	a := s.ages[d]
	if s.health != nil {
		a.Fault = s.health
	}
	return a
}

// fault returns what is wrong with the source, nil for nothing.
func (s *source) fault() *oncall.Fault {
	if s.health != nil {
		return s.health
	}
	for _, a := range s.ages {
		if a.Fault != nil {
			return a.Fault
		}
	}
	return nil
}

// overall returns the age of the source's main news, or of the oldest it
// brought in where it has no kind, with its fault.
func (s *source) overall() age {
	var r age
	for d := range domains {
		switch {
		case d.kind() != "" && d.kind() == s.kind:
			r = s.ages[d]
			r.Fault = s.fault()
			return r
		case s.heard(d) && (r.Received.IsZero() || s.ages[d].Received.Before(r.Received)):
			r = s.ages[d]
		}
	}
	r.Fault = s.fault()
	return r
}

// heardFrom records that an answer, or the failure to get one, came in.
func (s *source) heardFrom(d domain, m oncall.Stamp, every time.Duration, empty bool) {
	a := &s.ages[d]
	if every > 0 {
		a.Every = every
	}
	a.Fault = m.Err
	if m.Err != nil {
		return
	}
	a.Received, a.Empty = m.At, empty
	s.skew = m.Skew
	// An answer older than the supervisor's word was on its way when it fell.
	if !m.At.Before(s.healthAt) {
		s.health, s.up, s.attempt, s.nextTry = nil, true, 0, time.Time{}
	}
}

// source returns the named source and its place, adding it if it is new.
func (b *base) source(name, kind string) (int, source) {
	for i, s := range b.sources {
		if s.name == name {
			if s.kind == "" {
				s.kind = kind
			}
			return i, s
		}
	}
	s := source{name: name, kind: kind}
	b.sources = append(slices.Clip(b.sources), s)
	return len(b.sources) - 1, s
}

// putSource replaces source i without touching older boards and says whether it
// failed or recovered by it.
func (b *base) putSource(i int, s source) []Change {
	old := b.sources[i]
	b.sources = slices.Clone(b.sources)
	b.sources[i] = s
	was, is := old.fault(), s.fault()
	if old.age(pagesDomain).Fault != s.age(pagesDomain).Fault {
		b.redoRows()
	}
	switch {
	case was == nil && is != nil:
		return []Change{SourceFailed{Name: s.name}}
	case was != nil && is == nil:
		return []Change{SourceRecovered{Name: s.name}}
	}
	return nil
}

func (b *base) applyHealth(e oncall.HealthEvent) []Change {
	i, s := b.source(e.Source, "")
	s.up, s.nextTry, s.attempt, s.healthAt = e.Up, e.NextTry, e.Attempt, e.At
	switch {
	case e.Up:
		s.health = nil
		// A log may be silent for hours, so nothing but the supervisor can say that
		// reading it goes on. Every other domain must answer to be well again.
		s.ages[logsDomain].Fault = nil
	case e.Err != nil:
		s.health = e.Err
	default:
		s.health = &oncall.Fault{Kind: oncall.Unavailable, Source: e.Source, Op: "run", Detail: "it stopped"}
	}
	return b.putSource(i, s)
}

// Sources returns the state of every source, the configured ones first and in
// their order.
func (b Board) Sources() []SourceState {
	out := make([]SourceState, len(b.sources))
	for i, s := range b.sources {
		out[i] = SourceState{
			Name: s.name, Kind: s.kind, Reading: s.overall(),
			Up: s.up, NextTry: s.nextTry, Attempt: s.attempt, Skew: s.skew,
		}
	}
	return out
}
