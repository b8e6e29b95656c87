package feed

import (
	"fmt"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

// known is what the simulation knows of its story, beside what happens in it.
type known struct {
	breaches []string
	asked    int
	acts     map[string]*simAct
	// order lists the actions in the order in which they were first heard of.
	order []string

	// told are the states that this process emitted last, shown those that its
	// board has heard of; lists are the last word of each source that it has
	// heard, and sent when each was received.
	told, shown map[string]oncall.ActionState
	lists       map[string]*lastList
	received    map[string]time.Duration
	confirmed   map[oncall.Ref]map[oncall.ActionKind]bool
}

// simAct is one action's story, over all processes.
type simAct struct {
	action oncall.Action
	// asked is when, by the time that passed.
	asked time.Duration
	// accepted is true once it was shown as recorded; doomed when it was only sent
	// unrecorded, or shown as refused for want of a record.
	accepted, unrecorded bool
	final                oncall.ActionState
	fault                *oncall.Fault
	// cancelled is true when it was called so without a reservation.
	cancelled bool
	// repeated is true when a second copy was shown, unwatched when the process
	// that would have looked for it died.
	repeated, unwatched   bool
	acks, resolves, notes int
}

// lastList is the last list of a source that a board has heard of.
type lastList struct {
	good  bool // the last word of all was a complete list
	any   bool
	pages int
	at    time.Duration // when the last answer came in, in real time
	word  map[oncall.Ref]oncall.Status
	heard map[oncall.Ref]time.Duration // when the last word on a page came in
}

// simLimit is the age up to which a reading may be oncall.Live: one and a half
// intervals, and a moment.
const simLimit = simEvery*3/2 + 2*time.Second

func newKnown() known {
	return known{acts: map[string]*simAct{}}
}

// forget is what a new process knows: nothing.
func (s *sim) forget() {
	s.dirty = false
	s.told, s.shown = map[string]oncall.ActionState{}, map[string]oncall.ActionState{}
	s.lists, s.received = map[string]*lastList{}, map[string]time.Duration{}
	s.confirmed = map[oncall.Ref]map[oncall.ActionKind]bool{}
}

// forgetCrash notes what ends with the process: the watches of notes.
func (s *sim) forgetCrash() {
	for _, w := range s.box.watches {
		s.acts[w.d.action.ID].unwatched = true
	}
	for _, id := range s.order {
		// What was only in memory is gone, as it was told it would be.
		if a := s.acts[id]; a.unrecorded && !a.final.Done() {
			// Nobody is left to look for a second copy of it either.
			a.final, a.unwatched = oncall.Refused, true
		}
	}
}

func (s *sim) breach(format string, args ...any) {
	s.breaches = append(s.breaches, fmt.Sprintf("step %d: ", s.steps)+fmt.Sprintf(format, args...))
}

func (s *sim) act(a oncall.Action) *simAct {
	if s.acts[a.ID] == nil {
		s.acts[a.ID] = &simAct{action: a, asked: s.real, final: oncall.Recording}
		s.order = append(s.order, a.ID)
	}
	return s.acts[a.ID]
}

func (s *sim) got(id string) *simAct { return s.acts[id] }

// sourceEmits takes a list to the screen. When it was received is known by its
// stamp, because this process's clock never says the same twice.
func (s *sim) sourceEmits(e oncall.PagesEvent) {
	key := fmt.Sprint(e.Source, e.At.UnixNano())
	if _, ok := s.received[key]; !ok {
		s.received[key] = s.real
	}
	s.mail(e)
}

// emit hears what the outbox says, at once.
func (s *sim) emit(event oncall.Event) {
	defer s.mail(event)
	e, ok := event.(oncall.ActionEvent)
	if !ok {
		return
	}
	s.tracef("%s is %s, attempt %d, %v", e.Action.ID, e.State, e.Attempt, e.Err)
	id := e.Action.ID
	a := s.act(e.Action)
	was, before := s.told[id]
	again := e.Action.Unrecorded && was == oncall.Refused
	repeated := e.State == oncall.Confirmed && e.Err != nil && e.Err.Kind == oncall.Repeated
	if before && was.Done() && !again && (was != oncall.Confirmed || !repeated) {
		s.breach("%s is %s after it was %s", id, e.State, was)
	}
	s.told[id] = e.State
	a.repeated = a.repeated || repeated
	_, durable := s.disk.actions[id]
	switch e.State {
	case oncall.Recording:
		if before {
			s.breach("%s is recording after it was %s", id, was)
		}
		return
	case oncall.Held, oncall.Sending, oncall.Unconfirmed:
		if !durable && !e.Action.Unrecorded {
			s.breach("%s is shown as recorded and is not", id)
		}
		if !before && !e.Action.Unrecorded && !a.accepted && !s.disk.odd[id] && s.real-a.asked > maxLateness && a.action.Kind != oncall.Annotate && s.skew == 0 {
			s.breach("%s is %v old and will be sent", id, s.real-a.asked)
		}
		if was == oncall.Held && e.State == oncall.Sending && s.real-a.asked > maxLateness+time.Minute && s.skew == 0 {
			s.breach("%s was held for %v and will be sent", id, s.real-a.asked)
		}
		if !a.accepted && !e.Action.Unrecorded {
			s.tally.accepted++
		}
		a.accepted = a.accepted || !e.Action.Unrecorded
		a.unrecorded = a.unrecorded || e.Action.Unrecorded
	case oncall.Confirmed:
		s.tally.confirmed += cond(repeated, 0, 1)
		if a.acks+a.resolves+a.notes == 0 {
			s.breach("%s is confirmed and the pager has not got it", id)
		}
		if s.confirmed[e.Action.Target] == nil {
			s.confirmed[e.Action.Target] = map[oncall.ActionKind]bool{}
		}
		s.confirmed[e.Action.Target][e.Action.Kind] = true
	case oncall.Refused:
		s.tally.refused++
		if e.Err == nil || e.Action.Kind == oncall.Annotate && e.Action.Text == "" {
			s.breach("%s is refused without a reason or its text", id)
		}
		if e.Err != nil && e.Err.Ambiguous && e.Err.Passing() {
			s.breach("%s is refused, and it is not known whether it arrived", id)
		}
	case oncall.Cancelled:
		s.tally.cancelled++
		a.cancelled = e.Err == nil
		if a.acks+a.resolves+a.notes > 0 {
			s.breach("%s is cancelled and the pager has it", id)
		}
	}
	if e.State.Done() {
		a.fault = e.Err
	}
	a.final = e.State
}

// checkCall checks what is about to be sent.
func (s *sim) checkCall(c call) {
	if c.looking {
		return
	}
	id := c.action.ID
	if _, durable := s.disk.actions[id]; !durable && !c.action.Unrecorded {
		s.breach("%s is sent and not recorded", id)
	}
	for _, d := range s.box.pending {
		if d != c.d && d.flying && d.action.Target == c.action.Target && d.began <= c.d.began {
			s.breach("%s is sent while %s is under way", id, d.action.ID)
		}
	}
	if age := s.real - s.act(c.action).asked; c.d.adopted && c.d.attempt == 1 && c.action.Kind != oncall.Annotate &&
		s.skew == 0 && s.asleep == 0 && s.network == 0 && age > maxLateness+time.Minute {
		s.breach("%s is sent although it is %v old", id, age)
	}
}

// checkApplied checks what the pager has got.
func (s *sim) checkApplied(a oncall.Action) {
	is := s.acts[a.ID]
	if is.cancelled {
		s.breach("%s was cancelled and arrived", a.ID)
	}
	if is.notes > 1 {
		s.tally.twice += cond(is.notes == 2, 1, 0)
		if s.pager.late == within {
			s.breach("the note of %s is there %d times", a.ID, is.notes)
		}
	}
}

// sees notes what the board has heard.
func (s *sim) sees(event oncall.Event) {
	switch e := event.(type) {
	case oncall.ActionEvent:
		s.shown[e.Action.ID] = e.State
	case oncall.PagesEvent:
		l := s.lists[e.Source]
		if l == nil {
			l = &lastList{word: map[oncall.Ref]oncall.Status{}, heard: map[oncall.Ref]time.Duration{}}
			s.lists[e.Source] = l
		}
		l.good = e.Err == nil && e.Complete
		if e.Err == nil {
			l.any, l.pages = true, len(e.Pages)
			l.at = s.received[fmt.Sprint(e.Source, e.At.UnixNano())]
		}
		for _, p := range e.Pages {
			l.word[p.Ref], l.heard[p.Ref] = p.Status, l.at
		}
	case oncall.HealthEvent:
		if l := s.lists[e.Source]; l != nil {
			l.good = l.good && e.Up
		}
	}
}

// check checks all that must hold of the screen at any moment.
func (s *sim) check() {
	if !s.up || len(s.breaches) > 0 {
		return
	}
	now, b := s.wall(), s.board
	fresh := func(source string) string {
		l := s.lists[source]
		switch {
		case l == nil || !l.any:
			return "never answered"
		case s.real-l.at > simLimit:
			return fmt.Sprintf("answered %v ago", s.real-l.at)
		case !l.good:
			return "failed, or stopped half-way"
		}
		return ""
	}
	list, rows := b.PagesReading(), b.Pages()
	if q := list.Quality(now); q == oncall.Live || q == oncall.NoData {
		listed := 0
		for _, source := range []string{"pd", "am"} {
			if why := fresh(source); why != "" {
				s.breach("the list is %s, and %s %s", q, source, why)
			} else {
				listed += s.lists[source].pages
			}
		}
		if (len(rows) == 0 || q == oncall.NoData) && listed+len(rows) > 0 {
			s.breach("an empty list is drawn of %d pages, %d rows", listed, len(rows))
		}
	}
	pending := 0
	for _, r := range rows {
		pending += len(r.Pending)
		s.checkRow(r, now)
	}
	under := 0
	for _, state := range s.shown {
		under += cond(state.Done(), 0, 1)
	}
	if n := b.Undelivered(); n != under || n < 0 || pending > n {
		s.breach("%d undelivered are shown, %d pending on rows; there are %d", n, pending, under)
	}
	under = 0
	for _, state := range s.told {
		under += cond(state.Done(), 0, 1)
	}
	if n := s.box.Pending(); n != under {
		s.breach("%d pending, %d told", n, under)
	}
}

func (s *sim) checkRow(r board.PageRow, now time.Time) {
	ref := r.Page.Ref
	age := s.real - s.lists[ref.Source].heard[ref]
	if q := r.Quality(now); (q == oncall.Live || q == oncall.NoData) && age > simLimit {
		s.breach("%s is %s, and %v old", ref, q, age)
	}
	pg, word := s.pager.pages[ref], s.lists[ref.Source].word[ref]
	switch r.Page.Status {
	case oncall.Acknowledged:
		if !pg.everAcked || word != oncall.Acknowledged && !s.confirmed[ref][oncall.Acknowledge] {
			s.breach("%s is shown as acknowledged, the pager never said so", ref)
		}
	case oncall.Resolved:
		if !pg.everResolved || word != oncall.Resolved && !s.confirmed[ref][oncall.Resolve] {
			s.breach("%s is shown as resolved, the pager never said so", ref)
		}
	default:
	}
}

// checkEnd checks what must be true when everything has come to its end.
func (s *sim) checkEnd() {
	for _, id := range s.order {
		a := s.acts[id]
		s.tally.twiceUntold += cond(a.notes > 1 && !a.repeated, 1, 0)
		got := a.acks + a.resolves + a.notes
		switch {
		case s.disk.settled[id] == oncall.Cancelled && !a.final.Done() && got == 0:
			// It was taken back, and the process died before it could say so.
		case a.accepted && !a.final.Done():
			s.breach("%s was accepted, is %s and lost", id, a.final)
		case a.final == oncall.Confirmed && got == 0:
			s.breach("%s is confirmed and not there", id)
		case a.final == oncall.Refused && !a.unrecorded && a.fault != nil && a.fault.Source == ledgerName && got > 0 && !s.disk.odd[id]:
			s.breach("%s was refused for want of a record and sent", id)
		case a.final == oncall.Refused && a.notes > 0 && s.pager.late == within && !a.unrecorded && a.fault.Source != ledgerName:
			s.breach("the note of %s was refused, and it is there: %v", id, a.fault)
		case a.notes > 1 && !a.repeated && !a.unwatched:
			s.breach("the note of %s is there %d times and nobody was told", id, a.notes)
		}
	}
	s.checkNotes()
}

// checkNotes opens every page: each second copy of a note is marked as one.
func (s *sim) checkNotes() {
	for _, ref := range s.pager.order {
		if ref.Source != "pd" {
			continue
		}
		copies := map[string]int{}
		want, got := 0, 0
		for _, n := range s.pager.pages[ref].notes {
			copies[n.Text]++
			want += cond(copies[n.Text] > 1, 1, 0)
		}
		b, _ := s.board.Apply(s.detail(ref))
		for _, m := range b.Timeline(ref) {
			got += cond(m.Kind == board.MomentNote && m.State == board.StateCopy, 1, 0)
		}
		if got != want {
			s.breach("%s has %d second copies, %d are marked", ref, want, got)
		}
	}
}
