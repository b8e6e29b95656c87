package feed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// lateness is how a request behaves whose caller was told that it failed.
type lateness uint8

const (
	// within the settle time it arrives or never.
	within lateness = iota
	// beyond it, by minutes, it may arrive too.
	beyond
)

// simPager is what the pager's servers hold.
type simPager struct {
	s      *sim
	late   lateness
	pages  map[oncall.Ref]*simPage
	order  []oncall.Ref
	notes  map[string]*simNote
	opened int
}

type simPage struct {
	page                    oncall.Page
	everAcked, everResolved bool
	notes                   []oncall.Note
}

// simNote is one marked text, wherever it is.
type simNote struct {
	action oncall.Action
	copies int
}

func (p *simPager) open(source string) {
	p.opened++
	ref := oncall.Ref{Source: source, ID: fmt.Sprint("P", p.opened)}
	p.pages[ref] = &simPage{page: oncall.Page{Ref: ref, Title: ref.ID, Status: oncall.Triggered, CreatedAt: simStart.Add(p.s.real)}}
	p.order = append(p.order, ref)
}

func (p *simPager) set(ref oncall.Ref, status oncall.Status) {
	pg := p.pages[ref]
	if pg.page.Status == oncall.Resolved {
		return
	}
	pg.page.Status = status
	pg.everAcked = pg.everAcked || status == oncall.Acknowledged
	pg.everResolved = pg.everResolved || status == oncall.Resolved
}

// list returns what a source would list now: all that is not over, and what was
// resolved a little while ago.
func (p *simPager) list(source string) []oncall.Page {
	var out []oncall.Page
	for _, ref := range p.order {
		pg := p.pages[ref]
		if ref.Source == source && pg.page.Status != oncall.Resolved {
			out = append(out, pg.page)
		}
	}
	return out
}

// apply carries out one request, and says no to what cannot be.
func (p *simPager) apply(a oncall.Action) *oncall.Fault {
	pg := p.pages[a.Target]
	got := p.s.got(a.ID)
	p.s.tracef("pager gets %s %s of %s", a.Kind, a.ID, a.Target)
	switch a.Kind {
	case oncall.Acknowledge:
		if pg.page.Status == oncall.Resolved {
			return &oncall.Fault{Kind: oncall.Rejected, Source: a.Target.Source, Detail: "it was resolved"}
		}
		p.set(a.Target, oncall.Acknowledged)
		got.acks++
	case oncall.Resolve:
		p.set(a.Target, oncall.Resolved)
		got.resolves++
	default:
		n := p.notes[a.Text]
		if n == nil {
			n = &simNote{action: a}
			p.notes[a.Text] = n
		}
		n.copies++
		got.notes++
		pg.notes = append(pg.notes, oncall.Note{ID: fmt.Sprint(a.ID, n.copies), At: simStart.Add(p.s.real), Text: a.Text})
	}
	p.s.checkApplied(a)
	return nil
}

// simSource gives the outbox the abilities to choose by. The simulation lands
// each call itself.
type simSource struct{ name string }

func (s simSource) Name() string                                           { return s.name }
func (simSource) Run(ctx context.Context, _ sources.Emit) error            { return ctx.Err() }
func (simSource) Acknowledge(context.Context, string) error                { panic("called") }
func (simSource) Resolve(context.Context, string) error                    { panic("called") }
func (simSource) Annotate(context.Context, string, string) error           { panic("called") }
func (simSource) NoteExists(context.Context, string, string) (bool, error) { panic("called") }

