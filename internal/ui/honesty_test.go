package ui

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

var frames = flag.Int("frames", honestFrames, "how many frames TestHonesty draws")

// slack is how far the screen may be behind the truth: the trimming of clocks
// and the two seconds to which an age is told.
const slack = 3 * time.Second

// honest is a screen, and beside it what is true of each source, counted by the
// boot clock and without any of the code that is tested.
type honest struct {
	*fixture
	t     *testing.T
	r     *rand.Rand
	truth map[string]*truth
	acked map[oncall.Ref]bool
	acts  []oncall.Action
	// set is when the wall clock was last set forward: ages then follow it, so
	// that fresh news may look old, which is no lie.
	set   time.Duration
	trail []string
	drawn map[string]int
}

// truth is what one source really said.
type truth struct {
	kind  string
	every time.Duration
	// answered is the boot time of its last good answer, -1 for never.
	answered time.Duration
	// failed is true from a failure to the next good answer.
	failed bool
	// whole is true after a complete answer, empty when it was of nothing.
	whole, empty bool
}

func newHonest(t *testing.T, seed uint64) *honest {
	t.Helper()
	h := &honest{
		t: t, r: rand.New(rand.NewPCG(seed, 4711)), acked: map[oncall.Ref]bool{}, drawn: map[string]int{},
		truth: map[string]*truth{
			"pd":   {kind: board.KindPages, every: 10 * time.Second, answered: -1},
			"am":   {kind: board.KindPages, every: 30 * time.Second, answered: -1},
			"gh":   {kind: board.KindDeploys, every: time.Minute, answered: -1},
			"prom": {kind: board.KindMetrics, every: 15 * time.Second, answered: -1},
			"app":  {kind: board.KindLogs, answered: -1},
		},
		set: -time.Hour,
	}
	keys, err := keymap.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var infos []board.SourceInfo
	for _, name := range []string{"pd", "am", "gh", "prom", "app"} {
		infos = append(infos, board.SourceInfo{Name: name, Kind: h.truth[name].kind})
	}
	h.fixture = &fixture{clock: uitest.Now()}
	h.Model = New(Options{
		Board: board.New(board.Options{Me: "ana@example.com", Sources: infos, LineCap: 100}), Keys: keys, Preset: layout.Watch,
		Services: follow.NewMap(uitest.Services()), Panels: uitest.Panels(), Zone: uitest.Zone(), Hold: 3 * time.Second,
		Now:   func() time.Time { return h.clock },
		Boot:  func() (time.Duration, bool) { return h.boot(), true },
		World: func(i pane.Intent) tea.Cmd { h.intents = append(h.intents, i); return nil },
	})
	h.Init()
	h.size(80, 24)
	return h
}

func (h *honest) one(n int) bool { return h.r.IntN(n) == 0 }

func pick[T any](h *honest, of ...T) T { return of[h.r.IntN(len(of))] }

// pass lets time pass, asleep or awake, and now and then sets the wall clock.
func (h *honest) pass() {
	d := time.Duration(h.r.Int64N(int64(3 * time.Second)))
	switch {
	case h.one(20):
		d = pick(h, 20*time.Second, time.Minute, 4*time.Minute)
	case h.one(150):
		d = pick(h, 11*time.Minute, time.Hour, 8*time.Hour)
	case h.one(100):
		by := pick(h, -time.Hour, -365*24*time.Hour, -10*time.Minute, -3*time.Second, -time.Second, 500*time.Millisecond, 10*time.Minute, time.Hour)
		h.offset += by
		h.clock = h.clock.Add(by)
		if by > 0 {
			h.set = h.boot()
		}
		h.note("the clock is set by %v", by)
	}
	h.clock = h.clock.Add(d)
	h.Update(tickMsg{})
}

func (h *honest) note(format string, args ...any) {
	h.trail = append(h.trail, h.boot().String()+" "+fmt.Sprintf(format, args...))
	if len(h.trail) > 25 {
		h.trail = h.trail[1:]
	}
}

