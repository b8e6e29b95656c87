package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/feed"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
	"conway/internal/sources/issues"
)

const (
	// trackerName is how faults and actions call the place where follow-ups are filed.
	trackerName = "follow-ups"
	// trackerPerMinute leaves nearly all of a token's allowance to whoever else has it.
	trackerPerMinute = 10
	// fileEvery is how often the ledger is looked at for follow-ups to file, and
	// fileAfter how long one is left to whoever wrote it down.
	fileEvery, fileAfter = 20 * time.Second, 10 * time.Second
	// trackEvery is how often it is asked what became of them: they live for weeks.
	trackEvery = 10 * time.Minute
	// trackTimeout bounds one such question.
	trackTimeout = time.Minute
	// titleMax bounds an issue's title.
	titleMax = 200
	// fileMax is how old a follow-up may be to be filed by itself.
	fileMax = 7 * day
	// claimFor is how long a claim holds. By then whoever made it has recorded that it
	// files, or has died.
	claimFor = 5 * time.Minute
	// kindClaim is the word of a cockpit that it is about to file a piece of work.
	kindClaim = "file.claim"
)

// claim is the body of a kindClaim record.
type claim struct {
	// Work is the piece of work, and At when it was claimed by the cockpit's own clock.
	Work string    `json:"work"`
	At   time.Time `json:"at"`
}

// tracker makes the place where follow-ups are filed, if there is one.
func (w *wiring) tracker() (sources.Source, error) {
	f := w.cfg.FollowUps
	if f == nil {
		return nil, nil
	}
	kind := issues.GitHub
	if f.Type == config.TrackerGitLab {
		kind = issues.GitLab
	}
	return issues.New(issues.Options{
		Name: trackerName, Type: kind, URL: f.API(), Place: f.Place(), Token: w.secret(f.Token), UserAgent: w.agent,
		Budget: feed.NewBudget(feed.BudgetOptions{PerMinute: trackerPerMinute, Burst: 5}),
	})
}

// work is a follow-up or a recommendation as the ledger has it, and what is known
// of its issue.
type work struct {
	// kind is report.KindFollowUp or report.KindRecommend.
	kind, id, incident, service, team, text, by string
	at                                          time.Time
	// wanted is true when it is to be filed, and gone once it was taken back.
	wanted, gone bool
	url          string
	closed       bool
	// action is the one that files it, nil before that was asked for.
	action *oncall.Action
	// claims is how often a cockpit was about to ask for that, and claimed when last.
	claims  int
	claimed time.Time
}

// worksOf reads what there is to file and to track.
func worksOf(records []ledger.Record) map[string]*work {
	out := map[string]*work{}
	get := func(kind, id string, r ledger.Record) *work {
		w := out[kind+" "+id]
		if w == nil {
			w = &work{kind: kind, id: id, at: r.At, by: r.Actor}
			out[kind+" "+id] = w
		}
		return w
	}
	for _, r := range records {
		switch r.Kind {
		case ledger.KindTag:
			var t oncall.Tag
			if r.Decode(&t) != nil || t.Name != "followup" {
				continue
			}
			w := get(report.KindFollowUp, report.StubID(t.Page.String()), r)
			w.incident, w.text, w.gone, w.wanted = t.Page.String(), t.Value, t.Value == "", true
		case report.KindFollowUp:
			var f report.FollowUpBody
			if r.Decode(&f) != nil {
				continue
			}
			w := get(report.KindFollowUp, f.ID, r)
			w.incident, w.team, w.url = cmp.Or(f.Incident, w.incident), cmp.Or(f.Team, w.team), cmp.Or(f.URL, w.url)
			w.closed = w.closed || f.Closed
		case report.KindRecommend:
			var b report.RecommendBody
			if r.Decode(&b) != nil {
				continue
			}
			w := get(report.KindRecommend, b.ID, r)
			w.service, w.team, w.text, w.url = cmp.Or(b.Service, w.service), cmp.Or(b.Team, w.team), cmp.Or(b.Text, w.text), cmp.Or(b.URL, w.url)
			w.closed, w.wanted = w.closed || b.Answer != "", w.wanted || b.File
		case ledger.KindAction:
			var a oncall.Action
			if r.Decode(&a) == nil && a.Kind == oncall.File {
				kind, id, _ := strings.Cut(a.Target.ID, " ")
				get(kind, id, r).action = &a
			}
		case kindClaim:
			claimed(out, r)
		}
	}
	return out
}

