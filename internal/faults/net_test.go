package faults

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// wire is a network in memory, so that a bubble's time goes on while everybody
// waits for an answer.
type wire struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

// serve answers on a network of its own and returns what asks through it.
func serve(t *testing.T, h http.Handler) http.RoundTripper {
	t.Helper()
	w := &wire{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: h}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = srv.Serve(w) // it ends with its listener
	}()
	tr := &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 4}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = srv.Close()
		<-over
	})
	return tr
}

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case w.conns <- there:
		return here, nil
	case <-w.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (w *wire) Close() error {
	w.once.Do(func() { close(w.done) })
	return nil
}

// Addr implements net.Listener.
func (w *wire) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }
