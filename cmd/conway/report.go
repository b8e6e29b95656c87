package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/config"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/text"
)

// The formats of a report, besides formatJSON.
const (
	formatMarkdown = "md"
	formatHTML     = "html"
)

const (
	// quarter is the span of a report.
	quarter = "13w"
	// longestSpan bounds a report: zones and teams of ten years ago are not known.
	longestSpan = 3660 * day
	day         = 24 * time.Hour
	week        = 7 * day
)

type reportOptions struct {
	since, until, format, unit string
	mttr                       bool
}

func (a *app) reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use: "report", Short: "Print who builds it and who wakes for it, from the ledger", Args: cobra.NoArgs,
		Long: `report counts what the ledger holds of the time before a day: who was woken by whose
code, how much of it was preventable, what was known before and what was done.

People, teams and their sizes are in the config. A team of fewer than five people is
put together with others unless each of them agreed; nobody is named.

A record that cannot be read is named on stderr, the others are counted, and the exit
code is 1. It is 1 too, with nothing printed, when the ledger holds no page of that time.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.since, "since", quarter, "how much time is counted, such as 13w or 90d; as much before it is compared")
	cmd.Flags().StringVar(&o.until, "until", "", "the day before which it ends, such as 2026-04-06, by UTC; today when empty")
	cmd.Flags().StringVar(&o.format, "format", formatMarkdown, "md, html or json")
	cmd.Flags().StringVar(&o.unit, "unit", "", "the part of the organisation it is about (else report.unit in the config)")
	cmd.Flags().BoolVar(&o.mttr, "with-mttr", false, "add the mean time to resolve, with its interval")
	cmd.AddCommand(a.decideCommand())
	return cmd
}

func (a *app) decideCommand() *cobra.Command {
	var by, on string
	cmd := &cobra.Command{
		Use: "decide TEXT…", Short: "Record what was decided upon a report, by whom and when", Args: cobra.MinimumNArgs(1),
		Long: `decide records what was written into the box at the end of a report. The next report opens
