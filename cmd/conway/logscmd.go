package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/text"
	"conway/internal/ui"
)

const (
	// foundLines is how many lines a search from a script prints unless it asks for
	// another number: what a terminal scrolls back through.
	foundLines = 1000
	// searchSpan is how far a search looks back unless it is told.
	searchSpan = "1h"
)

// logsOptions are what the logs are asked for from a script.
type logsOptions struct {
	listOptions

	query, source, service, filter string
	since, until                   string
	limit                          int
	follow                         bool
}

func (a *app) logsCommand() *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use: "logs", Short: "Print the end of the logs, or search a log store",
		Long: `Without flags, logs prints the end of every configured log.

With --query it searches one log store in the store's own language; with --service it
asks what the config asks of the store for that service. What that costs is said on
stderr before, and how every line is accounted for after. An interrupt cancels the
search at the store. With --follow it goes on printing what comes, with --json as one
object a line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("query") && o.service == "" && o.source == "" && o.filter == "" && !o.follow {
				return a.list(cmd.Context(), board.KindLogs, o.listOptions, printTail)
			}
			return a.askLogs(cmd.Context(), o, cmd.Flags().Changed("query"))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "JSON instead of a table")
	f.DurationVar(&o.wait, "wait", defaultWait, "how long to wait for the sources, when nothing is searched")
	f.StringVar(&o.query, "query", "", "what to search for, in the store's own language")
	f.StringVar(&o.source, "source", "", "the log store, by its name in the config; needed where there are several")
	f.StringVar(&o.service, "service", "", "the service that fills {{service}} and other labels of the query")
	f.StringVar(&o.filter, "filter", "", "print only lines that match, as / in the cockpit does")
	f.StringVar(&o.since, "since", searchSpan, "where to begin: a span back from now, such as 15m, 1h or 2d, or a time such as 2026-03-02T03:00:00Z")
	f.StringVar(&o.until, "until", "", "where to end, written likewise; now when empty")
	f.IntVar(&o.limit, "limit", 0, fmt.Sprintf("print at most so many lines: the newest that are found, %d unless it says another, or the first that are followed", foundLines))
	f.BoolVar(&o.follow, "follow", false, "go on with the lines that come")
	return cmd
}

func printTail(w io.Writer, b board.Board) {
	t := b.Logs()
	for i := range t.Len() {
		fmt.Fprintln(w, rowOf(t.At(i)))
	}
}

func rowOf(l oncall.LogLine) text.Safe {
	return text.Sprintf("%s %s %s %s", l.At.UTC().Format(time.RFC3339Nano), text.Decode(l.Level.String()).Pad(5), l.Source, l.Message)
}

// logsAsk is what a script asks of the logs, read and checked.
type logsAsk struct {
	core   *core
	query  oncall.LogQuery
	filter board.Query
	// source is the one that is asked, nil for every log that is followed.
	source sources.Source
	limit  int
	json   bool
}

// askLogs searches one log store, or follows logs.
func (a *app) askLogs(ctx context.Context, o logsOptions, query bool) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, a.now, board.KindLogs)
	if err != nil {
		return err
	}
	ask, err := a.readLogs(c, o, query)
	if err != nil {
		return usage(err)
	}
	if o.follow {
		return a.followLogs(ctx, ask)
	}
	return a.searchLogs(ctx, ask)
}

// readLogs checks what was asked for, before anything is sent.
func (a *app) readLogs(c *core, o logsOptions, query bool) (ask logsAsk, err error) {
	ask = logsAsk{core: c, limit: o.limit, json: o.json}
	if len(c.sources) == 0 {
		return ask, errors.New("no source of logs is configured; name one under logs: in the config")
	}
	if o.limit < 0 || o.limit > savedLines {
		return ask, fmt.Errorf("--limit %d: write a number from 1 to %d", o.limit, savedLines)
	}
	if ask.filter, err = board.ParseQuery(o.filter); err != nil {
		return ask, fmt.Errorf("--filter %s: %w", o.filter, err)
	}
	if ask.query.Window, err = a.windowOf(o); err != nil {
		return ask, err
	}
	if o.follow && o.until != "" {
		return ask, errors.New("--until with --follow: what is followed has no end; leave one of them out")
	}
	if o.follow && !query && o.source == "" && o.service == "" {
		return ask, nil
	}
	if ask.source, err = c.oneLog(o.source, !o.follow || query || o.service != ""); err != nil {
		return ask, err
	}
	ask.query.Query, err = c.askedQuery(ask.source.Name(), o, query)
	return ask, err
}

// windowOf returns the span of time that is asked for.
func (a *app) windowOf(o logsOptions) (w oncall.Window, err error) {
	now := a.now().UTC()
	if w.Start, err = momentOf(o.since, now); err != nil {
		return w, fmt.Errorf("--since %w", err)
	}
	if w.End = now; o.until != "" {
		if w.End, err = momentOf(o.until, now); err != nil {
			return w, fmt.Errorf("--until %w", err)
		}
	}
	if !w.Start.Before(w.End) {
		return w, fmt.Errorf("--since %s is not before the end, %s", w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339))
	}
	return w, nil
}

// momentOf reads a time, or a span back from now.
func momentOf(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	if d, err := parseSpan(s); err == nil {
		return now.Add(-d), nil
	}
	return now, fmt.Errorf("%q is neither a span back from now, such as 15m, 1h or 2d, nor a time such as 2026-03-02T03:00:00Z", s)
}

// oneLog returns the source of this name, or the only one that can be asked.
func (c *core) oneLog(name string, asked bool) (sources.Source, error) {
	var can []string
	for _, s := range c.sources {
		_, ok := s.Source.(sources.Searcher)
		if !asked || ok {
			can = append(can, s.Name())
		}
	}
	if stores := c.stores(can); name == "" && asked && len(stores) > 0 {
		can = stores // files are searched too, but a query is rather meant for a store
	}
	switch s, ok := c.byName[name]; {
	case name == "" && len(can) == 1:
		return c.byName[can[0]], nil
	case name == "" && len(can) > 1:
		return nil, errors.New("several logs can be asked; choose one with --source: " + strings.Join(can, ", "))
	case name == "" || ok && !slices.Contains(can, name):
		return nil, errors.New(c.notSearched(name))
	case !ok:
		return nil, fmt.Errorf("--source %s: the config has no log of that name; it has %s", name, strings.Join(c.logNames(), ", "))
	default:
		return s, nil
	}
}

// stores returns those of these logs that have a language of their own.
func (c *core) stores(names []string) (out []string) {
	for _, l := range c.cfg.Logs {
		if _, _, ok := askedOf(l); ok && slices.Contains(names, l.SourceName()) {
			out = append(out, l.SourceName())
		}
	}
	return out
}

func (c *core) logNames() []string {
	out := make([]string, 0, len(c.sources))
	for _, s := range c.sources {
		out = append(out, s.Name())
	}
	return out
}

// askedQuery returns the query as the store gets it: what was typed as it is, and
// with a service filled in, as the config's own is.
func (c *core) askedQuery(source string, o logsOptions, typed bool) (string, error) {
	if typed && o.service == "" {
		return o.query, nil
	}
	i := slices.IndexFunc(c.cfg.Logs, func(l config.LogSource) bool { return l.SourceName() == source })
	if i < 0 {
		return o.query, nil
	}
	lang, query, _ := askedOf(c.cfg.Logs[i])
	if typed {
		query = o.query
	}
	service := follow.Service{}
	if o.service != "" {
		s, ok := c.services.Service(o.service)
		if !ok {
			return "", fmt.Errorf("--service %s: services: in the config names no such service", o.service)
		}
		service = s
	}
	if plain(query) == query && (o.service == "" || typed) {
		return query, nil
	}
	vars := follow.Vars(service, nil)
	filled, err := follow.Fill(query, vars, lang)
	if missing, ok := errors.AsType[*follow.MissingError](err); ok && o.service == "" {
		return "", fmt.Errorf("the query of %s needs a value for {{%s}}; name a service with --service, or write the whole query with --query", source, missing.Name)
	}
	return filled, err
}

// tally is where the lines that a source handed over have gone.
type tally struct {
	received, shown, filtered, dropped int
	// atLeast is true when more was lost than anybody counted.
	atLeast bool
}

// words says it in one line, whose numbers add up.
func (c tally) words(source string) text.Safe {
	least := ""
	if c.atLeast {
		least = "at least "
	}
	return text.Sprintf("%s: %s%d lines received = %d shown + %d filtered + %s%d dropped", source, least, c.received, c.shown, c.filtered, least, c.dropped)
}

// docSearch says in --json how a search went.
type docSearch struct {
	Source string          `json:"source"`
	Query  string          `json:"query"`
	Window oncall.Window   `json:"window"`
	Limit  int             `json:"limit"`
	Cost   oncall.LogCost  `json:"cost"`
	Found  oncall.LogFound `json:"found"`
	// Received is Shown, Filtered and Dropped together.
	Received int `json:"received"`
	Shown    int `json:"shown"`
	Filtered int `json:"filtered"`
	Dropped  int `json:"dropped"`
}

// taker takes what a search finds, and keeps the newest lines of it.
type taker struct {
	ask   logsAsk
	lines []oncall.LogLine
	count tally
}

func (t *taker) take(p oncall.LogPart) {
	t.count.received += len(p.Lines)
	for _, l := range p.Lines {
		if t.ask.filter.Match(l) {
			t.lines = append(t.lines, l)
		} else {
			t.count.filtered++
		}
	}
	// Sorted now and then only: there may be many parts.
	if len(t.lines) > 2*t.ask.limit+foundLines {
		t.trim()
	}
}

// trim orders the lines by time, and drops the oldest beyond the limit.
func (t *taker) trim() {
	t.lines = board.MergeLines(t.lines, nil)
	if over := len(t.lines) - t.ask.limit; over > 0 {
		t.count.dropped += over
		t.lines = slices.Clone(t.lines[over:])
	}
}

// searchLogs searches one store and prints what it found, oldest first, also
// when it was interrupted or failed before its end.
func (a *app) searchLogs(ctx context.Context, ask logsAsk) error {
	s, ok := ask.source.(sources.Searcher)
	if !ok {
		return usage(errors.New(ask.core.notSearched(ask.source.Name())))
	}
	if ask.limit == 0 {
		ask.limit = foundLines
	}
	ask.query.Limit = ask.limit
	name := ask.source.Name()
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	price, _ := cost(ctx, s, ask.query)
	a.tell(text.Sprintf("%s, for at most %d lines", ui.CostWords(name, price), ask.limit))
	t := taker{ask: ask}
	found, err := s.Search(ctx, ask.query, t.take)
	t.trim()
	lines, count := t.lines, t.count
	count.shown = len(lines)
	if perr := a.printFound(ask, price, found, count, lines, err); perr != nil {
		return perr
	}
	if err == nil {
		a.tell(ui.FoundWords(name, found))
		a.tell(count.words(name))
		return nil
	}
	a.tell(count.words(name))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%s: the search was cancelled after %v; choose a shorter --since: %w", name, searchTimeout, err)
	}
	if len(lines) > 0 {
		return exitError{exitPartly, err}
	}
	return err
}

// tell says something beside the lines.
func (a *app) tell(s text.Safe) { fmt.Fprintln(a.stderr, printable(s.String())) }

func (a *app) printFound(ask logsAsk, price oncall.LogCost, found oncall.LogFound, c tally, lines []oncall.LogLine, err error) error {
	if ask.json {
		d := doc{
			Version: jsonVersion, At: a.now().UTC(), Lines: lines,
			Sources: []docSource{{Name: ask.source.Name(), Kind: board.KindLogs, Quality: oncall.Live.String(), Received: a.now().UTC()}},
			Search: &docSearch{
				Source: ask.source.Name(), Query: ask.query.Query, Window: ask.query.Window, Limit: ask.limit, Cost: price, Found: found,
				Received: c.received, Shown: c.shown, Filtered: c.filtered, Dropped: c.dropped,
			},
		}
		if err != nil {
			d.Sources[0].Quality, d.Sources[0].Fault = oncall.Lost.String(), err.Error()
		}
		return a.printJSON(d)
	}
	w := bufio.NewWriter(a.stdout)
	for _, l := range lines {
		fmt.Fprintln(w, rowOf(l))
	}
	return w.Flush()
}
