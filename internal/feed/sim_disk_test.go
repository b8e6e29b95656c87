package feed

import (
	"context"
	"errors"
	"slices"
	"time"

	"conway/internal/oncall"
)

// simDisk is a journal that outlives crashes. What was told to be durable is;
// what was being written when the process died may be or not.
type simDisk struct {
	order   []string
	actions map[string]oncall.Action
	settled map[string]oncall.ActionState
	// odd are the actions that are there although their record failed.
	odd map[string]bool
}

func newSimDisk() *simDisk {
	return &simDisk{actions: map[string]oncall.Action{}, settled: map[string]oncall.ActionState{}, odd: map[string]bool{}}
}

func (k *simDisk) record(a oncall.Action) {
	if _, ok := k.actions[a.ID]; !ok {
		k.order = append(k.order, a.ID)
	}
	k.actions[a.ID] = a
}

func (k *simDisk) settle(id string, state oncall.ActionState) { k.settled[id] = state }

func (k *simDisk) pending() []oncall.Action {
	var out []oncall.Action
	for _, id := range k.order {
		if _, ok := k.settled[id]; !ok {
			out = append(out, k.actions[id])
		}
	}
	return out
}

// Record, Settled and Pending are never called: the simulation tells the disk
// itself.
func (*simDisk) Record(context.Context, oncall.Action) error { panic("called") }

func (*simDisk) Settled(context.Context, string, oncall.ActionState, *oncall.Fault) error {
	panic("called")
}
func (*simDisk) Pending(context.Context) ([]oncall.Action, error) { panic("called") }

// tell has the disk do one thing, and says when the outbox hears of it.
func (s *sim) tell(e bookLine) {
	s.telling = true
	box, life, k := s.box, s.life, s.disk
	var effect func()
	switch {
	case e.record != nil:
		a := e.record.action
		effect = func() { k.record(a) }
	case e.settle != nil:
		id, state := e.settle.id, e.settle.state
		effect = func() { k.settle(id, state) }
	}
	write, sync := s.span(10*time.Millisecond), s.span(10*time.Millisecond)
	if s.rnd.IntN(20) == 0 {
		sync += s.span(recordTimeout - time.Second)
	}
	var err error
	if s.rnd.Float64() < s.trouble {
		err = []error{errors.New("database or disk is full"), errors.New("disk I/O error"), context.DeadlineExceeded}[s.rnd.IntN(3)]
		if stays := s.rnd.IntN(3) == 0; !stays {
			effect = nil // otherwise what could not be synced is there all the same
		} else if e.record != nil {
			k.odd[e.record.action.ID] = true
		}
	}
	if effect != nil {
		survives := s.rnd.IntN(2) == 0
		s.queue.add(&item{at: s.real + write, life: life, name: "disk has it", do: effect, lost: func() {
			if survives {
				effect()
			}
		}})
	}
	s.after(write+sync, life, "disk answers", func() {
		s.telling = false
		var found []oncall.Action
		if err == nil && e.record == nil && e.settle == nil {
			found = slices.Clone(k.pending())
		}
		s.tracef("journal: %s: %v", e.op(), err)
		box.written(e, found, err)
	})
}