// fly decides what becomes of one call: when the request arrives, if it does,
// and what the caller hears and when. A request on its way outlives its process.
func (s *sim) fly(c call) {
	s.checkCall(c)
	box, life, a := s.box, s.life, c.action
	land := func(after time.Duration, name string, ans func() answer) {
		s.after(after, life, name, func() { box.land(c, ans()) })
	}
	fault := func(kind oncall.FaultKind, ambiguous bool) answer {
		return answer{err: &oncall.Fault{Kind: kind, Source: a.Target.Source, Detail: "weather", Ambiguous: ambiguous}}
	}
	there, back := s.span(time.Second), s.span(time.Second)
	bad := s.rnd.Float64() < s.network
	if c.looking {
		switch {
		case bad:
			kind := oncall.FaultKind(s.rnd.IntN(5))
			land(there, "look fails", func() answer { return fault(kind, false) })
		default:
			copies := 0
			s.after(there, life, "look arrives", func() {
				if n := s.pager.notes[a.Text]; n != nil {
					copies = n.copies
				}
				land(back, "look answered", func() answer { return answer{copies: copies} })
			})
		}
		return
	}
	s.tally.notesSent += cond(a.Kind == oncall.Annotate, 1, 0)
	flies := func(after time.Duration, then func(*oncall.Fault)) {
		// What has left does not come back: a crash only means that nobody hears.
		s.after(after, 0, "request arrives", func() {
			refusal := s.pager.apply(a)
			if then != nil && s.life == life {
				then(refusal)
			}
		})
	}
	if !bad {
		flies(there, func(refusal *oncall.Fault) {
			var err error
			if refusal != nil {
				err = refusal
			}
			land(back, "answered", func() answer { return answer{err: err} })
		})
		return
	}
	switch s.rnd.IntN(8) {
	case 0: // the request is lost
		land(there, "request lost", func() answer { return fault(oncall.Unavailable, true) })
	case 1, 2: // the answer is lost, at once or after the caller gave up
		wait := there + back
		if s.rnd.IntN(2) == 0 {
			wait += callTimeout
		}
		flies(there, nil)
		land(wait, "answer lost", func() answer { return fault(oncall.Unavailable, true) })
	case 3: // it arrives after the caller heard that it failed
		limit := defaultSettle - time.Millisecond
		if s.pager.late == beyond {
			limit = 10 * time.Minute
		}
		flies(there+s.span(limit-there), nil)
		land(there, "request late", func() answer { return fault(oncall.Unavailable, true) })
	case 4:
		flies(there, nil)
		land(there+back, "garbled", func() answer { return fault(oncall.Malformed, true) })
	case 5:
		retry := s.span(20 * time.Second)
		land(there, "rate limited", func() answer {
			return answer{err: &oncall.Fault{Kind: oncall.RateLimited, Source: a.Target.Source, RetryAfter: retry}}
		})
	case 6:
		kind := []oncall.FaultKind{oncall.Auth, oncall.Unavailable, oncall.Rejected}[s.rnd.IntN(3)]
		land(there, "refused", func() answer { return fault(kind, false) })
	case 7: // it is doubled on the way; a note is only once a proxy repeats it
		flies(there, nil)
		if a.Kind != oncall.Annotate {
			flies(there+s.span(time.Minute), nil)
		}
		land(there+back, "doubled", func() answer { return fault(oncall.Unavailable, true) })
	}
}

// poll is one source's loop: it lists the pages, and sometimes fails to, stops
// half-way, is slow, says it twice or out of order.
func (s *sim) poll(source string) {
	life := s.life
	wait := func() time.Duration {
		d := simEvery - s.span(time.Second)
		return cond(s.healed, 10*d, d) // what is left to happen is not on this list
	}
	var again func()
	emit := func(e oncall.PagesEvent) {
		s.sourceEmits(e)
	}
	stamp := func(fault *oncall.Fault) oncall.Stamp {
		return oncall.Stamp{Source: source, At: s.wall(), Err: fault}
	}
	again = func() {
		there, back := s.span(time.Second), s.span(time.Second)
		if s.rnd.Float64() < s.network {
			e := oncall.PagesEvent{Every: simEvery}
			outage := wait()
			if s.rnd.IntN(4) == 0 {
				outage += s.span(15 * time.Minute)
			}
			s.after(there, life, "poll fails", func() {
				fault := &oncall.Fault{Kind: oncall.Unavailable, Source: source}
				if s.rnd.IntN(3) == 0 {
					s.mail(oncall.HealthEvent{Stamp: stamp(fault), Attempt: 1})
				} else {
					e.Stamp = stamp(fault)
					emit(e)
				}
				s.after(outage, life, "poll", again)
			})
			return
		}
		s.after(there, life, "poll arrives", func() {
			pages := s.pager.list(source)
			complete := s.rnd.IntN(12) != 0
			if !complete {
				pages = pages[:s.rnd.IntN(len(pages)+1)]
			}
			slow := back + cond(s.rnd.IntN(10) == 0, s.span(8*time.Second), 0)
			s.after(slow, life, "poll answered", func() {
				e := oncall.PagesEvent{Stamp: stamp(nil), Pages: pages, Complete: complete, Every: simEvery}
				if s.rnd.IntN(20) == 0 {
					skew := s.skew
					s.after(s.span(20*time.Second), life, "list out of order", func() {
						if s.skew == skew {
							emit(e)
						}
					})
				}
				emit(e)
				if s.rnd.IntN(20) == 0 {
					emit(e)
				}
				s.after(wait(), life, "poll", again)
			})
		})
	}
	s.after(s.span(time.Second), life, "poll", again)
}

// detail reads a page's notes, as somebody who opens it does.
func (s *sim) detail(ref oncall.Ref) oncall.DetailEvent {
	notes := slices.Clone(s.pager.pages[ref].notes)
	slices.SortStableFunc(notes, func(a, b oncall.Note) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return oncall.DetailEvent{
		Stamp: oncall.Stamp{Source: ref.Source, At: s.wall()}, Page: ref, Detail: oncall.PageDetail{Notes: notes},
	}
}
