package sourcetest

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// shelf is a small log store: GET /lines answers the newest lines of a window
// that hold a word, a page of ten at a time.
type shelf struct {
	ahead time.Duration

	mu      sync.Mutex
	lines   []oncall.LogLine
	stalled bool
	running int
}

const shelfPage = 10

func newShelf(tb testing.TB, s LogSetup) LogStore {
	tb.Helper()
	h := &shelf{ahead: s.Ahead, lines: slices.Clone(s.Lines)}
	return LogStore{
		Handler: h, Add: h.add,
		Spoil: func(text string) { h.add(oncall.LogLine{At: s.Lines[3].At, Raw: "{" + text, Cut: true}) },
		Stall: func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.stalled = true
		},
		Running: func() int {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.running
		},
	}
}

func (h *shelf) add(lines ...oncall.LogLine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, lines...)
}

// shelved is a line as the shelf tells it. A record whose At is no number is
// malformed.
type shelved struct {
	ID  int             `json:"id"`
	At  json.RawMessage `json:"at"`
	Raw string          `json:"raw"`
}

type shelfAnswer struct {
	Lines []shelved `json:"lines"`
	More  bool      `json:"more"`
}

func (h *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.running++
	stalled := h.stalled
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running--
	}()
	if stalled {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Date", time.Now().Add(h.ahead).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h.answer(r.URL.Query()))
}

func (h *shelf) answer(q url.Values) shelfAnswer {
	h.mu.Lock()
	defer h.mu.Unlock()
	from, _ := strconv.ParseInt(q.Get("from"), 10, 64)
	to, _ := strconv.ParseInt(q.Get("to"), 10, 64)
	skip, _ := strconv.Atoi(q.Get("skip"))
	all := []shelved{}
	for i, l := range h.lines {
		at := l.At.Add(h.ahead).UnixMilli()
		if at < from || to > 0 && at >= to || !strings.Contains(l.Raw, q.Get("word")) {
			continue
		}
		told := strconv.FormatInt(at, 10)
		if l.Cut {
			told = `"broken"`
		}
		all = append(all, shelved{ID: i, At: json.RawMessage(told), Raw: l.Raw})
	}
	slices.SortStableFunc(all, func(a, b shelved) int {
		return cmp.Compare(h.lines[b.ID].At.UnixMilli(), h.lines[a.ID].At.UnixMilli())
	})
	all = all[min(skip, len(all)):]
	page := all[:min(shelfPage, len(all))]
	return shelfAnswer{Lines: page, More: len(page) < len(all)}
}

// reader is a source that asks a shelf. Its fields break one promise each.
type reader struct {
	http   sources.HTTP
	client *http.Client
	url    string
	nudge  sources.Nudge

	wrongOrder, wrongCount, noLimit, endInclusive, twice   bool
	alwaysComplete, asksUnfilled, dropsMalformed, noCancel bool
	mixesScopes, losesOnFault, noSkew, noOverlap, forgets  bool
	leaksSecret, silentUnfilled                            bool

	mu     sync.Mutex
	q      oncall.LogQuery
	follow int
	seen   map[int]bool
}

func newReader(e Endpoint, breaks func(*reader)) *reader {
	s := &reader{url: e.URL, nudge: sources.NewNudge()}
	breaks(s)
	s.http = sources.HTTP{
		Source: "shelf", Timeout: e.Timeout, Transport: e.Transport, Skew: new(sources.Skew),
		Authorize: func(r *http.Request) error {
			t, err := e.Token(r.Context())
			r.Header.Set("Authorization", "Bearer "+t)
			return err
		},
	}
	if s.noSkew {
		s.http.Skew = nil
	}
	s.client = s.http.Client()
	return s
}

func (s *reader) Name() string { return s.http.Source }