// claimed takes in that a cockpit was about to file something.
func claimed(works map[string]*work, r ledger.Record) {
	var b claim
	if r.Decode(&b) != nil {
		return
	}
	if w := works[b.Work]; w != nil {
		w.claims, w.claimed = w.claims+1, b.At
	}
}

// filing is the action that files a piece of work. All of it follows from the
// ledger, so that every cockpit would file the same and knows it by its marker.
func (w *work) filing(title string, page report.IncidentBody) oncall.Action {
	text := w.text
	if page.ID != "" {
		text += "\n\nAsked for by the page " + page.ID + ": " + page.Title
		if page.URL != "" {
			text += "\n" + page.URL
		}
	}
	if w.team != "" {
		text += "\n\nTo " + w.team
	}
	if service := cmp.Or(w.service, page.Service); service != "" {
		text += "\n\nAbout " + service
	}
	return oncall.Action{
		ID: "file " + w.kind + " " + w.id + " " + w.at.UTC().Format(time.RFC3339Nano), Kind: oncall.File,
		Target: oncall.Ref{Source: trackerName, ID: w.kind + " " + w.id}, At: w.at,
		Title: envelope.Redact(title, nil), Text: envelope.Redact(text, nil),
	}
}

// title is the first line of what is to be done, as long as a title may be.
func (w *work) title() string {
	line, _, _ := strings.Cut(strings.TrimSpace(w.text), "\n")
	return sources.Printable(line, titleMax)
}

// pageOf returns what the ledger knows of an incident.
func pageOf(records []ledger.Record, incident string) report.IncidentBody {
	var out report.IncidentBody
	for _, r := range records {
		var b report.IncidentBody
		if r.Kind == report.KindIncident && r.Decode(&b) == nil && b.ID == incident && incident != "" {
			out = b
		}
	}
	return out
}

// filer is how far the ledger has been read for what is to be filed.
type filer struct {
	records []ledger.Record
	at      ledger.Cursor
	tracked time.Time
}

// fileFollowUps files what this person asked for and nobody has filed, and records
// what became of everything that was, until ctx ends.
func (c *core) fileFollowUps(ctx context.Context) {
	var f filer
	for sleep(ctx, fileEvery) {
		if c.journal.Writable() == nil {
			c.fileDue(ctx, &f)
		}
	}
}

// fileDue is one turn of fileFollowUps.
func (c *core) fileDue(ctx context.Context, f *filer) {
	for {
		some, next, err := c.journal.Since(ctx, f.at)
		if err != nil || len(some) == 0 {
			break // mend says so
		}
		for _, r := range some {
			switch r.Kind {
			case ledger.KindTag, ledger.KindAction, kindClaim, report.KindFollowUp, report.KindRecommend, report.KindIncident:
				f.records = append(f.records, r)
			}
		}
		f.at = next
	}
	works := worksOf(f.records)
	for _, key := range slices.Sorted(maps.Keys(works)) {
		if w := works[key]; w.due(c.cfg.Me.Email, c.now()) && c.claims(ctx, w) == nil {
			c.outbox.Submit(w.filing(w.title(), pageOf(f.records, w.incident)))
		}
	}
	if c.now().Sub(f.tracked) >= trackEvery {
		f.tracked = c.now()
		c.track(ctx, works)
	}
}

// errClaimed reports that another cockpit is about to file a piece of work.
var errClaimed = errors.New("another cockpit files it")

// claims takes a piece of work for this cockpit to file. All cockpits that know of the
// same claims would write the same record, of which the ledger takes the first.
func (c *core) claims(ctx context.Context, w *work) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	work := w.kind + " " + w.id
	r, err := derived(w.at, kindClaim, trackerName, claim{Work: work, At: c.now().UTC()}, work, strconv.Itoa(w.claims))
	if err != nil {
		return err
	}
	added, err := c.journal.AppendMissing(ctx, []ledger.Record{r})
	if err == nil && added == 0 {
		err = errClaimed
	}
	return err
}

