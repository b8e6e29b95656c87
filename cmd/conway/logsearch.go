package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/ui"
	"conway/internal/ui/pane"
)

const (
	// searchTimeout bounds one search of a log store, whatever the store does.
	searchTimeout = 5 * time.Minute
	// estimateTimeout bounds the question what a search would cost.
	estimateTimeout = 20 * time.Second
	// wideBytes and wideLines are from where on a person is asked before a store is:
	// some seconds of a large store's work. A store that cannot tell is asked
	// about from wideSpan on.
	wideBytes = 10 << 30
	wideLines = 200_000_000
	wideSpan  = 24 * time.Hour
	// savedLines bounds the lines that are written to a file.
	savedLines = 1_000_000
)

// searches are the searches of log stores that are under way.
type searches struct {
	mu sync.Mutex
	by map[int]context.CancelFunc
}

func (s *searches) begin(id int, cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[int]context.CancelFunc{}
	}
	s.by[id] = cancel
}

// end cancels a search, or lets go of one that has ended.
func (s *searches) end(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.by[id]; ok {
		cancel()
		delete(s.by, id)
	}
}

// answer holds what a search has found until the screen takes it.
type answer struct {
	mu   sync.Mutex
	part ui.StorePart
	wake chan struct{}
}

// put changes what is pending. It never blocks.
func (a *answer) put(change func(*ui.StorePart)) {
	a.mu.Lock()
	change(&a.part)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// next waits for a part and takes it.
func (a *answer) next(ctx context.Context) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		p := a.part
		a.part.Lines = nil
		if p.Ended == nil && p.Err == nil && p.Cost == nil {
			p.Next = a.next(ctx)
		}
		return p
	}
}

// searchStore searches a log store beside the screen. Where the store can say
// what that costs, and it is much, it says so and searches nothing yet.
func (w *world) searchStore(i pane.SearchStore) tea.Cmd {
	fail := func(s string) tea.Cmd {
		return func() tea.Msg { return ui.StorePart{ID: i.ID, Source: i.Source, Query: i.Query, Err: errors.New(s)} }
	}
	s, ok := w.byName[i.Source].(sources.Searcher)
	if !ok {
		return fail(w.notSearched(i.Source))
	}
	ctx, cancel := context.WithTimeout(w.ctx, searchTimeout)
	w.searches.begin(i.ID, cancel)
	a := &answer{part: ui.StorePart{ID: i.ID, Source: i.Source, Query: i.Query}, wake: make(chan struct{}, 1)}
	w.spawn(func(context.Context) {
		defer w.searches.end(i.ID)
		if !i.Sure {
			if c, wide := cost(ctx, s, i.Query); wide {
				a.put(func(p *ui.StorePart) { p.Cost = &c })
				return
			}
		}
		found, err := s.Search(ctx, i.Query, func(part oncall.LogPart) {
			lines := slices.Clone(part.Lines)
			a.put(func(p *ui.StorePart) { p.Lines = append(p.Lines, lines...) })
		})
		a.put(func(p *ui.StorePart) {
			if err != nil {
				p.Err = err
				return
			}
			p.Ended = &found
		})
	})
	return a.next(w.ctx)
}

// notSearched says which sources can be searched instead.
func (c *core) notSearched(name string) string {
	var can []string
	for _, s := range c.sources {
		if _, ok := s.Source.(sources.Searcher); ok {
			can = append(can, s.Name())
		}
	}
	if len(can) == 0 {
		return "search " + name + ": no configured source of logs can be searched"
	}
	return "search " + name + ": it is not a log store; those that can be searched are " + strings.Join(can, ", ")
}

// cost returns what a search would cost, and whether that is so much that a
// person is asked first.
func cost(ctx context.Context, s sources.Searcher, q oncall.LogQuery) (oncall.LogCost, bool) {
	unknown := oncall.LogCost{Bytes: -1, Lines: -1}
	e, ok := s.(sources.Estimator)
	if !ok {
		return unknown, q.Window.Span() > wideSpan
	}
	ctx, cancel := context.WithTimeout(ctx, estimateTimeout)
	defer cancel()
	c, err := e.Estimate(ctx, q)
	if err != nil {
		// What keeps it from saying will keep it from searching, and is said then.
		return unknown, q.Window.Span() > wideSpan
	}
	wide := c.Bytes > wideBytes || c.Lines > wideLines || c.Bytes < 0 && c.Lines < 0 && q.Window.Span() > wideSpan
	return c, wide
}

// save writes lines to a file that only this person can read, and says where.
func (w *world) save(i pane.Save) tea.Cmd {
	return func() tea.Msg {
		dir := stateDir(w.cfg, w.getenv)
		if dir == "" {
			return ui.Said{Text: fmt.Sprintf("the %s were not written: there is no folder for them; set HOME, or ledger.path in the config", i.What), Fault: true}
		}
		path, n, err := writeLines(filepath.Join(dir, "saved"), w.now().UTC().Format("20060102-150405-")+i.Name, i.Lines)
		if err != nil {
			return ui.Said{Text: fmt.Sprintf("the %s were not written: %v", i.What, err), Fault: true}
		}
		return ui.Said{Text: fmt.Sprintf("%d %s written to %s, readable by you only", n, i.What, path)}
	}
}

func writeLines(dir, name string, lines iter.Seq[string]) (path string, n int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, err
	}
	path = filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	b := bufio.NewWriter(f)
	for l := range lines {
		if n == savedLines {
			break
		}
		n++
		if _, err := b.WriteString(l + "\n"); err != nil {
			return path, n, err
		}
	}
	return path, n, b.Flush()
}
