package alertmanager

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// defaultEvery is below the 15 s at which Prometheus usually looks.
	defaultEvery = 10 * time.Second
	// maxPages is more alerts than anybody can look at one by one.
	maxPages = 1000
	// keepResolved is how long a page that has ended is still shown, so that nobody
	// wonders where it went.
	keepResolved = 15 * time.Minute
	// fallbackAuthor signs silences where the person has no address: Alertmanager
	// wants an author.
	fallbackAuthor = "conway"

	opList = "list alerts"
)

// Options configure a Source. Name and URL are needed.
type Options struct {
	// Name is the configured name, for refs and faults.
	Name string
	// URL is Alertmanager's base, with its route prefix if it has one, such as
	// "http://127.0.0.1:9093".
	URL string
	// Authorize sets the credential on a request, nil for none.
	Authorize func(*http.Request) error
	// Header is sent with every request, such as X-Scope-OrgID.
	Header http.Header
	// Filter are matchers that an alert must pass, such as severity="page".
	Filter []string
	// Receiver is a regular expression of the receivers, empty for all.
	Receiver string
	// From signs silences; empty means "conway".
	From string
	// Every is the interval; 0 means 10 s.
	Every time.Duration
	// Budget, UserAgent, Timeout and Transport are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Timeout   time.Duration
	Transport http.RoundTripper
}

// Source is one Alertmanager.
type Source struct {
	opts   Options
	base   string
	http   sources.HTTP
	client *http.Client
	nudge  sources.Nudge

	mu sync.Mutex
	// details are those of the alerts of the last list, by fingerprint.
	details map[string]oncall.PageDetail
	// acks are those that are known here, answers the silences that answered pages
	// of the last list, and earlier the pages of an earlier start.
	acks    map[string][]here
	answers map[string]silence
	earlier []oncall.Page

	// firings are the alerts of the last list by their fingerprints, known are the pages of the last snapshot, and ended when those that are over
	// are forgotten; only Run touches them.
	firings map[string]firing
	known   map[string]oncall.Page
	ended   map[string]time.Time
}

// The abilities, checked here so that a change of one does not go unnoticed.
var (
	_ sources.Source     = (*Source)(nil)
	_ sources.Ackless    = (*Source)(nil)
	_ sources.Snoozer    = (*Source)(nil)
	_ sources.Silencer   = (*Source)(nil)
	_ sources.Detailer   = (*Source)(nil)
	_ sources.Chronicler = (*Source)(nil)
	_ sources.Forgetful  = (*Source)(nil)
	_ sources.Refresher  = (*Source)(nil)
)

// New returns a source, or an error that names the option and the fix.
func New(o Options) (*Source, error) {
	o.Name = cmp.Or(o.Name, "alertmanager")
	o.Every = cmp.Or(o.Every, defaultEvery)
	o.From = cmp.Or(o.From, fallbackAuthor)
	base := strings.TrimSuffix(strings.TrimRight(o.URL, "/"), "/api/v2")
	u, err := url.Parse(base)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: url is not the address of an Alertmanager; write it as http://host:9093", o.Name)
	case u.User != nil:
		return nil, fmt.Errorf("%s: url holds a credential; put it in token or basic", o.Name)
	}
	s := &Source{
		opts: o, base: base, nudge: sources.NewNudge(), acks: map[string][]here{},
		firings: map[string]firing{}, known: map[string]oncall.Page{}, ended: map[string]time.Time{},
	}
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Header: o.Header, Budget: o.Budget,
		Timeout: o.Timeout, Transport: o.Transport, Skew: new(sources.Skew),
	}
	s.client = s.http.Client()
	return s, nil
}

// Name implements sources.Source.
func (s *Source) Name() string { return s.opts.Name }

// Refresh implements sources.Refresher.
func (s *Source) Refresh() { s.nudge.Poke() }

// Run implements sources.Source. It emits a PagesEvent at each interval.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return sources.Poll(ctx, s.opts.Every, s.nudge, func(ctx context.Context) error { return s.fetch(ctx, emit) })
}

