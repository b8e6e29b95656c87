package feed

import (
	"context"
	"sync"

	"conway/internal/sources"
)

// Group supervises many sources, each in a goroutine of its own.
type Group struct {
	emit sources.Emit
	opts Options
	wg   sync.WaitGroup

	mu     sync.Mutex
	byName map[string][]*supervisor
}

// NewGroup returns a group without sources. All of them emit to emit.
func NewGroup(emit sources.Emit, opts Options) *Group {
	return &Group{emit: emit, opts: opts.withDefaults(), byName: map[string][]*supervisor{}}
}

// Start supervises the sources until ctx ends. It does not wait, and may be
// called again for more of them, but not once Wait has been called.
func (g *Group) Start(ctx context.Context, srcs ...sources.Source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, src := range srcs {
		s := newSupervisor(src, g.emit, g.opts)
		name := src.Name()
		g.byName[name] = append(g.byName[name], s)
		g.wg.Go(func() {
			// It ends with ctx's error, or with a panic of emit, which is logged.
			_ = guard(g.opts.Log, name, "supervise", func() error { return s.run(ctx) })
		})
	}
}

// Wait returns when all sources have ended, which they do after Start's ctx.
func (g *Group) Wait() { g.wg.Wait() }

// Refresh tries a failed source of that name at once, unless it asked to be left
// alone for longer, and asks a running one to look again if it can. It does not
// wait. It reports whether there is a source of that name.
func (g *Group) Refresh(name string) bool {
	g.mu.Lock()
	found := g.byName[name]
	g.mu.Unlock()
	for _, s := range found {
		s.refresh()
	}
	return len(found) > 0
}
