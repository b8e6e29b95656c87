package drill

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/drill/promserver"
	"conway/internal/oncall"
)

// maxSpeed is the fastest drill in which a service still has time to break.
const maxSpeed = 100

// Options is how to hold a drill.
type Options struct {
	// Scenario is what happens; see [Load].
	Scenario Scenario
	// Speed is how many seconds of the scenario pass in one, above 0 and at most
	// 100; 0 means 1.
	Speed float64
	// Dir is where its files are: a new or empty directory. Empty means a new
	// private one in the system's place for temporary files.
	Dir string
	// Now is the clock for time stamps; nil means time.Now.
	Now func() time.Time
	// Log gets what goes wrong in the drill itself; nil means nobody does.
	Log *slog.Logger
	// Executable is how the debrief calls the program; empty means conway.
	Executable string
}

// Drill is a simulated incident that is going on.
type Drill struct {
	scenario   Scenario
	executable string
	pace       pace
	paths      paths
	ours       bool

	crew      *crew
	cancel    context.CancelFunc
	account   *pdserver.Server
	github    *hub
	store     *promserver.Store
	pager     *pager
	changes   *changes
	chronicle *chronicle
	witness   *witness
	meters    []*meter
	volumes   map[string]*volume
	logs      []*logFile
	watcher   *watcher

	over   sync.Once
	done   chan struct{}
	closed sync.Once
	ended  error
}