// takes is claims for a piece of work that may be filed already, or be nobody's.
func (c *core) takes(ctx context.Context, w *work) error {
	if w == nil || w.action != nil || !w.unclaimed(c.now()) {
		return errClaimed
	}
	return c.claims(ctx, w)
}

// unclaimed reports whether no cockpit is about to file it. A claim from the future
// is one by a clock that is wrong.
func (w *work) unclaimed(now time.Time) bool {
	return w.claims == 0 || now.Sub(w.claimed).Abs() > claimFor
}

// due reports whether a piece of work is to be filed by this person now.
func (w *work) due(me string, now time.Time) bool {
	age := now.Sub(w.at)
	return w.wanted && !w.gone && !w.closed && w.action == nil && w.url == "" && w.by == me && w.title() != "" && age > fileAfter && age < fileMax && w.unclaimed(now)
}

// track records where pieces of work were filed and which are closed.
func (c *core) track(ctx context.Context, works map[string]*work) {
	s, ok := c.byName[trackerName].(sources.Filer)
	byMarker := map[string]*work{}
	since := c.now()
	for _, w := range works {
		if w.action != nil && !w.closed {
			byMarker[w.action.Marker()] = w
			since = earlier(since, w.at)
		}
	}
	if !ok || len(byMarker) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, trackTimeout)
	defer cancel()
	all, err := s.Filed(ctx, since)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Warn("what became of the follow-ups could not be read", "error", err.Error())
		}
		return
	}
	var out []ledger.Record
	for _, i := range all {
		w := byMarker[i.Marker]
		if w == nil {
			continue
		}
		some, err := w.facts(i)
		if err != nil {
			c.log.Warn("what became of a follow-up cannot be recorded", "error", err.Error())
		}
		out = append(out, some...)
	}
	if _, err := c.journal.AppendMissing(ctx, out); err != nil && ctx.Err() == nil {
		c.ledgerFailed("record what became of the follow-ups", err)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// facts are the records of what an issue says of a piece of work. They are the
// same from every cockpit.
func (w *work) facts(i oncall.Issue) ([]ledger.Record, error) {
	body := func(closed bool) any {
		if w.kind == report.KindRecommend {
			b := report.RecommendBody{ID: w.id, Service: w.service, Team: w.team, URL: i.URL}
			if closed {
				b.Answer = "closed"
			}
			return b
		}
		return report.FollowUpBody{ID: w.id, Incident: w.incident, Team: w.team, URL: i.URL, Closed: closed}
	}
	opened, err := derived(i.Opened, w.kind, trackerName, body(false), w.id, i.URL)
	if err != nil {
		return nil, err
	}
	out := []ledger.Record{opened}
	if !i.Closed.IsZero() {
		closed, err := derived(i.Closed, w.kind, trackerName, body(true), w.id, i.URL, "closed")
		if err != nil {
			return nil, err
		}
		out = append(out, closed)
	}
	return out, nil
}

// fileNow files one piece of work and waits for the tracker's word.
func (a *app) fileNow(ctx context.Context, cfg config.Config, kind, id string, wait time.Duration) error {
	c, err := newCore(cfg, a.now)
	if err != nil {
		return err
	}
	a.reachLedger(ctx, c)
	if c.unkept != nil {
		return fmt.Errorf("it is not filed, because that could not be recorded: %w", c.unkept)
	}
	past, err := pastOf(ctx, c.journal)
	c.start(ctx)
	failed := false
	w := worksOf(past.records)[kind+" "+id]
	if err == nil {
		err = c.takes(ctx, w)
	}
	if err == nil {
		act := w.filing(w.title(), pageOf(past.records, w.incident))
		c.outbox.Submit(act)
		failed = a.await(ctx, c, map[string]oncall.Ref{act.ID: {Source: trackerName, ID: id}}, wait)
	} else if errors.Is(err, errClaimed) {
		err = nil
		fmt.Fprintf(a.stdout, "%s is filed already, or about to be\n", id)
	}
	if w := worksOf(past.records); !failed && err == nil {
		// Where it is, for the receipt.
		if again, err := pastOf(ctx, c.journal); err == nil {
			w = worksOf(again.records)
		}
		c.track(ctx, w)
	}
	if stopped := c.stop(ctx); err == nil {
		err = stopped
	}
	if err == nil && failed {
		return exitError{code: exitFailed}
	}
	return err
}
