package drill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The manners of every server of the drill.
const (
	headerTimeout = 5 * time.Second
	writeTimeout  = 30 * time.Second
	stopGrace     = time.Second
)

// listen serves a handler on a free port of 127.0.0.1 until the context ends, as
// the crew's own, and returns its address as a URL, which the handler is made
// with.
func (c *crew) listen(ctx context.Context, name string, handler func(url string) http.Handler) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for %s: %w", name, err)
	}
	url := "http://" + l.Addr().String()
	srv := &http.Server{
		Handler: handler(url), ReadHeaderTimeout: headerTimeout, ReadTimeout: writeTimeout, WriteTimeout: writeTimeout,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	c.goes(ctx, name, func(context.Context) error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	c.goes(ctx, name+" end", func(ctx context.Context) error {
		<-ctx.Done()
		// What is being answered has a moment to end, no more.
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			return srv.Close()
		}
		return nil
	})
	return url, nil
}

// just is a handler that does not care for its address.
func just(h http.Handler) func(string) http.Handler { return func(string) http.Handler { return h } }