// happen lets one thing happen to one source, or has a person press a key.
func (h *honest) happen() {
	switch h.r.IntN(12) {
	case 0, 1, 2:
		h.pages(pick(h, "pd", "pd", "am"))
	case 3:
		h.answer("gh", func(s oncall.Stamp) oncall.Event {
			var ds []oncall.Deploy
			if h.one(2) {
				ds = uitest.Deploys()
			}
			return oncall.DeploysEvent{Stamp: s, Every: time.Minute, Deploys: ds}
		})
	case 4, 5:
		h.answer("prom", h.series)
	case 6:
		h.answer("app", func(s oncall.Stamp) oncall.Event {
			return oncall.LinesEvent{Stamp: s, Lines: uitest.Lines()[:h.r.IntN(3)]}
		})
	case 7:
		name := pick(h, "pd", "am", "gh", "prom", "app")
		if h.one(3) {
			h.health(name)
		}
	case 8:
		h.press(pick(h, "j", "k", "tab", "a", "a", "r", "esc", "f", "M", "P", "D"))
		h.takeActs()
	default:
		h.progress()
	}
	if h.one(60) {
		s := pick(h, [2]int{80, 24}, [2]int{80, 24}, [2]int{80, 24}, [2]int{80, 24}, [2]int{60, 20}, [2]int{44, 12}, [2]int{39, 9}, [2]int{110, 30})
		h.size(s[0], s[1])
	}
	if len(h.intents) > 1000 {
		h.intents = slices.Clone(h.intents[len(h.intents)-100:])
	}
}

// stamp is that of an event of now, which may report a failure.
func (h *honest) stamp(name string) oncall.Stamp {
	s := oncall.Stamp{Source: name, At: h.clock}
	if h.one(4) {
		s.Err = &oncall.Fault{Kind: pick(h, oncall.Unavailable, oncall.Auth, oncall.RateLimited, oncall.Malformed), Source: name, Op: "ask", Status: 503}
	}
	return s
}

func (h *honest) answer(name string, make func(oncall.Stamp) oncall.Event) {
	s := h.stamp(name)
	e := make(s)
	if e == nil {
		return
	}
	h.event(e)
	tr := h.truth[name]
	if s.Err != nil {
		tr.failed = true
		h.note("%s fails", name)
		return
	}
	tr.answered, tr.failed = h.boot(), false
	h.note("%s answers", name)
}

func (h *honest) health(name string) {
	e := oncall.HealthEvent{Stamp: oncall.Stamp{Source: name, At: h.clock, Err: &oncall.Fault{Kind: oncall.Unavailable, Source: name, Op: "run"}}, Attempt: 1, NextTry: h.clock.Add(time.Minute)}
	h.event(e)
	h.truth[name].failed = true
	h.note("%s is down", name)
}

func (h *honest) pages(name string) {
	var pages []oncall.Page
	if !h.one(3) {
		for i := range h.r.IntN(4) {
			ref := oncall.Ref{Source: name, ID: fmt.Sprint(h.r.IntN(6))}
			if slices.ContainsFunc(pages, func(p oncall.Page) bool { return p.Ref == ref }) {
				continue
			}
			p := oncall.Page{
				Ref: ref, Title: titleOf(ref), Status: pick(h, oncall.Triggered, oncall.Triggered, oncall.Acknowledged, oncall.StatusUnknown),
				Service: oncall.Service{ID: "PSVC01", Name: "checkout"}, CreatedAt: h.clock.Add(-time.Duration(i) * time.Hour),
			}
			if p.Status == oncall.Acknowledged {
				p.Acks = []oncall.Acknowledgement{{By: oncall.Person{Name: "Ben"}, At: h.clock}}
			}
			pages = append(pages, p)
		}
	}
	whole := !h.one(5)
	tr := h.truth[name]
	s := h.stamp(name)
	if s.Err != nil && h.one(2) {
		pages = nil
	}
	for _, p := range pages {
		h.acked[p.Ref] = h.acked[p.Ref] || p.Status == oncall.Acknowledged
	}
	h.event(oncall.PagesEvent{Stamp: s, Pages: pages, Complete: whole, Every: tr.every})
	if s.Err != nil {
		tr.failed = true
		h.note("%s fails with %d pages", name, len(pages))
		return
	}
	tr.answered, tr.failed, tr.empty, tr.whole = h.boot(), !whole, len(pages) == 0, whole
	h.note("%s lists %d pages, whole %v", name, len(pages), whole)
}

// titleOf is a word that occurs nowhere else on the screen.
func titleOf(ref oncall.Ref) string { return "Zq" + ref.Source + ref.ID }

