package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/drill/ghserver"
	"conway/internal/drill/pdserver"
	"conway/internal/drill/promserver"
	"conway/internal/feed"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/github"
	"conway/internal/sources/pagerduty"
	"conway/internal/sources/prometheus"
	"conway/internal/ui"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

const (
	token  = "t0ken-that-nobody-may-see"
	repo   = "acme/checkout"
	metric = "job:errors:ratio5m"
	every  = 10 * time.Second
	hold   = 3 * time.Second
)

// setup says how a desk differs from the ordinary one.
type setup struct {
	// promEvery and ghEvery are the intervals of the bystanders.
	promEvery, ghEvery time.Duration
	// transports take the place of the network in memory, by source.
	transports map[string]http.RoundTripper
	urls       map[string]string
	// timeout bounds one request, 0 for the usual.
	timeout time.Duration
	// every is the pager's interval, 0 for 10 s.
	every time.Duration
	// real runs outside of a bubble, on the real clock.
	real bool
	// limit is how many requests a minute the pager answers.
	limit int
	// skew is how far the servers' clocks are ahead, and start when the wall clock
	// begins, zero for the bubble's own.
	skew  time.Duration
	start time.Time
	zone  *time.Location
	// dead has the target of the metric down from the beginning.
	dead bool
	// budget is none where there is nobody to share with.
	budget *feed.BudgetOptions
}

// desk is a cockpit with everything around it.
type desk struct {
	*testing.T

	real  bool
	pd    *pdserver.Server
	prom  *promserver.Server
	store *promserver.Store
	gh    *ghserver.Server
	page  string

	// tamper answers a request of the pager's client in the server's place, if it
	// is set and returns true.
	tamper atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
	// skewed is how far the servers' clocks are ahead, in nanoseconds.
	skewed atomic.Int64
	// value is what the watched metric is scraped as; dead when it is not.
	value float64
	dead  bool

	// off is what the wall clock is ahead of the bubble's, which is the monotonic
	// one: a sleep and a clock that is set both move it. asleep is what was slept
	// of it, and began what it was at the beginning.
	off, asleep, began atomic.Int64

	box    *feed.Mailbox
	group  *feed.Group
	outbox *feed.Outbox
	byName map[string]sources.Source
	ctx    context.Context //nolint:containedctx // a desk is a whole run

	mu      sync.Mutex
	model   *ui.Model
	woken   []time.Time
	acts    int
	settled []oncall.ActionEvent
	jobs    sync.WaitGroup
}

