package board

import (
	"slices"
	"sync"

	"conway/internal/oncall"
)

// actionCap is how many actions are kept; those under way are kept beyond it.
const actionCap = 200

func (b *base) applyAction(e oncall.ActionEvent) []Change {
	st := &ActionStatus{
		Action: e.Action, State: e.State, Attempt: e.Attempt, NextTry: e.NextTry, Fault: e.Err, At: e.At, By: e.By,
	}
	i := slices.IndexFunc(b.actions, func(a *ActionStatus) bool { return a.Action.ID == e.Action.ID })
	var old *ActionStatus
	if i >= 0 {
		old = b.actions[i]
	}
	if old != nil && old.outlasts(st) {
		return nil
	}
	b.putAction(i, st)
	var changes []Change
	if claims(*st) {
		changes = b.claim(*st)
	}
	if st.By == "" && st.State.Done() && (old == nil || old.State != st.State || st.copied()) {
		changes = append(changes, ActionSettled{ActionStatus: *st})
	}
	b.redoActions()
	b.redoRows()
	return changes
}

// copied reports whether the other side has a confirmed action twice.
func (s *ActionStatus) copied() bool {
	return s.State == oncall.Confirmed && s.Fault != nil && s.Fault.Kind == oncall.Repeated
}

// outlasts reports whether the older status stays when the newer comes: an
// action that is done does not begin again unless it is sent again or, once it
// could not be recorded, without that, and what is settled for certain stays so.
func (s *ActionStatus) outlasts(n *ActionStatus) bool {
	switch {
	case !s.State.Done(), n.copied() && !s.copied():
		return false
	case n.Action.Unrecorded && !s.Action.Unrecorded && s.State == oncall.Refused:
		return false
	case n.State.Done():
		return s.State == oncall.Confirmed
	}
	return n.Attempt <= s.Attempt
}

// putAction replaces action i, or adds one in its place by time when i is
// negative and lets the oldest done ones go.
func (b *base) putAction(i int, st *ActionStatus) {
	b.actions = slices.Clone(b.actions)
	if i >= 0 {
		b.actions[i] = st
		return
	}
	at := slices.IndexFunc(b.actions, func(a *ActionStatus) bool { return !a.Action.At.After(st.Action.At) })
	if at < 0 {
		at = len(b.actions)
	}
	b.actions = slices.Insert(b.actions, at, st)
	for i := len(b.actions) - 1; i >= 0 && len(b.actions) > actionCap; i-- {
		if a := b.actions[i]; a.State.Done() && a != st {
			b.actions = slices.Delete(b.actions, i, i+1)
		}
	}
}

func (b *base) redoActions() {
	actions := b.actions
	b.acts = sync.OnceValue(func() []ActionStatus {
		out := make([]ActionStatus, len(actions))
		for i, a := range actions {
			out[i] = *a
		}
		return out
	})
}

// Actions returns what was asked for, newest first: everything that is still
// under way, and of the rest the newest up to 200 in all.
func (b Board) Actions() []ActionStatus {
	if b.acts == nil {
		return nil
	}
	return b.acts()
}

// Undelivered returns how many actions of this cockpit are not done: held, on their way, or not
// known to have arrived.
func (b Board) Undelivered() int {
	n := 0
	for _, a := range b.actions {
		if a.By == "" && !a.State.Done() {
			n++
		}
	}
	return n
}
