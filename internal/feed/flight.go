package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// callTimeout bounds one call of an ability. It leaves room for the one request
// of sources.RequestTimeout and for reading the page first.
const callTimeout = 15 * time.Second

// flight is one call of a source's ability.
type flight struct {
	source sources.Source
	action oncall.Action
	log    *slog.Logger
}

// unable returns why a cannot be carried out by any of the sources, or nil.
func unable(srcs map[string]sources.Source, a oncall.Action) *oncall.Fault {
	name := a.Target.Source
	src, known := srcs[name]
	if !known || src == nil {
		return &oncall.Fault{
			Kind: oncall.Rejected, Source: name, Detail: fmt.Sprintf("there is no source called %q", name),
			Fix: "check the names of the sources in the config",
		}
	}
	if Able(src, a.Kind) {
		return nil
	}
	return &oncall.Fault{Kind: oncall.Rejected, Source: name, Detail: name + " cannot " + phrase(a.Kind)}
}

// Able reports whether a source can carry out actions of a kind.
func Able(src sources.Source, kind oncall.ActionKind) (able bool) {
	switch kind {
	case oncall.Acknowledge:
		_, able = src.(sources.Acknowledger)
	case oncall.Resolve:
		_, able = src.(sources.Resolver)
	case oncall.Annotate:
		_, able = src.(sources.Annotator)
	case oncall.Snooze:
		_, able = src.(sources.Snoozer)
	case oncall.Escalate:
		_, able = src.(sources.Escalator)
	case oncall.Reassign:
		_, able = src.(sources.Reassigner)
	case oncall.Merge:
		_, able = src.(sources.Merger)
	case oncall.Prioritise:
		_, able = src.(sources.Prioritiser)
	case oncall.File:
		_, able = src.(sources.Filer)
	}
	return able
}

// phrase says what a source that has no such ability cannot do.
func phrase(kind oncall.ActionKind) string {
	switch kind {
	case oncall.Acknowledge:
		return "acknowledge"
	case oncall.Annotate:
		return "take notes"
	case oncall.Prioritise:
		return "set a priority"
	case oncall.File:
		return "file issues"
	case oncall.Resolve, oncall.Snooze, oncall.Escalate, oncall.Reassign, oncall.Merge:
	}
	return kind.String()
}

// send carries the action out. It returns nil only when the source said so.
func (f flight) send(ctx context.Context) error {
	return f.call(ctx, func(ctx context.Context) error {
		id := f.action.Target.ID
		switch src := f.source; f.action.Kind {
		case oncall.Acknowledge:
			if s, ok := src.(sources.Acknowledger); ok {
				return s.Acknowledge(ctx, id)
			}
		case oncall.Resolve:
			if s, ok := src.(sources.Resolver); ok {
				return s.Resolve(ctx, id)
			}
		case oncall.Annotate:
			if s, ok := src.(sources.Annotator); ok {
				return s.Annotate(ctx, id, f.action.Text)
			}
		case oncall.Snooze:
			if s, ok := src.(sources.Snoozer); ok {
				return s.Snooze(ctx, id, f.action.Until)
			}
		case oncall.Escalate, oncall.Reassign, oncall.Merge, oncall.Prioritise:
			return f.aimed(ctx)
		case oncall.File:
			if s, ok := src.(sources.Filer); ok {
				return s.File(ctx, f.action.Title, f.action.Text)
			}
		}
		return &oncall.Fault{Kind: oncall.Rejected, Detail: "there is no such ability"}
	})
}

// aimed carries out an action that is aimed at something.
func (f flight) aimed(ctx context.Context) error {
	id, aim := f.action.Target.ID, f.action.Aim
	switch src := f.source; f.action.Kind {
	case oncall.Escalate:
		level, err := strconv.Atoi(aim.ID)
		if err != nil {
			return &oncall.Fault{Kind: oncall.Rejected, Detail: fmt.Sprintf("%.40q is no level", aim.ID)}
		}
		if s, ok := src.(sources.Escalator); ok {
			return s.Escalate(ctx, id, level)
		}
	case oncall.Reassign:
		if s, ok := src.(sources.Reassigner); ok {
			return s.Reassign(ctx, id, aim)
		}
	case oncall.Merge:
		if s, ok := src.(sources.Merger); ok {
			return s.Merge(ctx, id, aim.ID)
		}
	case oncall.Prioritise:
		if s, ok := src.(sources.Prioritiser); ok {
			return s.Prioritise(ctx, id, aim.ID)
		}
	case oncall.Acknowledge, oncall.Resolve, oncall.Annotate, oncall.Snooze, oncall.File:
	}
	return &oncall.Fault{Kind: oncall.Rejected, Detail: "there is no such ability"}
}

// look counts the copies of the action's note on the page, or of its issue; a source that cannot
// count says 1 for any number.
func (f flight) look(ctx context.Context) (copies int, err error) {
	err = f.call(ctx, func(ctx context.Context) (err error) {
		id, text := f.action.Target.ID, f.action.Text
		if s, ok := f.source.(sources.Filer); ok && f.action.Kind == oncall.File {
			copies, err = countFiled(ctx, s, f.action)
			return err
		}
		switch s := f.source.(type) {
		case sources.NoteCounter:
			copies, err = s.CountNotes(ctx, id, text)
		case sources.Annotator:
			var found bool
			if found, err = s.NoteExists(ctx, id, text); found {
				copies = 1
			}
		default:
			err = &oncall.Fault{Kind: oncall.Rejected, Detail: "there is no such ability"}
		}
		return err
	})
	return copies, err
}

// countFiled counts the issues that an action opened.
func countFiled(ctx context.Context, s sources.Filer, a oncall.Action) (copies int, err error) {
	all, err := s.Filed(ctx, a.At)
	for _, i := range all {
		if i.Marker == a.Marker() {
			copies++
		}
	}
	return copies, err
}

// call calls an ability with a deadline. An error that is no fault may have come
// at any moment, so it leaves a write in doubt; a context's is put into words.
func (f flight) call(ctx context.Context, ability func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	name, op := f.action.Target.Source, f.action.Kind.String()+" "+f.action.Target.ID
	err := guard(f.log, name, op, func() error { return ability(ctx) })
	var fault *oncall.Fault
	if err == nil || errors.As(err, &fault) {
		return err
	}
	fault = oncall.AsFault(err, name, op)
	fault.Ambiguous = true
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fault.Detail = "no answer in time"
	case errors.Is(err, context.Canceled):
		fault.Detail = "stopped before the answer came"
	}
	return fault
}

// panicked reports whether err is a recovered panic.
func panicked(err error) bool {
	var p *panicError
	return errors.As(err, &p)
}
