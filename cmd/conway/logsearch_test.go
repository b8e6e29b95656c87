package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/ui"
	"conway/internal/ui/pane"
)

// logStore is a store that answers two parts and then waits to be cancelled.
type logStore struct {
	cost      oncall.LogCost
	endless   bool
	cancelled chan struct{}
	tailed    chan oncall.LogQuery
}

func (s *logStore) Name() string { return "store" }

func (s *logStore) Run(ctx context.Context, _ sources.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *logStore) Follow(q oncall.LogQuery) { s.tailed <- q }

func (s *logStore) Estimate(context.Context, oncall.LogQuery) (oncall.LogCost, error) {
	if s.cost.Bytes < -1 {
		return s.cost, &oncall.Fault{Kind: oncall.Unavailable, Source: "store", Op: "estimate"}
	}
	return s.cost, nil
}

func (s *logStore) Search(ctx context.Context, _ oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	for _, raw := range []string{"b", "a"} {
		found(oncall.LogPart{Lines: []oncall.LogLine{{Raw: raw, Source: "store"}}})
	}
	if s.endless {
		<-ctx.Done()
		close(s.cancelled)
		return oncall.LogFound{Lines: 2}, &oncall.Fault{Kind: oncall.Unavailable, Source: "store", Op: "search", Detail: "cancelled"}
	}
	return oncall.LogFound{Lines: 2, Matched: 2, Complete: true}, nil
}

func newWorld(t *testing.T, s *logStore) *world {
	t.Helper()
	s.cancelled, s.tailed = make(chan struct{}), make(chan oncall.LogQuery, 1)
	c, err := newCore(config.Config{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.sources = []kinded{{board.KindLogs, s}}
	c.byName = map[string]sources.Source{"store": s}
	c.start(t.Context())
	t.Cleanup(func() {
		if err := c.stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &world{core: c, getenv: func(string) string { return "" }}
}

// parts takes everything that a search answers.
func parts(t *testing.T, cmd tea.Cmd) (lines []string, last ui.StorePart) {
	t.Helper()
	for cmd != nil {
		p, ok := cmd().(ui.StorePart)
		if !ok {
			t.Fatal("the search answered nothing")
		}
		for _, l := range p.Lines {
			lines = append(lines, l.Raw)
		}
		last, cmd = p, p.Next
	}
	return lines, last
}

func TestSearchOfAStore(t *testing.T) {
	w := newWorld(t, &logStore{})
	lines, last := parts(t, w.do(pane.SearchStore{ID: 7, Source: "store"}))
	if !slices.Equal(lines, []string{"b", "a"}) || last.ID != 7 || last.Ended == nil || !last.Ended.Complete {
		t.Errorf("lines %v, last %+v", lines, last)
	}
	_, last = parts(t, w.do(pane.SearchStore{ID: 8, Source: "nosuch"}))
	if last.Err == nil || !strings.Contains(last.Err.Error(), "those that can be searched are store") {
		t.Errorf("a source that cannot be searched: %v", last.Err)
	}
}

func TestWideSearchIsAskedAboutFirst(t *testing.T) {
	w := newWorld(t, &logStore{cost: oncall.LogCost{Bytes: 1 << 40, Lines: -1}})
	lines, last := parts(t, w.do(pane.SearchStore{ID: 1, Source: "store"}))
	if len(lines) != 0 || last.Cost == nil || last.Cost.Bytes != 1<<40 {
		t.Fatalf("lines %v, last %+v", lines, last)
	}
	lines, last = parts(t, w.do(pane.SearchStore{ID: 1, Source: "store", Sure: true}))
	if len(lines) != 2 || last.Ended == nil {
		t.Errorf("lines %v, last %+v", lines, last)
	}
}

// TestSearchGoesOnWithoutAnEstimate: a narrow one is not held up by a store that
// cannot say what it costs, and a wide one is asked about.
func TestSearchGoesOnWithoutAnEstimate(t *testing.T) {
	w := newWorld(t, &logStore{cost: oncall.LogCost{Bytes: -2}})
	if lines, _ := parts(t, w.do(pane.SearchStore{ID: 1, Source: "store"})); len(lines) != 2 {
		t.Errorf("lines %v", lines)
	}
	week := oncall.Window{Start: time.Now().Add(-7 * 24 * time.Hour), End: time.Now()}
	if _, last := parts(t, w.do(pane.SearchStore{ID: 2, Source: "store", Query: oncall.LogQuery{Window: week}})); last.Cost == nil {
		t.Errorf("last %+v", last)
	}
}

func TestCancelledSearchEndsAtTheStore(t *testing.T) {
	s := &logStore{endless: true}
	w := newWorld(t, s)
	cmd := w.do(pane.SearchStore{ID: 3, Source: "store"})
	first, ok := cmd().(ui.StorePart)
	if !ok || len(first.Lines) == 0 {
		t.Fatalf("first part %+v", first)
	}
	w.do(pane.CancelSearch{ID: 3})
	<-s.cancelled
	if _, last := parts(t, first.Next); last.Err == nil {
		t.Errorf("last %+v, want the fault", last)
	}
}

func TestTailersArePointedAtThePage(t *testing.T) {
	s := &logStore{}
	w := newWorld(t, s)
	q := oncall.LogQuery{Scope: "x", Query: "service=checkout"}
	w.do(pane.Tail{Queries: map[string]oncall.LogQuery{"store": q, "nosuch": {}}})
	if got := <-s.tailed; got != q {
		t.Errorf("followed %+v", got)
	}
}

// TestSavedLinesAreWhereTheStateIs has a config that names no ledger, as most do:
// nothing is written into the folder that conway was started in.
func TestSavedLinesAreWhereTheStateIs(t *testing.T) {
	t.Chdir(t.TempDir())
	state := t.TempDir()
	env := map[string]string{"XDG_STATE_HOME": state}
	w := newWorld(t, &logStore{})
	w.cfg.Ledger.Path = ""
	w.getenv = func(k string) string { return env[k] }
	save := func() ui.Said {
		said, _ := w.do(pane.Save{Name: "lines.log", What: "log lines", Lines: slices.Values([]string{"one"})})().(ui.Said)
		return said
	}
	if said := save(); said.Fault || !strings.Contains(said.Text, "written to "+filepath.Join(state, "conway", "saved")) {
		t.Errorf("said %+v", said)
	}
	delete(env, "XDG_STATE_HOME")
	if said := save(); !said.Fault || !strings.Contains(said.Text, "set HOME") {
		t.Errorf("without a folder: %+v", said)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("the working folder holds %v, %v", left, err)
	}
}

func TestSavedLinesArePrivate(t *testing.T) {
	w := newWorld(t, &logStore{})
	w.cfg.Ledger.Path = filepath.Join(t.TempDir(), "state", "ledger.db")
	save := func() ui.Said {
		said, ok := w.do(pane.Save{Name: "lines.log", What: "log lines", Lines: slices.Values([]string{"one", "two"})})().(ui.Said)
		if !ok {
			t.Fatal("nothing was said")
		}
		return said
	}
	said := save()
	_, path, _ := strings.Cut(said.Text, "written to ")
	path, _, _ = strings.Cut(path, ",")
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "one\ntwo\n" || said.Fault {
		t.Fatalf("%q: %q, %v", said.Text, data, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(w.cfg.Ledger.Path), "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.cfg.Ledger.Path = filepath.Join(filepath.Dir(w.cfg.Ledger.Path), "file", "ledger.db")
	if said := save(); !said.Fault || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a place that cannot be written to: %+v", said)
	}
}