func newDesk(t *testing.T, s setup) *desk {
	t.Helper()
	d := &desk{T: t, real: s.real, dead: s.dead, store: promserver.NewStore(), value: 7.5, byName: map[string]sources.Source{}}
	d.skewed.Store(int64(s.skew))
	if !s.start.IsZero() {
		d.off.Store(int64(time.Until(s.start)))
		d.began.Store(d.off.Load())
	}
	if s.every == 0 {
		s.every = every
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	d.account(s)
	d.sources(s)
	ctx, cancel := context.WithCancel(t.Context())
	d.ctx = ctx
	d.box = feed.NewMailbox(0)
	d.group = feed.NewGroup(d.emit, feed.Options{})
	d.outbox = feed.NewOutbox(feed.OutboxOptions{Sources: d.byName, Emit: d.emit, Now: d.now, Rand: func() float64 { return 0.9 }})
	keys, err := keymap.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	five := 5.0
	d.model = ui.New(ui.Options{
		Board: board.New(board.Options{Me: "ana@example.com", Sources: []board.SourceInfo{
			{Name: "pd", Kind: board.KindPages}, {Name: "gh", Kind: board.KindDeploys}, {Name: "prom", Kind: board.KindMetrics},
		}}),
		Keys: keys, Preset: layout.Watch, Zone: s.zone, Hold: hold, Now: d.now, Boot: d.boot, World: d.do,
		Services: follow.NewMap([]follow.Service{{Name: "checkout", PagerDuty: []string{"PCHK"}, Labels: map[string]string{"service": "checkout"}, Repos: []string{repo}}}),
		Panels:   []follow.Panel{{Title: "error ratio", Source: "prom", Query: metric + `{service="{{service}}"}`, Unit: oncall.UnitPercent, Critical: &five}},
	})
	d.model.Init()
	d.model.Update(screenSize())
	d.scrape()
	for _, src := range d.byName {
		d.group.Start(ctx, src)
	}
	d.jobs.Go(func() { _ = d.outbox.Run(ctx) })
	d.jobs.Go(d.listen)
	t.Cleanup(func() {
		cancel()
		d.group.Wait()
		d.jobs.Wait()
	})
	return d
}

// account fills the servers: one page, and a deploy before it.
func (d *desk) account(s setup) {
	start := d.there().UTC().Truncate(time.Second)
	d.pd = pdserver.New(pdserver.Options{
		Now: d.there, Token: token, Me: "PANA", Limit: s.limit,
		Users:    []pdserver.User{{ID: "PANA", Name: "Ana", Email: "ana@example.com"}, {ID: "PBEN", Name: "Ben", Email: "ben@example.com"}},
		Services: []pdserver.Service{{ID: "PCHK", Name: "checkout", Policy: "PPOL"}},
		Policies: []pdserver.Policy{{ID: "PPOL", Name: "Payments", Rules: []pdserver.Rule{{Delay: 48 * time.Hour, Users: []string{"PANA"}}, {Delay: 48 * time.Hour, Users: []string{"PBEN"}}}}},
	})
	d.page = d.pd.Trigger(pdserver.Incident{Title: "checkout 5xx above 5%", Service: "PCHK", Key: "5xx"})
	d.prom = promserver.New(d.store, d.there)
	d.gh = ghserver.New(ghserver.Options{Now: d.date})
	if err := d.gh.AddRepo(repo); err != nil {
		d.Fatal(err)
	}
	id, err := d.gh.AddDeployment(repo, ghserver.Deployment{SHA: "a1b2c3d4e5", Ref: "v413", CreatedAt: start.Add(-10 * time.Minute)})
	if err == nil {
		err = d.gh.AddStatus(repo, id, ghserver.Status{State: "success", CreatedAt: start.Add(-9 * time.Minute)})
	}
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) sources(s setup) {
	handlers := map[string]http.Handler{"pd": http.HandlerFunc(d.servePager), "prom": d.dated(d.prom), "gh": d.dated(d.gh)}
	net := map[string]http.RoundTripper{}
	base := map[string]string{}
	for name, h := range handlers {
		base[name] = "http://" + name + ".test"
		if tr := s.transports[name]; tr != nil {
			net[name], base[name] = tr, s.urls[name]
			continue
		}
		net[name] = serve(d.T, h)
	}
	var budget sources.Budget
	if s.budget != nil {
		budget = feed.NewBudget(*s.budget)
	}
	secret := func(context.Context) (string, error) { return token, nil }
	d.byName["pd"] = made(pagerduty.New(pagerduty.Options{
		Name: "pd", URL: base["pd"], Token: secret, Every: s.every, Timeout: s.timeout, Transport: net["pd"], Budget: budget,
	}))(d.T)
	d.byName["prom"] = made(prometheus.New(prometheus.Options{Name: "prom", URL: base["prom"], Every: s.promEvery, Timeout: s.timeout, Transport: net["prom"]}))(d.T)
	d.byName["gh"] = made(github.New(github.Options{Name: "gh", URL: base["gh"], Token: secret, Repos: []string{repo}, Every: s.ghEvery, Timeout: s.timeout, Transport: net["gh"]}))(d.T)
}

// made takes what a constructor returns.
func made[T sources.Source](s T, err error) func(*testing.T) sources.Source {
	return func(t *testing.T) sources.Source {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// The clocks: the servers', the wall clock of this machine, and the one that
// counts since boot. The bubble's own is the monotonic one.
func (d *desk) there() time.Time {
	return time.Now().Add(time.Duration(d.began.Load() + d.asleep.Load() + d.skewed.Load()))
}
func (d *desk) now() time.Time { return time.Now().Add(time.Duration(d.off.Load())) }

func (d *desk) boot() (time.Duration, bool) {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return time.Since(epoch) + time.Duration(d.asleep.Load()), true
}

// date is the server's clock as the sources see it. They read the bubble's, which
// is behind the wall clock by what that is ahead of it.
func (d *desk) date() time.Time { return d.there().Add(-time.Duration(d.off.Load())) }

// dated answers with the server's own time, and takes the times in a question by
// the wall clock. The body is read first, because only
// then does a server notice that its client has gone.
func (d *desk) dated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if d.off.Load() != 0 {
			r.URL.RawQuery = d.moved(r.URL.Query()).Encode()
			if form, err := url.ParseQuery(string(body)); err == nil && form.Has("query") {
				body = []byte(d.moved(form).Encode())
				r.ContentLength = int64(len(body))
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		w.Header().Set("Date", d.date().UTC().Format(http.TimeFormat))
		h.ServeHTTP(w, r)
	})
}

// moved returns a question with its times by the wall clock.
func (d *desk) moved(q url.Values) url.Values {
	off := time.Duration(d.off.Load())
	for _, k := range []string{"time", "start", "end"} {
		if sec, err := strconv.ParseFloat(q.Get(k), 64); err == nil {
			q.Set(k, strconv.FormatFloat(sec+off.Seconds(), 'f', 3, 64))
		}
	}
	for _, k := range []string{"since", "until"} {
		if t, err := time.Parse(time.RFC3339, q.Get(k)); err == nil {
			q.Set(k, t.Add(off).Format(time.RFC3339))
		}
	}
	return q
}

func (d *desk) servePager(w http.ResponseWriter, r *http.Request) {
	d.dated(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := d.tamper.Load(); h != nil && (*h)(w, r) {
			return
		}
		d.pd.ServeHTTP(w, r)
	})).ServeHTTP(w, r)
}