// fetch lists the alerts and emits them as one snapshot.
func (s *Source) fetch(ctx context.Context, emit sources.Emit) (err error) {
	defer func() {
		if p := recover(); p != nil {
			f := s.fault(oncall.Malformed, opList, "an answer could not be handled", "report this as a bug")
			f.Cause = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			err = f
		}
	}()
	all, silences, whole, err := s.look(ctx, opList)
	if err != nil {
		return err
	}
	now := time.Now()
	there := now.Add(s.http.Skew.Ahead())
	pages := make([]oncall.Page, 0, len(all))
	details := make(map[string]oncall.PageDetail, len(all))
	answers, firings := map[string]silence{}, make(map[string]firing, len(all))
	for _, a := range all {
		if _, twice := firings[a.Fingerprint]; twice || !a.firing(there) {
			continue
		}
		f := s.firing(a)
		firings[a.Fingerprint] = f
		if a.planned(silences) {
			continue
		}
		if len(pages) == maxPages {
			whole = false
			break
		}
		pages = append(pages, s.page(a, f, silences))
		details[f.id] = s.detail(a)
		if by := a.answer(silences); by != nil {
			answers[f.id] = *by
		}
	}
	s.firings = firings
	pages = s.withEnded(pages, firings, whole, now)
	s.mu.Lock()
	for id := range s.known { // what has ended is still looked at
		if d, ok := s.details[id]; ok && details[id].Labels == nil {
			details[id] = d
		}
	}
	s.details, s.answers = details, answers
	s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	emit(oncall.PagesEvent{
		Stamp: oncall.Stamp{Source: s.opts.Name, At: now, Skew: s.http.Skew.Ahead()},
		Pages: pages, Complete: whole, Every: s.opts.Every,
	})
	return nil
}

// withEnded adds to the firing pages those that were known. One that is not listed
// any more is over; from a list that is not whole nothing can be concluded. One
// that is listed and has become planned is dropped: it is nobody's page now.
func (s *Source) withEnded(pages []oncall.Page, firings map[string]firing, whole bool, now time.Time) []oncall.Page {
	next := make(map[string]oncall.Page, len(pages))
	for _, p := range pages {
		next[p.Ref.ID] = p
		delete(s.ended, p.Ref.ID)
	}
	listed := make(map[string]bool, len(firings))
	for _, f := range firings {
		listed[f.id] = true
	}
	rest := s.remembered(listed, whole)
	for _, p := range rest {
		next[p.Ref.ID], s.ended[p.Ref.ID] = p, now
	}
	for id, p := range s.known {
		if _, still := next[id]; still || listed[id] {
			continue
		}
		if whole && p.Open() {
			p.Status, p.UpdatedAt, p.Pending = oncall.Resolved, now, nil
			s.ended[id] = now
		}
		if at, over := s.ended[id]; over && now.Sub(at) > keepResolved {
			delete(s.ended, id)
			continue
		}
		next[id] = p
		rest = append(rest, p)
	}
	slices.SortFunc(rest, func(a, b oncall.Page) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	s.known = next
	return append(pages, rest...)
}

// look lists the alerts and the silences that keep any of them quiet.
func (s *Source) look(ctx context.Context, op string) ([]alert, map[string]silence, bool, error) {
	all, whole, err := s.alerts(ctx, op)
	if err != nil {
		return nil, nil, false, err
	}
	silences, err := s.silencesOf(ctx, all)
	return all, silences, whole, err
}

// alerts lists what passes the filter, silenced ones too, and reports whether the
// list was whole.
func (s *Source) alerts(ctx context.Context, op string) ([]alert, bool, error) {
	q := url.Values{"inhibited": {"false"}, "unprocessed": {"true"}}
	if len(s.opts.Filter) > 0 {
		q["filter"] = s.opts.Filter
	}
	if s.opts.Receiver != "" {
		q.Set("receiver", s.opts.Receiver)
	}
	var raw []json.RawMessage
	if err := s.call(ctx, op, http.MethodGet, "/alerts", q, nil, &raw); err != nil {
		return nil, false, err
	}
	if raw == nil { // null is no list
		return nil, false, s.fault(oncall.Malformed, op, "the answer is no list of alerts", "check that url points at Alertmanager itself and not at a login page or proxy")
	}
	whole := true
	out := make([]alert, 0, len(raw))
	for _, r := range raw {
		var a alert
		if json.Unmarshal(r, &a) != nil || a.Fingerprint == "" || a.StartsAt.IsZero() {
			whole = false
			continue
		}
		out = append(out, a)
	}
	return out, whole, nil
}

// call makes one request.
func (s *Source) call(ctx context.Context, op, method, path string, q url.Values, body, out any) error {
	address := s.base + "/api/v2" + path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return s.fault(oncall.Rejected, op, err.Error(), "")
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return s.fault(oncall.Rejected, op, err.Error(), "check url")
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	_, err = s.http.Do(s.client, req, op, out)
	return err
}

func (s *Source) fault(kind oncall.FaultKind, op, detail, fix string) *oncall.Fault {
	return &oncall.Fault{Kind: kind, Source: s.opts.Name, Op: op, Detail: detail, Fix: fix}
}
