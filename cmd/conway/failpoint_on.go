//go:build failpoint

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// failpoint is a model that fails in the way that CONWAY_FAILPOINT names once
// the key f12 is pressed. What CONWAY_FAILPOINT_SECRET holds is in every panic.
type failpoint struct {
	tea.Model
	core   *core
	how    string
	text   string
	sprung bool
}

func (a *app) trap(m tea.Model, c *core) tea.Model {
	return &failpoint{Model: m, core: c, how: a.getenv("CONWAY_FAILPOINT"), text: a.getenv("CONWAY_FAILPOINT_SECRET")}
}

func (f *failpoint) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "f12" {
		f.sprung = true
		return f, f.fail()
	}
	m, cmd := f.Model.Update(msg)
	f.Model = m
	return f, cmd
}

func (f *failpoint) err() error { return fmt.Errorf("failpoint %s: %s", f.how, f.text) }

func (f *failpoint) fail() tea.Cmd { //nolint:funlen // a table of ways to fail
	boom := func() tea.Msg { panic(f.err()) }
	switch f.how {
	case "update":
		panic(f.err())
	case "command":
		return boom
	case "batch":
		return tea.Batch(boom, func() tea.Msg { return nil })
	case "goroutine":
		go func() { panic(f.err()) }()
	case "own":
		f.core.spawn(func(context.Context) { panic(f.err()) })
	case "nil":
		go func() { fmt.Fprintln(os.Stderr, f.text, f.core.cfg.Services[f.text].PagerDuty[7]) }()
	case "map":
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[i%100] = i
				}
			}()
		}
	case "stack":
		debug.SetMaxStack(1 << 20)
		var down func(int) int
		down = func(n int) int { return down(n+1) + 1 }
		go down(0)
	case "exit":
		fmt.Fprintln(os.Stderr, "a library says", f.text)
		os.Exit(3)
	case "hang":
		select {}
	case "spin":
		for time.Now().After(time.Time{}) {
			_ = errors.New(f.text)
		}
	case "epipe":
		// What writing to a closed pipe does to a process whose standard output
		// that is.
		if err := syscall.Close(1); err != nil {
			panic(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		if err := errors.Join(syscall.Dup2(int(w.Fd()), 1), r.Close()); err != nil {
			panic(err)
		}
	case "log":
		f.core.log.Info("a line of the log", "text", f.text)
		go func() { panic("after a line of the log") }()
	}
	return nil
}

// View fails, or has the renderer fail: a sequence with more parameters than
// its parser has room for panics in a goroutine without a recover.
func (f *failpoint) View() tea.View {
	v := f.Model.View()
	switch {
	case f.sprung && f.how == "view":
		panic(f.err())
	case f.sprung && f.how == "renderer":
		v.Content = f.text + "\x1b[" + strings.Repeat("1;", 40) + "1m" + v.Content
	}
	return v
}