// series answers the question that was asked last.
func (h *honest) series(s oncall.Stamp) oncall.Event {
	ask, ok := last[pane.Ask](h.fixture)
	if !ok {
		return nil
	}
	q := ask.Questions["prom"]
	e := oncall.SeriesEvent{Stamp: s, Question: q, Every: 15 * time.Second, Window: oncall.Window{Start: h.clock.Add(-time.Hour), End: h.clock}}
	if s.Err != nil {
		return e
	}
	for _, pq := range q.Queries {
		p := oncall.Panel{PanelQuery: pq, Step: time.Minute}
		x := oncall.Point{At: h.clock.Add(-time.Duration(h.r.IntN(20)) * time.Second), V: pick(h, 0, 0.5, 77)}
		switch h.r.IntN(4) {
		case 0: // no data
		case 1: // gone
			p.Series = []oncall.Series{{Points: []oncall.Point{{At: h.clock.Add(-10 * time.Minute), V: 1}}}}
		default:
			p.Series, p.Latest = []oncall.Series{{Points: []oncall.Point{x}}}, &x
		}
		e.Panels = append(e.Panels, p)
	}
	return e
}

// takeActs takes what was asked of the world as the outbox would.
func (h *honest) takeActs() {
	for _, i := range h.intents {
		if a, ok := i.(pane.Act); ok && a.Action.Kind == oncall.Acknowledge {
			a.Action.ID = fmt.Sprintf("%d", h.r.Uint64())
			h.acts = append(h.acts, a.Action)
			h.status(a.Action, oncall.Held, nil)
			h.note("%s is to be acked", a.Action.Title)
		}
	}
	h.intents = slices.DeleteFunc(h.intents, func(i pane.Intent) bool { _, ok := i.(pane.Act); return ok })
}

// progress moves one action on, any way that it can go.
func (h *honest) progress() {
	if len(h.acts) == 0 {
		return
	}
	i := h.r.IntN(len(h.acts))
	a := h.acts[i]
	s := pick(h, oncall.Recording, oncall.Held, oncall.Sending, oncall.Sending, oncall.Unconfirmed, oncall.Refused, oncall.Cancelled, oncall.Confirmed)
	var f *oncall.Fault
	if s == oncall.Refused || s == oncall.Unconfirmed {
		f = &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Op: "ack"}
	}
	if s == oncall.Confirmed {
		h.acked[a.Target] = true
	}
	h.status(a, s, f)
	h.note("the ack of %s is %v", a.Title, s)
	if s.Done() {
		h.acts = slices.Delete(h.acts, i, i+1)
	}
}

// old reports whether the source's word is older than it may be to be live.
func (h *honest) old(tr *truth) bool {
	return tr.answered < 0 || tr.failed || tr.every > 0 && h.boot()-tr.answered > tr.every+tr.every/2+2*time.Second+slack
}

// young reports whether it must be live.
func (h *honest) young(tr *truth) bool {
	return tr.answered >= 0 && tr.answered > h.set+slack && !tr.failed && (tr.every == 0 || h.boot()-tr.answered < tr.every)
}

// check looks at one frame for a lie.
func (h *honest) check() {
	screen := h.Text()
	rows := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	if len(rows) < 12 {
		h.checkSummary(rows[0])
		return
	}
	h.checkHeader(rows[0])
	h.checkTitles(rows)
	h.checkPages(rows)
	if strings.Contains(screen, "nothing open") || strings.Contains(screen, "nothing is open") || strings.HasPrefix(rows[0], "0 open") {
		h.drawn["nothing open"]++
		for _, name := range []string{"pd", "am"} {
			if tr := h.truth[name]; h.old(tr) || !tr.whole || !tr.empty {
				h.lie("it says that nothing is open, and %s is %+v", name, *tr)
			}
		}
	}
	h.checkPanels(rows)
}

// checkSummary looks at the one line of a tiny screen.
func (h *honest) checkSummary(line string) {
	told := slices.ContainsFunc([]string{"LATE", "STALE", "LOST", "not answered", "no answer", "asking"}, func(w string) bool { return strings.Contains(line, w) })
	for _, name := range []string{"pd", "am"} {
		if tr := h.truth[name]; h.old(tr) && !told {
			h.lie("the summary counts as if all were live, and %s is %+v", name, *tr)
		}
	}
	h.drawn[fmt.Sprintf("summary told %v", told)]++
}

// checkHeader looks at the ages in the title line.
func (h *honest) checkHeader(line string) {
	live := -1
	words := strings.Fields(line)
	if n := slices.Index(words, "live"); n > 0 {
		if _, err := fmt.Sscan(words[n-1], &live); err != nil || words[n-1] == "not" {
			live = -1
		}
	}
	were := 0
	for name, tr := range h.truth {
		if !h.old(tr) {
			were++
		}
		i := slices.Index(words, name)
		if i < 0 || i+1 >= len(words) {
			continue
		}
		marked := strings.ContainsAny(words[i+1], "!–✗") || i+2 < len(words) && words[i+2] == "LOST"
		switch {
		case !marked && h.old(tr):
			h.lie("the title shows %s as live, and it is %+v", name, *tr)
		case marked && h.young(tr):
			h.lie("the title doubts %s, and it is %+v", name, *tr)
		case !marked:
			h.drawn[name+" live"]++
		default:
			h.drawn[name+" marked"]++
		}
	}
	if live > were {
		h.lie("the title counts %d live sources of %d", live, were)
	}
}

// checkTitles looks for the word that a pane must have in its title when what is
// in it is not fresh.
func (h *honest) checkTitles(rows []string) {
	for title, kind := range map[string]string{"PAGES": board.KindPages, "DEPLOYS": board.KindDeploys, "METRICS": board.KindMetrics} {
		i := slices.IndexFunc(rows, func(r string) bool { return strings.Contains(r, title) })
		if i < 0 {
			continue
		}
		_, rest, _ := strings.Cut(rows[i], title)
		told := slices.ContainsFunc([]string{"LATE", "STALE", "LOST", "not answered", "no answer"}, func(w string) bool { return strings.Contains(rest, w) })
		for name, tr := range h.truth {
			if tr.kind == kind && h.old(tr) && !told {
				h.lie("%s is drawn as live, and %s is %+v", title, name, *tr)
			}
		}
		h.drawn[fmt.Sprintf("%s told %v", title, told)]++
	}
}

// checkPages looks for an ack that no server confirmed.
func (h *honest) checkPages(rows []string) {
	for _, source := range []string{"pd", "am"} {
		for i := range 6 {
			ref := oncall.Ref{Source: source, ID: fmt.Sprint(i)}
			for _, row := range rows {
				if !strings.Contains(row, titleOf(ref)) {
					continue
				}
				shown := strings.Contains(row, "acked") || strings.Contains(row, "acknowledged") || strings.Contains(row, "◐") || strings.Contains(row, "ack confirmed")
				if shown && !h.acked[ref] {
					h.lie("%v is drawn as acked, and no server said so", ref)
				}
				if shown {
					h.drawn["acked"]++
				}
			}
		}
	}
}

// checkPanels looks for a value that has been withdrawn.
func (h *honest) checkPanels(rows []string) {
	tr := h.truth["prom"]
	gone := tr.answered < 0 || h.boot()-tr.answered > 10*time.Minute+slack
	for _, row := range rows {
		for _, title := range []string{"error ratio", "p99 latency", "requests"} {
			_, rest, ok := strings.Cut(row, title+" ")
			if !ok {
				continue
			}
			word := strings.Fields(rest + " .")[0]
			h.drawn["value "+strings.TrimRight(word, "0123456789.%s/")]++
			if value := strings.ContainsAny(word[:1], "0123456789-+") || word == "gone"; gone && value {
				h.lie("%s shows %q after it was lost", title, word)
			}
		}
	}
}

func (h *honest) lie(format string, args ...any) {
	h.t.Helper()
	h.t.Fatalf("%s\n%s\nafter\n%s", fmt.Sprintf(format, args...), h.Text(), strings.Join(h.trail, "\n"))
}

// TestHonesty draws frames of random histories of every fault, and looks in each
// for a reading that is drawn as live past its limit, an ack that no server
// confirmed, an empty list that nobody gave, and a value that was withdrawn.
func TestHonesty(t *testing.T) {
	const lives = 16
	drawn := make([]map[string]int, lives)
	t.Run("lives", func(t *testing.T) {
		for i := range lives {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				drawn[i] = map[string]int{}
				const life = 500 // frames after which everything begins anew
				for n := 0; n < *frames/lives; n += life {
					h := newHonest(t, uint64(i)<<32|uint64(n))
					h.drawn = drawn[i]
					for range life {
						h.pass()
						h.happen()
						h.check()
					}
				}
			})
		}
	})
	all := map[string]int{}
	for _, d := range drawn {
		for k, n := range d {
			all[k] += n
		}
	}
	for _, must := range []string{
		"nothing open", "acked", "pd live", "pd marked", "am live", "gh marked", "prom live", "prom marked", "app live", "app marked",
		"summary told true", "summary told false", "PAGES told true", "PAGES told false", "METRICS told true", "METRICS told false", "value LOST", "value NO", "value gone", "value ",
	} {
		if all[must] == 0 {
			t.Errorf("no frame shows %q, so nothing was tested of it", must)
		}
	}
	t.Logf("%d frames: %v", *frames, all)
}