// Start begins a drill that goes on until the context ends or Close is called.
// When it returns, the config is written, every server answers and the services
// are under load. Close must be called in any case.
func Start(ctx context.Context, o Options) (*Drill, error) {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if !(o.Speed > 0 && o.Speed <= maxSpeed) {
		return nil, fmt.Errorf("start drill: a speed of %g is out of range; write above 0 and at most %d", o.Speed, maxSpeed)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Executable == "" {
		o.Executable = "conway"
	}
	p, ours, err := claim(o.Dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &Drill{
		scenario: o.Scenario, executable: o.Executable, pace: pace{o.Now(), o.Speed, o.Now}, paths: p, ours: ours,
		crew: &crew{log: o.Log}, cancel: cancel, store: promserver.NewStore(),
		chronicle: &chronicle{}, witness: newWitness(), volumes: map[string]*volume{}, done: make(chan struct{}),
	}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Drill) start(ctx context.Context) error {
	pagerToken, githubToken, err := tokens()
	if err != nil {
		return err
	}
	if err := d.paths.layOut(&d.scenario, pagerToken, githubToken); err != nil {
		return err
	}
	at, err := d.startServers(ctx, pagerToken, githubToken)
	if err != nil {
		return err
	}
	d.pager = &pager{account: d.account, pace: d.pace, site: at.site, metrics: at.metrics}
	d.pager.past(&d.scenario)
	d.changes = &changes{
		paths: d.paths, github: d.github, pace: d.pace, chronicle: d.chronicle,
		services: map[string]Service{}, live: map[string]string{},
	}
	for _, v := range d.scenario.Services {
		d.changes.services[v.Name] = v
	}
	if err := d.changes.past(d.scenario.Deploys); err != nil {
		return err
	}
	for _, v := range d.scenario.Services {
		if err := d.startService(ctx, v); err != nil {
			return err
		}
	}
	if err := writeConfig(d.paths, &d.scenario, at); err != nil {
		return err
	}
	d.startEvents(ctx)
	return nil
}

// startServers starts what the cockpit's clients talk to.
func (d *Drill) startServers(ctx context.Context, pagerToken, githubToken string) (at addresses, err error) {
	at.site, err = d.crew.listen(ctx, "site", func(url string) http.Handler {
		d.account = pdserver.New(account(&d.scenario, d.pace, pagerToken, url))
		return site(d.paths, &d.scenario, d.account)
	})
	if err != nil {
		return at, err
	}
	if at.pager, err = d.crew.listen(ctx, "pagerduty", just(d.account)); err != nil {
		return at, err
	}
	if at.metrics, err = d.crew.listen(ctx, "prometheus", just(promserver.New(d.store, d.pace.now))); err != nil {
		return at, err
	}
	if d.github, err = newHub(&d.scenario, d.pace, githubToken); err != nil {
		return at, err
	}
	at.github, err = d.crew.listen(ctx, "github", just(d.github.server))
	return at, err
}

// startService starts one service, its callers and what measures it.
func (d *Drill) startService(ctx context.Context, v Service) error {
	log, err := openLog(d.paths.log(v.Name), v.Log == "logfmt")
	if err != nil {
		return err
	}
	d.logs = append(d.logs, log)
	m := &meter{spec: v, start: d.pace.start, promises: promises(&d.scenario, v.Name, d.pace)}
	dir := d.paths.service(v.Name)
	if v.Volume != nil {
		if m.vol, err = newVolume(d.paths.spool(v.Name), *v.Volume); err != nil {
			return err
		}
		d.volumes[v.Name] = m.vol
	}
	if v.Heartbeat > 0 {
		m.job = jobFor(v, dir, log, d.pace, d.scenario.Faults)
		d.crew.goes(ctx, v.Name, m.job.run)
	} else {
		if err := d.startServer(ctx, v, dir, log, m); err != nil {
			return err
		}
	}
	d.meters = append(d.meters, m)
	return m.backfill(d.store, d.pace.start)
}

func (d *Drill) startServer(ctx context.Context, v Service, dir string, log *logFile, m *meter) error {
	s, err := newServer(v, dir, log, m.vol, d.pace.now)
	if err != nil {
		return err
	}
	s.changed = func(from, to string) {
		if err := d.changes.noticed(v.Name, from, to); err != nil {
			d.crew.fail(v.Name, err)
		}
	}
	s.remember(d.pace.start)
	url, err := d.crew.listen(ctx, v.Name, just(s))
	if err != nil {
		return err
	}
	m.seen = &outcomes{window: max(minMeasureWindow, d.pace.wall(measureWindow))}
	// The same orders come in every run of a scenario.
	seed := uint64(luckOf(v.Name) * (1 << 53))
	t := &traffic{url: url, rate: v.Rate, seen: m.seen, now: d.pace.now, rnd: mathrand.New(mathrand.NewPCG(seed, 1))} //nolint:gosec // load, not secrets
	d.crew.goes(ctx, v.Name+" settings", s.follow)
	d.crew.goes(ctx, v.Name+" callers", func(ctx context.Context) error { return t.run(ctx, d.crew) })
	return nil
}

// startEvents starts what will happen by itself, and who watches it.
func (d *Drill) startEvents(ctx context.Context) {
	for _, x := range d.scenario.Deploys {
		if x.At > 0 {
			d.crew.goes(ctx, "deploy of "+x.Service, func(ctx context.Context) error { return d.changes.goLive(ctx, x) })
		}
	}
	for _, f := range d.scenario.Faults {
		switch f.Kind {
		case FaultFill:
			d.crew.goes(ctx, "fill of "+f.Service, func(ctx context.Context) error { return d.fill(ctx, f) })
		case FaultLate:
			d.crew.goes(ctx, "lateness of "+f.Service, func(ctx context.Context) error { return d.tellLate(ctx, f) })
		}
	}
	d.watcher = newWatcher(d)
	d.crew.goes(ctx, "watcher", d.watcher.run)
}

// ConfigPath returns the config file by which the cockpit looks at the drill.
func (d *Drill) ConfigPath() string { return d.paths.config() }

// Dir returns the drill's directory.
func (d *Drill) Dir() string { return d.paths.dir }

// Scenario returns what is being practised.
func (d *Drill) Scenario() Scenario { return d.scenario }

// Done returns a channel that is closed once there is nothing more to practise:
// the service is well and its page resolved, and both for a moment.
func (d *Drill) Done() <-chan struct{} { return d.done }

func (d *Drill) finish() { d.over.Do(func() { close(d.done) }) }

// Observe takes one event as the cockpit got it, for the debrief. It never
// blocks for long and may be called from any goroutine, after Close too.
func (d *Drill) Observe(e oncall.Event) { d.witness.see(e) }

// Close ends the drill: every server, service and goroutine, and the directory
// if the drill made it. It returns what went wrong in the drill. The debrief can
// still be asked for afterwards.
func (d *Drill) Close() error {
	d.closed.Do(func() {
		d.cancel()
		errs := []error{d.crew.wait()}
		for _, l := range d.logs {
			errs = append(errs, l.close())
		}
		if d.ours {
			if err := os.RemoveAll(d.paths.dir); err != nil {
				errs = append(errs, fmt.Errorf("remove drill directory: %w", err))
			}
		}
		d.ended = errors.Join(errs...)
	})
	return d.ended
}

// tokens makes the credentials of one drill. They open nothing but its servers.
func tokens() (pager, github string, err error) {
	var b [20]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", "", fmt.Errorf("make tokens: %w", err)
	}
	return hex.EncodeToString(b[:10]), hex.EncodeToString(b[10:]), nil
}
