package journald

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/command"
	"conway/internal/sources/tailing"
)

// heard is what journalctl printed since the last time: entries in their order,
// and lines of its standard error.
type heard struct {
	entries []entry
	hints   []string
}

// journalctl runs it to its end, or that of ctx, and hands on what it prints. It
// returns nil when it ends well, which includes having found nothing.
func (s *Source) journalctl(ctx context.Context, op string, args []string, take func(heard)) error {
	c, err := command.New(command.Options{Name: s.o.Name, Argv: started(s.o.Argv, args), Env: s.o.Env})
	if err != nil {
		return oncall.AsFault(err, s.o.Name, op)
	}
	var hints []string
	err = c.Run(ctx, func(e oncall.Event) {
		l, ok := e.(oncall.LinesEvent)
		if !ok || len(l.Lines) == 0 {
			return
		}
		var h heard
		for _, line := range l.Lines {
			switch {
			case line.Origin == "stderr":
				h.hints = append(h.hints, line.Raw)
			case strings.HasPrefix(line.Raw, "-- ") || line.Raw == "":
				// "-- No entries --", and where a boot begins.
			default:
				h.entries = append(h.entries, entryOf(line.Raw, line.Cut))
			}
		}
		hints = append(hints, h.hints...)
		take(h)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.judge(op, err, hints)
}

// judge says how journalctl ended. It exits with status 1 and no word when a
// pattern matches nothing.
func (s *Source) judge(op string, err error, hints []string) error {
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		return err
	}
	exit, exited := errors.AsType[*exec.ExitError](f.Cause)
	switch {
	case f.Kind == oncall.Rejected:
		f.Op = op
		return f
	case f.Cause == nil, exited && exit.ExitCode() == 1 && len(hints) == 0:
		return nil
	}
	f.Op, f.Fix = op, ""
	for _, h := range hints {
		switch {
		case strings.Contains(h, "No journal files were"), strings.Contains(h, "ermission denied"):
			f.Kind, f.Fix = oncall.Auth, "add this user to the group systemd-journal, or correct directory and files"
		case strings.Contains(h, "Failed to open"):
			f.Kind, f.Fix = oncall.Rejected, "correct directory or files"
		case strings.Contains(h, "Bad pattern"), strings.Contains(h, "Failed to add match"):
			f.Kind, f.Fix = oncall.Rejected, "correct the query: FIELD=value and a regular expression"
		}
	}
	return f
}

// hunt is a search through a window, the newest entries first.
type hunt struct {
	start, end time.Time
	limit      int
	found      func([]tailing.Entry)

	// lines counts what was found; more is true when there is more.
	lines int
	more  bool
	hints []string
	// newest is the cursor of the newest entry in the journal that matches.
	newest string
	// oldest is the time of the oldest entry that was found, zero for none yet.
	oldest time.Time
}

// hunt runs journalctl for a search.
func (s *Source) hunt(ctx context.Context, op string, q oncall.LogQuery, h *hunt) error {
	args := append(s.args(q), "--reverse", "--since="+at(h.start), "--until="+at(h.end), "--lines="+strconv.Itoa(h.limit+1))
	return s.journalctl(ctx, op, args, h.take)
}

// take hands on those of some entries that are asked for, oldest first. They are older
// than those of before, also where none of them has a time that could be read.
func (h *hunt) take(new heard) {
	h.hints = append(h.hints, new.hints...)
	entries := make([]tailing.Entry, 0, len(new.entries))
	for _, e := range new.entries {
		if h.newest == "" {
			h.newest = e.Key
		}
		// Windows of journalctl hold their ends.
		if outside := !e.Untimed && (e.Line.At.Before(h.start) || !e.Line.At.Before(h.end)); outside {
			continue
		}
		if h.lines == h.limit {
			h.more = true
			break
		}
		h.lines++
		entries = append(entries, e.Entry)
	}
	if len(entries) == 0 {
		return
	}
	if h.oldest.IsZero() {
		h.oldest = h.end
		if now := time.Now(); now.Before(h.end) {
			h.oldest = now
		}
	}
	slices.Reverse(entries)
	tailing.Sort(entries, h.oldest)
	h.oldest = entries[0].Line.At
	h.found(entries)
}

// tail follows one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	out := tailing.NewOut(s.o.Name, q, &s.place, func() time.Duration { return 0 }, emit)
	if !s.place.Arrived(turn) {
		if err := s.begin(ctx, q, turn, out); err != nil {
			return err
		}
	} else {
		out.Alive()
	}
	args := append(s.args(q), "--follow", "--no-tail")
	if s.cursor != "" {
		args = append(args, "--after-cursor="+s.cursor)
	} else {
		args = append(args, "--since="+at(s.place.From()))
	}
	err := s.journalctl(ctx, tailing.OpFollow, args, func(h heard) { s.heard(h, out) })
	if err == nil && ctx.Err() == nil {
		return &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: tailing.OpFollow, Detail: "journalctl ended"}
	}
	return err
}

// begin emits the newest entries of the window.
func (s *Source) begin(ctx context.Context, q oncall.LogQuery, turn int, out *tailing.Out) error {
	h := hunt{limit: q.Limit}
	if h.limit <= 0 {
		h.limit = tailing.History
	}
	h.start, h.end = tailing.Window(oncall.Window{Start: q.Window.Start}, tailing.Lookback, 0)
	var all []tailing.Entry
	h.found = func(entries []tailing.Entry) { all = append(all, entries...) }
	if err := s.hunt(ctx, tailing.OpFollow, q, &h); err != nil {
		return err
	}
	s.place.Begin(h.start)
	s.place.Arrive(turn)
	s.cursor = h.newest
	out.PutOrAlive(all)
	return nil
}

// heard emits what the tail brings, in the order of the journal.
func (s *Source) heard(h heard, out *tailing.Out) {
	entries := make([]tailing.Entry, 0, len(h.entries)+len(h.hints))
	for _, hint := range h.hints {
		if strings.Contains(hint, "seek to cursor") {
			// Its file is gone. The next try goes by the time.
			s.cursor = ""
		}
		e := tailing.Unread(hint, "", "journalctl")
		e.Line.Level = oncall.LevelWarn
		entries = append(entries, e)
	}
	for _, e := range h.entries {
		if e.Key != "" {
			s.cursor = e.Key
		}
		entries = append(entries, e.Entry)
	}
	out.Put(entries)
}
