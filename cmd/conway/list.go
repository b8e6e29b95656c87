package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
)

// jsonVersion is the version of the shape of every --json output. It grows by
// one when a field changes its meaning or goes away; new fields do not count.
const jsonVersion = 1

// doc is the shape of --json and of snapshot --format json.
type doc struct {
	Version int              `json:"version"`
	At      time.Time        `json:"at"`
	Sources []docSource      `json:"sources"`
	Pages   []oncall.Page    `json:"pages,omitempty"`
	Deploys []oncall.Deploy  `json:"deploys,omitempty"`
	Panels  []oncall.Panel   `json:"panels,omitempty"`
	Budgets []oncall.Budget  `json:"budgets,omitempty"`
	Lines   []oncall.LogLine `json:"lines,omitempty"`
	Search  *docSearch       `json:"search,omitempty"`
}

// docSource says how far one source can be believed.
type docSource struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Quality  string    `json:"quality"`
	Received time.Time `json:"received,omitzero"`
	Fault    string    `json:"fault,omitempty"`
}

func document(b board.Board, now time.Time) doc {
	d := doc{Version: jsonVersion, At: now.UTC(), Sources: []docSource{}, Deploys: b.Deploys(), Panels: b.Metrics().Value.Panels, Budgets: b.Metrics().Value.Budgets}
	for _, s := range b.Sources() {
		ds := docSource{Name: s.Name, Kind: s.Kind, Quality: s.Reading.Quality(now).String(), Received: s.Reading.Received}
		if s.Reading.Fault != nil {
			ds.Fault = s.Reading.Fault.Error()
		}
		d.Sources = append(d.Sources, ds)
	}
	for _, r := range b.Pages() {
		d.Pages = append(d.Pages, r.Page)
	}
	t := b.Logs()
	for i := range t.Len() {
		d.Lines = append(d.Lines, t.At(i))
	}
	return d
}

// printJSON writes JSON in which control and format characters are escaped, so
// that it is safe to look at.
func (a *app) printJSON(v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.stdout, escapeFormat(string(data))+"\n")
	return err
}

func escapeFormat(s string) string {
	var b strings.Builder
	for _, r := range s {
		if plain := r >= ' ' && r <= '~'; !plain && r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			if r > 0xffff {
				r -= 0x10000
				fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
				continue
			}
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

type listOptions struct {
	json bool
	wait time.Duration
}

func (a *app) listCommand(use, short, kind string, table func(io.Writer, board.Board)) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context(), kind, o, table) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "JSON instead of a table")
	cmd.Flags().DurationVar(&o.wait, "wait", defaultWait, "how long to wait for the sources")
	return cmd
}

// list asks the sources of one kind once and prints what they said.
func (a *app) list(ctx context.Context, kind string, o listOptions, table func(io.Writer, board.Board)) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, a.now, kind)
	if err != nil {
		return err
	}
	if len(c.sources) == 0 {
		return usage(fmt.Errorf("no source of %s is configured; name one under %s: in the config", kind, kind))
	}
	a.knowAcks(ctx, c)
	b := a.gather(ctx, c, o.wait)
	if o.json {
		if err := a.printJSON(document(b, a.now())); err != nil {
			return err
		}
	} else {
		tw := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
		table(tw, b)
		if err := tw.Flush(); err != nil {
			return err
		}
		for _, s := range b.Sources() {
			if s.Reading.Fault != nil {
				fmt.Fprintln(a.stderr, printable(s.Reading.Fault.Error()))
			}
		}
	}
	return partly(b, a.now())
}

// gather runs a core until each of its sources has answered or failed once.
func (a *app) gather(ctx context.Context, c *core, wait time.Duration) board.Board {
	b := c.newBoard()
	c.start(ctx)
	limit, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for !heard(b) {
		events, err := c.box.Next(limit)
		if err != nil {
			break
		}
		for _, e := range events {
			b, _ = b.Apply(e)
		}
	}
	// Only the runner can fail to stop, and nothing was run.
	_ = c.stop(ctx)
	return b
}

func heard(b board.Board) bool {
	for _, s := range b.Sources() {
		if s.Reading.Received.IsZero() && s.Reading.Fault == nil {
			return false
		}
	}
	return true
}

func (a *app) pagesCommand() *cobra.Command {
	return a.listCommand("pages", "Print the open pages", board.KindPages, func(w io.Writer, b board.Board) {
		for _, r := range b.Pages() {
			p := r.Page
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", text.Decode(p.Ref.String()), standing(p), p.Urgency,
				p.CreatedAt.UTC().Format(time.RFC3339), text.Decode(p.Service.Name), text.Decode(p.Title))
		}
	})
}

// standing is how a page stands, as the cockpit says it too: what a pager without
// acknowledgements does not know goes on calling.
func standing(p oncall.Page) string {
	if p.NoAck && p.Status == oncall.Acknowledged {
		return "acked here only"
	}
	return p.Status.String()
}

func (a *app) deploysCommand() *cobra.Command {
	return a.listCommand("deploys", "Print the recent deploys", board.KindDeploys, func(w io.Writer, b board.Board) {
		for _, d := range b.Deploys() {
			name := d.Service
			if name == "" {
				name = d.Repo
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.When().UTC().Format(time.RFC3339), text.Decode(name),
				text.Decode(d.Version), text.Decode(d.Commit).Slice(0, 7), d.Status, text.Decode(d.Author))
		}
	})
}
