package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/oncall"
)

// actTimeout is how long a script waits for a pager's word by default.
const actTimeout = 30 * time.Second

// maxStdinNote bounds a note that is piped in.
const maxStdinNote = 64 << 10

func (a *app) actCommand(verb string) *cobra.Command {
	wait, pause := actTimeout, time.Hour
	use, short, args := verb+" ID…", "Acknowledge pages", cobra.MinimumNArgs(1)
	kind := oncall.Acknowledge
	switch verb {
	case "resolve":
		kind, short = oncall.Resolve, "Resolve pages"
	case "snooze":
		kind, short = oncall.Snooze, "Snooze pages: they call again when the time is over"
	case "note":
		kind, short, use = oncall.Annotate, "Write a note on a page; without text it is read from standard input", "note ID [TEXT…]"
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		Long: short + `.

An ID is what conway pages prints, such as pd/Q1K9ZT3CHKOUT1; the source may be left
out when only one pager is configured. The command waits for the pager's own word and
exits with 1 when it refused or did not answer in time.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, note := args, ""
			if kind == oncall.Annotate {
				var err error
				if note, err = a.noteText(args[1:]); err != nil {
					return err
				}
				ids = args[:1]
			}
			return a.act(cmd.Context(), oncall.Action{Kind: kind, Text: note}, ids, pause, wait)
		},
	}
	if kind == oncall.Snooze {
		cmd.Flags().DurationVar(&pause, "for", pause, "how long to snooze")
	}
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long to wait for the pager's word")
	return cmd
}

func (a *app) noteText(args []string) (string, error) {
	note := strings.Join(args, " ")
	if len(args) == 0 {
		data, err := io.ReadAll(io.LimitReader(bufio.NewReader(a.stdin), maxStdinNote+1))
		if err != nil {
			return "", fmt.Errorf("read the note: %w", err)
		}
		if len(data) > maxStdinNote {
			return "", usage(fmt.Errorf("read the note: it is longer than 64 KiB; shorten it"))
		}
		note = string(data)
	}
	if note = strings.TrimSpace(note); note == "" {
		return "", usage(fmt.Errorf("the note is empty; give its text after the ID or on standard input"))
	}
	return note, nil
}

// act asks for one thing on each page and waits for the pager's word.
func (a *app) act(ctx context.Context, what oncall.Action, ids []string, pause, wait time.Duration) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if cfg.ReadOnly {
		return usage(fmt.Errorf("%s: read_only is set in the config", what.Kind))
	}
	c, err := newCore(cfg, a.now, board.KindPages)
	if err != nil {
		return err
	}
	refs, err := a.refs(c, ids)
	if err != nil {
		return err
	}
	names := map[string]oncall.Ref{}
	a.reachLedger(ctx, c)
	if c.unkept != nil {
		fmt.Fprintln(a.stderr, printable(c.unkept.Error()))
	}
	if err := c.nowhere(what.Kind, refs); err != nil {
		return err
	}
	c.sources = nil // nothing has to be listed to act on a named page
	c.start(ctx)
	for _, r := range refs {
		id := rand.Text()
		names[id] = r
		what.ID, what.Target, what.Title, what.At = id, r, r.String(), a.now()
		if what.Kind == oncall.Snooze {
			what.Until = what.At.Add(pause)
		}
		c.outbox.Submit(what)
	}
	failed := a.await(ctx, c, names, wait)
	if err := c.stop(ctx); err != nil {
		return err
	}
	if failed {
		return exitError{code: exitFailed}
	}
	return nil
}

// nowhere says why acknowledgements would be kept by nobody: a pager that has none
// leaves them to the ledger, and there is no ledger.
func (c *core) nowhere(kind oncall.ActionKind, refs []oncall.Ref) error {
	pagers := c.ackless()
	for _, r := range refs {
		if kind == oncall.Acknowledge && pagers[r.Source] != nil && c.journal == nil {
			return fmt.Errorf("ack %s: %s has no acknowledgements and the ledger cannot be opened, so that nobody would know of it", r, r.Source)
		}
	}
	return nil
}

// confirmed says that an action was done, and by whose word.
func (c *core) confirmed(act oncall.Action) string {
	if act.Kind == oncall.Acknowledge && c.ackless()[act.Target.Source] != nil {
		return fmt.Sprintf("recorded in the ledger only; %s has no acknowledgements and goes on calling", act.Target.Source)
	}
	return "confirmed"
}

// await prints each action's end and reports whether one was not confirmed.
func (a *app) await(ctx context.Context, c *core, open map[string]oncall.Ref, wait time.Duration) (failed bool) {
	limit, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	last := map[string]*oncall.Fault{}
	for len(open) > 0 {
		events, err := c.box.Next(limit)
		if err != nil {
			break
		}
		for _, e := range events {
			ev, ok := e.(oncall.ActionEvent)
			if !ok {
				continue
			}
			ref, known := open[ev.Action.ID]
			last[ev.Action.ID] = ev.Err
			switch {
			case !known:
			case ev.State == oncall.Confirmed:
				fmt.Fprintf(a.stdout, "%s %s: %s\n", ev.Action.Kind, ref, c.confirmed(ev.Action))
				delete(open, ev.Action.ID)
			case ev.State == oncall.Refused:
				fmt.Fprintln(a.stderr, printable(fmt.Sprintf("%s %s: %v", ev.Action.Kind, ref, ev.Err)))
				delete(open, ev.Action.ID)
				failed = true
			}
		}
	}
	for id, ref := range open {
		msg := fmt.Sprintf("%s: no word from the pager within %s; it may or may not have arrived", ref, wait)
		if f := last[id]; f != nil {
			msg = fmt.Sprintf("%s: not confirmed within %s: %v", ref, wait, f)
		}
		fmt.Fprintln(a.stderr, printable(msg))
		failed = true
	}
	return failed
}

// named loads the config and finds the page of an ID, for a verb that records
// something about it.
func (a *app) named(ctx context.Context, verb, id string) (config.Config, oncall.Ref, error) {
	cfg, _, err := a.load(ctx)
	switch {
	case err != nil:
		return cfg, oncall.Ref{}, err
	case cfg.ReadOnly:
		return cfg, oncall.Ref{}, usage(fmt.Errorf("%s: read_only is set in the config", verb))
	}
	c, err := newCore(cfg, a.now, board.KindPages)
	if err != nil {
		return cfg, oncall.Ref{}, err
	}
	refs, err := a.refs(c, []string{id})
	if err != nil {
		return cfg, oncall.Ref{}, err
	}
	return cfg, refs[0], nil
}

// refs turns what was typed into the names of pages.
func (a *app) refs(c *core, ids []string) ([]oncall.Ref, error) {
	var names []string
	for _, s := range c.sources {
		names = append(names, s.Name())
	}
	if len(names) == 0 {
		return nil, usage(fmt.Errorf("no pager is configured; name one under pages: in the config"))
	}
	var out []oncall.Ref
	for _, id := range ids {
		source, rest, ok := strings.Cut(id, "/")
		switch {
		case ok && c.byName[source] != nil && rest != "":
			out = append(out, oncall.Ref{Source: source, ID: rest})
		case !ok && len(names) == 1 && id != "":
			out = append(out, oncall.Ref{Source: names[0], ID: id})
		case !ok:
			return nil, usage(fmt.Errorf("%q does not say which pager; write one of %s before it, such as %s/%s", id, strings.Join(names, ", "), names[0], id))
		default:
			return nil, usage(fmt.Errorf("%q names no pager of the config; they are %s", id, strings.Join(names, ", ")))
		}
	}
	return out, nil
}