func (s *reader) page(ctx context.Context, q oncall.LogQuery, skip int) (shelfAnswer, error) {
	if s.noCancel {
		ctx = context.WithoutCancel(ctx)
	}
	v := url.Values{"word": {q.Query}, "skip": {strconv.Itoa(skip)}}
	there := func(t time.Time) string { return strconv.FormatInt(t.Add(s.http.Skew.Ahead()).UnixMilli(), 10) }
	v.Set("from", there(q.Window.Start))
	if end := q.Window.End; !end.IsZero() {
		if s.endInclusive {
			end = end.Add(time.Millisecond)
		}
		v.Set("to", there(end))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/lines?"+v.Encode(), nil)
	if err != nil {
		return shelfAnswer{}, err
	}
	before := s.http.Skew.Ahead()
	var answer shelfAnswer
	_, err = s.http.Do(s.client, req, "search lines", &answer)
	if err == nil && s.http.Skew.Ahead() != before {
		return s.page(ctx, q, skip)
	}
	if err == nil && answer.Lines == nil {
		err = &oncall.Fault{Kind: oncall.Malformed, Source: s.Name(), Op: "search lines", Detail: "there are no lines in the answer"}
	}
	return answer, err
}

// lines are oldest first.
func (s *reader) lines(page []shelved) []oncall.LogLine {
	out := make([]oncall.LogLine, 0, len(page))
	for _, l := range slices.Backward(page) {
		ms, err := strconv.ParseInt(string(l.At), 10, 64)
		at := s.http.Skew.Here(time.UnixMilli(ms))
		if err != nil {
			if s.dropsMalformed {
				continue
			}
			at = time.Now()
			if len(out) > 0 {
				at = out[len(out)-1].At
			}
		}
		out = append(out, oncall.LogLine{At: at, Source: s.Name(), Raw: l.Raw, Message: l.Raw})
	}
	if s.wrongOrder {
		slices.Reverse(out)
	}
	return out
}

func (s *reader) refuse(q oncall.LogQuery) *oncall.Fault {
	return &oncall.Fault{Kind: oncall.Rejected, Source: s.Name(), Op: "search lines", Detail: q.Unfilled}
}

func (s *reader) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	if q.Unfilled != "" && !s.asksUnfilled {
		return oncall.LogFound{}, s.refuse(q)
	}
	f := oncall.LogFound{Matched: -1, Complete: true}
	var kept []oncall.LogLine
	for skip := 0; ; skip += shelfPage {
		answer, err := s.page(ctx, q, skip)
		if err != nil {
			f.Complete = false
			return f, err
		}
		page := answer.Lines
		cut := q.Limit > 0 && f.Lines+len(page) > q.Limit && !s.noLimit
		if cut {
			page = page[:q.Limit-f.Lines]
		}
		lines := s.lines(page)
		if s.leaksSecret {
			lines = append(lines, oncall.LogLine{At: time.Now(), Source: s.Name(), Raw: canary})
		}
		f.Lines += len(lines)
		switch {
		case s.losesOnFault && answer.More:
			kept = append(lines, kept...)
		default:
			found(oncall.LogPart{Lines: append(lines, kept...), Done: -1})
		}
		if cut || (q.Limit > 0 && f.Lines == q.Limit && answer.More) {
			f.Complete, f.Why = s.alwaysComplete, "more lines match than were asked for"
		}
		if cut || !answer.More || !f.Complete {
			break
		}
	}
	if f.Complete {
		f.Why = ""
	}
	if s.wrongCount {
		f.Lines++
	}
	return f, nil
}

func (s *reader) Follow(q oncall.LogQuery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follow > 0 && s.q == q {
		return
	}
	s.q, s.seen = q, map[int]bool{}
	s.follow++
	s.nudge.Poke()
}

func (s *reader) Run(ctx context.Context, emit sources.Emit) error {
	return sources.Poll(ctx, 20*time.Millisecond, s.nudge, func(ctx context.Context) error { return s.round(ctx, emit) })
}

func (s *reader) round(ctx context.Context, emit sources.Emit) error {
	s.mu.Lock()
	q, follow := s.q, s.follow
	s.mu.Unlock()
	if follow == 0 {
		return nil
	}
	e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: s.Name(), At: time.Now()}, Scope: q.Scope}
	if q.Unfilled != "" {
		if e.Err = s.refuse(q); !s.silentUnfilled {
			emit(e)
		}
		return nil
	}
	var news []shelved
	for skip := 0; ; skip += shelfPage {
		answer, err := s.page(ctx, q, skip)
		if err != nil {
			return err
		}
		news = append(news, answer.Lines...)
		if !answer.More {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if follow != s.follow {
		if !s.mixesScopes {
			return nil
		}
		e.Scope = s.q.Scope
	}
	newest := slices.Max(append(slices.Collect(maps.Keys(s.seen)), -1))
	news = slices.DeleteFunc(news, func(l shelved) bool {
		old := s.seen[l.ID] || s.noOverlap && newest >= 0 && string(l.At) < strconv.FormatInt(time.Now().Add(-5*time.Second).UnixMilli(), 10)
		s.seen[l.ID] = !s.twice
		return old
	})
	if s.forgets && ctx.Err() == nil {
		defer func() { s.seen = map[int]bool{} }()
	}
	e.Lines = s.lines(news)
	emit(e)
	return nil
}

func shelfCase(breaks func(*reader)) LogCase {
	return LogCase{
		Wait: 2 * time.Second, Bound: 500 * time.Millisecond, NewestFirst: true, Store: newShelf,
		New:   func(_ testing.TB, e Endpoint) sources.Source { return newReader(e, breaks) },
		Query: func(word string) string { return word },
	}
}

func TestGoodLogSourcePasses(t *testing.T) {
	Logs(t, shelfCase(func(*reader) {}))
}

// TestBrokenLogPromisesAreFound runs one check against a source that breaks it.
func TestBrokenLogPromisesAreFound(t *testing.T) {
	for _, tt := range []struct {
		check  string
		breaks func(*reader)
		want   string
	}{
		{"search finds", func(s *reader) { s.wrongOrder = true }, "not ordered oldest first"},
		{"search finds", func(s *reader) { s.wrongCount = true }, "but the parts hold"},
		{"search finds", func(s *reader) { s.leaksSecret = true }, "holds the credential"},
		{"search in a window", func(s *reader) { s.endInclusive = true }, "11 lines were found, want 10"},
		{"search with a limit", func(s *reader) { s.noLimit = true }, "lines were found, want 7"},
		{"search with a limit", func(s *reader) { s.alwaysComplete = true }, "says that it is complete"},
		{"search cancelled under way", func(s *reader) { s.noCancel = true }, "Search did not return"},
		{"search meets a malformed record", func(s *reader) { s.dropsMalformed = true }, "was lost"},
		{"search unfilled", func(s *reader) { s.asksUnfilled = true }, "want a refusal"},
		{"search by another clock", func(s *reader) { s.noSkew = true }, "clock that is"},
		{"search status 503 under way", func(s *reader) { s.losesOnFault = true }, "but the parts hold"},
		{"tail follows", func(s *reader) { s.twice = true }, "the lines under"},
		{"tail follows a late line", func(s *reader) { s.noOverlap = true }, "no sign of the lines"},
		{"tail by a writer's clock", func(s *reader) { s.noOverlap = true }, "no sign of the lines"},
		{"tail is pointed elsewhere while it asks", func(s *reader) { s.mixesScopes = true }, "the lines under second"},
		{"tail goes on where it left off", func(s *reader) { s.forgets = true }, "the lines under"},
		{"tail meets a malformed record", func(s *reader) { s.dropsMalformed = true }, "was lost"},
		{"tail unfilled", func(s *reader) { s.silentUnfilled = true }, "no sign of the sentence"},
	} {
		t.Run(tt.check+": "+tt.want, func(t *testing.T) {
			c := shelfCase(tt.breaks)
			said := observe(t, func(tb testing.TB) {
				tb.Helper()
				guardLeaks(tb)
				for _, ch := range slices.Concat(searchChecks(), searchFaultChecks(), tailChecks()) {
					if ch.name == tt.check {
						ch.run(tb, c)
						return
					}
				}
				t.Fatalf("there is no check %q", tt.check)
			})
			if !strings.Contains(said, tt.want) {
				t.Errorf("the suite said %q, want it to find %q", said, tt.want)
			}
		})
	}
}
