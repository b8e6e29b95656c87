package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
	"conway/internal/sources/tailing"
)

const (
	// readSize is how much of a log is read at a time.
	readSize = 64 << 10
	// sideBySide is how many containers are read at once: so many that the nodes' time
	// to answer is not waited for one by one, and so few that on a slow link each is
	// read in the time that one answer may take.
	sideBySide = 4
)

// hunt reads the logs of many containers and keeps the newest lines.
type hunt struct {
	cluster    *cluster
	op         string
	start, end time.Time
	limit      int
	text       string

	mu      sync.Mutex
	entries []tailing.Entry
	matched int
	bytes   int64
}

// run reads the containers of all pods, some side by side. The first failure ends
// the others.
func (h *hunt) run(ctx context.Context, pods podList) error {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(sideBySide)
	for _, p := range pods.pods {
		for _, u := range h.cluster.units(p) {
			g.Go(func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = fmt.Errorf("%s: panic: %v", h.op, p)
					}
				}()
				if err := inner.Err(); err != nil {
					return err
				}
				return h.read(inner, u)
			})
		}
	}
	err := g.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// read reads one container's log, and that of the one before it, if it was started
// again: what a crash said last stands there.
func (h *hunt) read(ctx context.Context, u unit) error {
	var began time.Time
	err := h.readOne(ctx, u, false, func(entries []tailing.Entry) []tailing.Entry {
		for i := 0; began.IsZero() && i < len(entries); i++ {
			if !entries[i].Untimed {
				began = entries[i].Line.At
			}
		}
		return entries
	})
	if err != nil || u.restarts == 0 || !u.ended.IsZero() && u.ended.Before(h.start.Truncate(time.Second)) {
		return err
	}
	// While a container waits to be started again, either log is that of the one before.
	// So what is not before the first line of the one is already there.
	over := false
	return h.readOne(ctx, u, true, func(entries []tailing.Entry) []tailing.Entry {
		for i, e := range entries {
			if over = over || !began.IsZero() && !e.Untimed && !e.Line.At.Before(began); over {
				return entries[:i]
			}
		}
		return entries
	})
}

// readOne reads one log, of which it takes what choose returns. One that there is not
// yet, or not any more, is passed over.
func (h *hunt) readOne(ctx context.Context, u unit, previous bool, choose func([]tailing.Entry) []tailing.Entry) error {
	bound, cancel := context.WithTimeout(ctx, h.cluster.timeout)
	defer cancel()
	resp, err := h.cluster.logs(bound, h.op, u, h.start, false, previous)
	if hasNone(err) {
		return nil
	}
	if err == nil {
		err = records(bound, h.cluster, h.op, resp, u, func(entries []tailing.Entry, n int) {
			h.take(choose(entries), n)
		})
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// take keeps those of some lines that are asked for.
func (h *hunt) take(entries []tailing.Entry, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes += int64(n)
	for _, e := range entries {
		if !e.Untimed && (e.Line.At.Before(h.start) || !e.Line.At.Before(h.end)) || !strings.Contains(e.Line.Raw, h.text) {
			continue
		}
		h.matched++
		h.entries = append(h.entries, e)
	}
	if len(h.entries) > 4*h.limit {
		h.settle()
	}
}

// settle orders what was found and keeps the newest of it.
func (h *hunt) settle() {
	tailing.Sort(h.entries, h.start)
	if over := len(h.entries) - h.limit; over > 0 {
		h.entries = h.entries[over:]
	}
}

// hasNone reports whether a container has no such log: it waits for its first start,
// its pod is gone, or nothing is kept of the one before it.
func hasNone(err error) bool {
	f, ok := errors.AsType[*oncall.Fault](err)
	return ok && (f.Status == http.StatusBadRequest || f.Status == http.StatusNotFound)
}

// records reads a log to its end and hands on its lines as they come, with the
// number of bytes.
func records(ctx context.Context, c *cluster, op string, resp *http.Response, u unit, take func([]tailing.Entry, int)) error {
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	var split lines.Splitter
	buf := make([]byte, readSize)
	for {
		var came []tailing.Entry
		line := func(raw string, cut bool) {
			if raw != "" {
				came = append(came, lineOf(raw, cut, u))
			}
		}
		n, err := resp.Body.Read(buf)
		split.Add(buf[:n], time.Time{}, line)
		// What stands behind the last newline of a log that was cut off is half a line,
		// which comes as a whole when the log is read again.
		if errors.Is(err, io.EOF) {
			split.End(line)
		}
		if len(came) > 0 {
			take(came, n)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.http.TransportFault(ctx, http.MethodGet, op, err)
		}
	}
}
