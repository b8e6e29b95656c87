package ledger

import (
	"context"
	"fmt"

	"conway/internal/oncall"
)

// Record makes an action durable before anybody is told that it was recorded.
// An action whose ID is recorded already is not written twice; another action
// with the same ID is ErrConflict.
func (j *Journal) Record(ctx context.Context, a oncall.Action) error {
	r, err := ActionRecord(a)
	if err == nil {
		_, err = j.append(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("record %s of %s: %w", a.Kind, a.Target, err)
	}
	return nil
}

// Settled makes durable what became of an action. Once it was told of a state
// that is Done, Pending leaves the action out for good. f may be nil. An action
// that was never recorded may be settled too.
func (j *Journal) Settled(ctx context.Context, id string, s oncall.ActionState, f *oncall.Fault) error {
	r, err := ActionStateRecord(id, s, f)
	if err == nil {
		_, err = j.append(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("record that %s is %s: %w", id, s, err)
	}
	return nil
}

// Pending returns the actions that were recorded here and are not settled, in
// the order in which they were recorded, and makes them this handle's own: those
// it recorded and those of handles that are gone. Those of another handle that
// is still open are that one's to deliver, so asking again from time to time
// takes over from a cockpit that died. Imported actions are never pending.
//
// Any of them may have been sent before: nothing is recorded between the sending
// and its answer.
func (j *Journal) Pending(ctx context.Context) ([]oncall.Action, error) {
	lapses := 0
	if t := j.tenure(); t != nil {
		lapses = t.lapse()
	}
	tasks, err := j.adopted(ctx, KindAction, true)
	out := make([]oncall.Action, 0, len(tasks))
	for _, t := range tasks {
		if err != nil {
			break
		}
		var a oncall.Action
		err = t.begin.Decode(&a)
		out = append(out, a)
	}
	if err != nil {
		return nil, fmt.Errorf("read pending actions: %w", err)
	}
	if t := j.tenure(); t != nil {
		t.renew(lapses)
	}
	return out, nil
}

// LostSteps returns the runbook steps whose process is gone before it recorded
// how they ended, once each: whoever gets them records that their end is not
// known.
func (j *Journal) LostSteps(ctx context.Context) ([]oncall.StepRun, error) {
	tasks, err := j.adopted(ctx, KindStep, false)
	out := make([]oncall.StepRun, 0, len(tasks))
	for _, t := range tasks {
		if err != nil {
			break
		}
		var run oncall.StepRun
		err = t.begin.Decode(&run)
		out = append(out, run)
	}
	if err != nil {
		return nil, fmt.Errorf("read lost steps: %w", err)
	}
	return out, nil
}

func (j *Journal) adopted(ctx context.Context, kind string, own bool) ([]openTask, error) {
	var tasks []openTask
	err := j.write(ctx, "adopt", func(d *db) (err error) {
		tasks, err = j.adopt(d, kind, own)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tasks, nil
}

// Unsettled is an action that has not come to its end.
type Unsettled struct {
	Action oncall.Action      `json:"action"`
	State  oncall.ActionState `json:"state"`
}

// Unsettled returns the actions of all handles that are not settled, with their
// last state. It only looks: to deliver them is what Pending is for.
func (j *Journal) Unsettled(ctx context.Context) ([]Unsettled, error) {
	var tasks []openTask
	err := j.read(ctx, func(d *db) (err error) {
		tasks, err = d.openTasks(KindAction)
		return err
	})
	out := make([]Unsettled, 0, len(tasks))
	for _, t := range tasks {
		if err != nil {
			break
		}
		var u Unsettled
		if err = u.State.UnmarshalText([]byte(t.state)); err == nil {
			err = t.begin.Decode(&u.Action)
		}
		out = append(out, u)
	}
	if err != nil {
		return nil, fmt.Errorf("read unsettled actions: %w", err)
	}
	return out, nil
}
