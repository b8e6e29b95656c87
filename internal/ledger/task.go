package ledger

import (
	"errors"
	"fmt"

	"conway/internal/oncall"
)

// task is what a record says about an action or a step: that it begins or how
// far it has come. Most records say nothing about either.
type task struct {
	// kind is that of the record that begins it, ref its own id.
	kind, ref string
	state     string
	begins    bool
	ends      bool
}

// taskOf reads what a record says. An intent that nobody could carry out later,
// because it cannot be read, is an error.
func taskOf(r Record) (t task, err error) {
	switch r.Kind {
	case KindAction:
		var a oncall.Action
		err = r.Decode(&a)
		t = task{kind: KindAction, ref: a.ID, state: oncall.Held.String(), begins: true}
	case KindActionState:
		var c ActionChange
		err = r.Decode(&c)
		t = task{kind: KindAction, ref: c.ID, state: c.State.String(), ends: c.State.Done()}
	case KindStep, KindRun:
		var run oncall.StepRun
		err = r.Decode(&run)
		begins := r.Kind == KindStep
		t = task{kind: KindStep, ref: run.ID, state: run.State.String(), begins: begins, ends: !begins}
	default:
		return task{}, nil
	}
	if err == nil && t.ref == "" {
		err = errors.New("it names no id")
	}
	return t, err
}

// begun returns the record that began t, for a t that would begin it again.
func (d *db) begun(t task) (Record, bool, error) {
	if !t.begins {
		return Record{}, false, nil
	}
	r, _, ok, err := d.one("WHERE seq = (SELECT seq FROM task WHERE kind = $1 AND ref = $2)", t.kind, t.ref)
	return r, ok, err
}

// track keeps the table of tasks in step with a record that was added. A task
// that has ended stays so, whatever comes after.
func (d *db) track(t task, seq, session int64) error {
	switch {
	case t.kind == "":
		return nil
	case t.begins:
		return d.exec("INSERT INTO task (kind, ref, seq, state, open, session) VALUES ($1, $2, $3, $4, TRUE, $5)",
			t.kind, t.ref, seq, t.state, session)
	}
	return d.exec("UPDATE task SET state = $1, open = NOT $2 WHERE kind = $3 AND ref = $4 AND open",
		t.state, t.ends, t.kind, t.ref)
}

// openTask is a task that has not ended.
type openTask struct {
	ref     string
	state   string
	session int64
	begin   Record
}

// openTasks returns the open tasks of a kind in the order in which they began.
func (d *db) openTasks(kind string) ([]openTask, error) {
	var out []openTask
	err := d.each(`SELECT r.seq, r.id, r.at, r.kind, r.src, r.actor, r.body, r.prev, r.hash, t.ref, t.state, t.session
		FROM task t JOIN record r ON r.seq = t.seq WHERE t.kind = $1 AND t.open ORDER BY t.seq`, func(s cells) error {
		r, _, err := row(s)
		out = append(out, openTask{begin: r, ref: s.ColumnText(9), state: s.ColumnText(10), session: s.ColumnInt64(11)})
		return err
	}, kind)
	if err != nil {
		return nil, fmt.Errorf("read open tasks: %w", err)
	}
	return out, nil
}

// adopt gives the open tasks of handles that are gone to this one. It returns
// those, and with them its own when own is set.
func (j *Journal) adopt(d *db, kind string, own bool) ([]openTask, error) {
	all, err := d.openTasks(kind)
	if err != nil {
		return nil, err
	}
	out := make([]openTask, 0, len(all))
	for _, t := range all {
		if t.session == j.store.session() {
			if own {
				out = append(out, t)
			}
			continue
		}
		alive, err := j.store.alive(d, t.session)
		if err != nil {
			return nil, err
		}
		if alive {
			continue
		}
		if err := d.exec("UPDATE task SET session = $1 WHERE kind = $2 AND ref = $3", j.store.session(), kind, t.ref); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}
