package outlet

import (
	"context"
	"io"
	"io/fs"
	"sync"
)

// Outlet sends what is written to it, in order. It is safe for concurrent use,
// and has what a terminal's file has, like a gate.
type Outlet struct {
	to io.Writer

	mu sync.Mutex
	// queue waits, and sending is on its way.
	queue   []byte
	sending bool
	closed  bool
	err     error
	more    *sync.Cond
	// idle is called once when everything has been sent, nil for nobody.
	idle  func()
	peak  int
	ended chan struct{}
}

// New returns an outlet to a terminal. Close ends its goroutine.
func New(to io.Writer) *Outlet {
	o := &Outlet{to: to, ended: make(chan struct{})}
	o.more = sync.NewCond(&o.mu)
	go o.run()
	return o
}

// run sends what waits until the outlet is closed.
func (o *Outlet) run() {
	defer close(o.ended)
	var batch []byte
	for {
		o.mu.Lock()
		o.sending = false
		o.more.Broadcast()
		for len(o.queue) == 0 && !o.closed {
			if idle := o.idle; idle != nil {
				o.idle = nil
				o.mu.Unlock()
				idle()
				o.mu.Lock()
				continue
			}
			o.more.Wait()
		}
		if len(o.queue) == 0 {
			o.mu.Unlock()
			return
		}
		batch, o.queue = o.queue, batch[:0]
		o.sending = true
		o.mu.Unlock()
		if _, err := o.to.Write(batch); err != nil {
			o.mu.Lock()
			o.err, o.queue = err, nil
			o.mu.Unlock()
		}
	}
}

// Write takes p to be sent. The error is that of an earlier write.
func (o *Outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	if o.closed {
		return 0, fs.ErrClosed
	}
	o.queue = append(o.queue, p...)
	o.peak = max(o.peak, len(o.queue))
	o.more.Broadcast()
	return len(p), nil
}

// Busy reports whether something is on its way or waits.
func (o *Outlet) Busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.busy()
}

func (o *Outlet) busy() bool { return o.sending || len(o.queue) > 0 }

// Peak returns the most bytes that ever waited.
func (o *Outlet) Peak() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.peak
}

// whenIdle has f called once, soon, when nothing is on its way any more. f must
// not wait for anything.
func (o *Outlet) whenIdle(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.idle = f
	o.more.Broadcast()
}

// Drain waits until everything has been sent, or ctx ends.
func (o *Outlet) Drain(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.more.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.busy() && o.err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		o.more.Wait()
	}
	return o.err
}

// Close takes nothing more and waits until the rest has been sent, or ctx ends:
// then the goroutine is left behind in a write that nobody can end but the
// terminal.
func (o *Outlet) Close(ctx context.Context) error {
	o.mu.Lock()
	o.closed = true
	o.more.Broadcast()
	o.mu.Unlock()
	select {
	case <-o.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Behind returns what is written to.
func (o *Outlet) Behind() io.Writer { return o.to }

// Fd returns the file behind, or no file's number.
func (o *Outlet) Fd() uintptr {
	if f, ok := o.to.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// Read reads from the file behind, which a terminal allows.
func (o *Outlet) Read(p []byte) (int, error) {
	if r, ok := o.to.(io.Reader); ok {
		return r.Read(p)
	}
	return 0, fs.ErrInvalid
}