// emit takes an event as the program does. The sources read the bubble's clock,
// which knows of no sleep and cannot be set, so their stamps are moved here.
func (d *desk) emit(e oncall.Event) {
	off := time.Duration(d.off.Load())
	switch x := e.(type) {
	case oncall.PagesEvent:
		x.At = x.At.Add(off)
		e = x
	case oncall.RosterEvent:
		x.At = x.At.Add(off)
		e = x
	case oncall.DeploysEvent:
		x.At = x.At.Add(off)
		e = x
	case oncall.SeriesEvent:
		x.At = x.At.Add(off)
		e = x
	case oncall.HealthEvent:
		x.At, x.NextTry = x.At.Add(off), x.NextTry.Add(off)
		e = x
	case oncall.ActionEvent:
		d.mu.Lock()
		d.settled = append(d.settled, x)
		d.mu.Unlock()
	}
	d.box.Put(e)
}

// listen gives the screen what comes.
func (d *desk) listen() {
	for {
		events, err := d.box.Next(d.ctx)
		if err != nil {
			return
		}
		d.mu.Lock()
		d.model.Update(ui.Events(events))
		d.mu.Unlock()
	}
}

// do carries out what the screen asks for. The screen is locked.
func (d *desk) do(i pane.Intent) tea.Cmd {
	switch i := i.(type) {
	case pane.Act:
		d.acts++
		i.Action.ID = fmt.Sprintf("ACTION%08d", d.acts)
		d.jobs.Go(func() { d.outbox.Submit(i.Action) })
	case pane.LoadDetail:
		d.jobs.Go(func() { d.loadDetail(i.Page) })
	case pane.Ask:
		for name, q := range i.Questions {
			if a, ok := d.byName[name].(sources.Asker); ok {
				a.Ask(q)
			}
		}
	case pane.Refresh:
		d.woken = append(d.woken, d.now())
		for name := range d.byName {
			d.jobs.Go(func() { d.group.Refresh(name) })
		}
	}
	return nil
}

func (d *desk) loadDetail(p oncall.Page) {
	src, ok := d.byName[p.Ref.Source].(sources.Detailer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 30*time.Second)
	defer cancel()
	detail, err := src.Detail(ctx, p)
	if d.ctx.Err() == nil {
		d.box.Put(oncall.DetailEvent{Stamp: oncall.Stamp{Source: p.Ref.Source, At: d.now(), Err: oncall.AsFault(err, p.Ref.Source, "read the page")}, Page: p.Ref, Detail: detail})
	}
}

// scrape stores what the metric is now, by the server's clock.
func (d *desk) scrape() {
	if d.dead {
		return
	}
	if err := d.store.Add(metric, map[string]string{"service": "checkout"}, d.there(), d.value); err != nil {
		d.Fatal(err)
	}
}