with it, or with "no decision taken".`,
		RunE: func(cmd *cobra.Command, args []string) error {
			body := report.DecisionBody{Text: strings.TrimSpace(strings.Join(args, " ")), By: strings.TrimSpace(by)}
			switch {
			case body.Text == "" || len(body.Text) > oncall.MaxTag:
				return usage(fmt.Errorf("decide needs a text, of up to %d bytes", oncall.MaxTag))
			case body.By == "" || len(body.By) > oncall.MaxTag:
				return usage(errors.New("decide needs --by and a name: a decision is somebody's"))
			}
			at := a.now()
			if on != "" {
				day, err := time.Parse(time.DateOnly, on)
				if err != nil {
					return usage(fmt.Errorf("--on %q is no day; write it as 2026-04-06", on))
				}
				at = day
			}
			return a.decide(cmd.Context(), at, body)
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "who decided it")
	cmd.Flags().StringVar(&on, "on", "", "the day on which it was decided, such as 2026-04-06; today when empty")
	return cmd
}

func (a *app) decide(ctx context.Context, at time.Time, body report.DecisionBody) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if cfg.ReadOnly {
		return usage(errors.New("decide: read_only is set in the config"))
	}
	err = a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error {
		ctx, cancel := context.WithTimeout(ctx, keepTimeout)
		defer cancel()
		r, err := ledger.NewRecord(report.KindDecision, "", body)
		if err == nil {
			r.At, r.Actor = at, recorder
			_, err = j.Append(ctx, r)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the decision is not recorded: %w", err)
	}
	fmt.Fprintf(a.stdout, "decision of %s on %s recorded\n", text.Decode(body.By), at.UTC().Format(time.DateOnly))
	return nil
}

// report prints the page of one period.
func (a *app) report(ctx context.Context, o reportOptions) error {
	start, end, err := o.period(a.now())
	if err != nil {
		return usage(err)
	}
	switch o.format {
	case formatMarkdown, formatHTML, formatJSON:
	default:
		return usage(fmt.Errorf("--format %q is not known; it is md, html or json", o.format))
	}
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if o.unit == "" {
		o.unit = cfg.Report.Unit
	}
	facts, unread := a.facts(ctx, cfg, report.Options{Start: start, End: end})
	if unread != nil && facts.Known == 0 {
		return unread
	}
	if facts.People, err = a.people(ctx, cfg, facts.Wishes); err != nil {
		return err
	}
	opts := report.Options{Start: start, End: end, Rate: cfg.Report.Rate, Engagements: engagements(cfg, facts, start, end)}
	r := report.Compose(facts, opts, privacy(cfg, facts), o.unit)
	if r.Now.Pages == 0 {
		return errors.Join(unread, fmt.Errorf("the ledger holds no page from %s up to %s; --since and --until choose another time",
			start.Format(time.DateOnly), end.Format(time.DateOnly)))
	}
	if o.mttr {
		if m, ok := report.MeanTimeToResolve(facts, opts); ok {
			r.MTTR = &m
		}
	}
	return errors.Join(a.printReport(r, o.format), unread)
}

// period returns the time that is counted, its end exclusive.
func (o reportOptions) period(now time.Time) (start, end time.Time, err error) {
	span, err := parseSpan(o.since)
	if err != nil {
		return start, end, fmt.Errorf("--since %w", err)
	}
	end = now.UTC().Truncate(day)
	if o.until != "" {
		if end, err = time.Parse(time.DateOnly, o.until); err != nil {
			return start, end, fmt.Errorf("--until %q is no day; write it as 2026-04-06", o.until)
		}
	}
	return end.Add(-span), end, nil
}

// parseSpan reads a number of weeks or days.
func parseSpan(s string) (time.Duration, error) {
	units := map[string]time.Duration{"w": week, "d": day}
	number, unit := "", ""
	if s != "" {
		number, unit = s[:len(s)-1], s[len(s)-1:]
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || units[unit] == 0 || n == 0 {
		return 0, fmt.Errorf("%q is no span of time; write a number and w or d, such as 13w or 90d", s)
	}
	span := time.Duration(n) * units[unit]
	if span > longestSpan {
		return 0, fmt.Errorf("%q is too long; write %dd or less", s, longestSpan/day)
	}
	return span, nil
}

// facts reads the ledger for the numbers of a period: what was known before it
// counts in it. The error names what could not be read, and the facts are of the rest.
func (a *app) facts(ctx context.Context, cfg config.Config, o report.Options) (report.Facts, error) {
	var facts report.Facts
	var unread error
	err := a.withLedger(ctx, cfg, true, func(j *ledger.Journal) (err error) {
		if h, err := j.Head(ctx); err == nil && a.toil != nil {
			a.toil(h.Count)
		}
		facts, unread, err = factsOf(ctx, j, o)
		return err
	})
	return facts, errors.Join(err, unread)
}

// lanes is how many parts of a ledger are read at the same time.
const lanes = 2

// factsOf reads a ledger to its end, or as far as it can be read; unread names a
// record that cannot be understood.
func factsOf(ctx context.Context, j *ledger.Journal, o report.Options) (facts report.Facts, unread, err error) {
	h, err := j.Head(ctx)
	if err != nil {
		return slowFactsOf(ctx, j)
	}
	r := report.NewReading(lanes, h.Count)
	takes := make([]func(ledger.Raw) error, lanes)
	for i := range takes {
		l := r.Lane(i)
		takes[i] = func(raw ledger.Raw) error { return l.Take(raw.At, raw.ID, raw.Kind, raw.Body) }
	}
	if _, err := j.Scan(ctx, 0, takes...); err != nil {
		// What is wrong with it is found one record at a time, with what lies before.
		return slowFactsOf(ctx, j)
	}
	facts, unread = r.Facts(o)
	return facts, unread, nil
}

// slowFactsOf is factsOf without haste: it reads what lies before a damage, and
// whatever no ledger of this version writes.
func slowFactsOf(ctx context.Context, j *ledger.Journal) (facts report.Facts, unread, err error) {
	var records []report.Record
	for cursor := ledger.Cursor(0); ; {
		some, next, serr := j.Since(ctx, cursor)
		if serr != nil || len(some) == 0 {
			facts, unread = report.Read(records)
			return facts, unread, serr
		}
		for _, r := range some {
			records = append(records, report.Record{ID: r.ID, At: r.At, Kind: r.Kind, Body: r.Body})
		}
		cursor = next
	}
}

// people are those of the config, under their pseudonyms.
func (a *app) people(ctx context.Context, cfg config.Config, w report.Wishes) ([]report.Person, error) {
	var names pseudonyms
	if w.Any() || slices.ContainsFunc(slices.Collect(maps.Keys(cfg.People)), func(s string) bool { return !isPseudonym(s) }) {
		var err error
		if names, err = a.pseudonyms(ctx, cfg, func(string) {}); err != nil {
			return nil, err
		}
	}
	return peopleOf(cfg, names.with(w))
}

// peopleOf are the people of the config by the names that the ledger has for them.
// Those that were forgotten go on counting for the team, and for nobody.
func peopleOf(cfg config.Config, names pseudonyms) ([]report.Person, error) {
	out := make([]report.Person, 0, len(cfg.People))
	for _, who := range slices.Sorted(maps.Keys(cfg.People)) {
		p := cfg.People[who]
		zone, err := time.LoadLocation(p.TimeZone)
		if err != nil { // it was checked when the file was read
			return nil, err
		}
		for _, name := range names.all(who) {
			out = append(out, report.Person{
				ID: name, Team: p.Team, Stays: []report.Stay{{Zone: zone}}, Sleep: hoursOf(p.Sleep), Work: hoursOf(p.Work),
			})
		}
	}
	return out, nil
}

// hoursOf reads hours that were checked when the file was read.
func hoursOf(s string) report.Hours {
	var fromHour, fromMinute, toHour, toMinute int
	if _, err := fmt.Sscanf(s, "%d:%d-%d:%d", &fromHour, &fromMinute, &toHour, &toMinute); err != nil {
		return report.Hours{}
	}
	return report.Hours{From: 60*fromHour + fromMinute, To: 60*toHour + toMinute}
}

// privacy says which teams may be named: a small one when as many of its people
// as it has have agreed.
func privacy(cfg config.Config, f report.Facts) report.Privacy {
	p := report.Privacy{Sizes: map[string]int{}, Consented: map[string]bool{}, K: cfg.Report.MinTeam}
	agreed := map[string]int{}
	for _, who := range f.People {
		if f.Wishes.Agreed(who.ID, report.ScopeName) {
			agreed[who.Team]++
		}
	}
	for name, t := range cfg.Teams {
		p.Sizes[name], p.Consented[name] = t.Size, t.Consented || agreed[name] >= t.Size
	}
	return p
}

// engagements are the agreements of the config. One whose budget was spent by the
// incidents of the period no longer holds.
func engagements(cfg config.Config, f report.Facts, start, end time.Time) []report.Engagement {
	within := map[string]bool{}
	for _, n := range f.Notifications {
		within[n.Incident] = within[n.Incident] || !n.At.Before(start) && n.At.Before(end)
	}
	spent := map[string]float64{}
	for _, b := range f.Budgets {
		if within[b.Incident] {
			spent[b.SLO] += b.Share
		}
	}
	var out []report.Engagement
	for _, name := range slices.Sorted(maps.Keys(cfg.Services)) {
		s := cfg.Services[name]
		if e := s.Engagement; e != nil {
			// Sloth's objectives are recorded with their service before their name.
			gone := e.SLO != "" && slices.ContainsFunc([]string{e.SLO, name + "-" + e.SLO, s.Labels["service"] + "-" + e.SLO}, func(id string) bool { return spent[id] >= 1 })
			out = append(out, report.Engagement{Service: name, By: e.By, Until: e.Ends(), SLO: e.SLO, Spent: gone})
		}
	}
	return out
}

// printReport writes a report in which nothing that a pager said acts on a
// terminal.
func (a *app) printReport(r report.Report, format string) error {
	var b bytes.Buffer
	var err error
	switch format {
	case formatJSON:
		err = r.JSON(&b)
	case formatHTML:
		err = r.HTML(&b)
	default:
		err = r.Markdown(&b)
	}
	if err != nil {
		return err
	}
	out := escapeFormat(b.String())
	if format != formatJSON {
		var lines strings.Builder
		for _, l := range text.Lines(b.String()) {
			lines.WriteString(l.String() + "\n")
		}
		out = lines.String()
	}
	_, err = io.WriteString(a.stdout, out)
	return err
}
