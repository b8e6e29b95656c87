package kubernetes

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
	"conway/internal/sources/tailing"
)

// readSize is how much of a log is read at a time.
const readSize = 64 << 10

// hunt reads the logs of many containers and keeps the newest lines.
type hunt struct {
	cluster    *cluster
	op         string
	start, end time.Time
	limit      int
	text       string

	entries []tailing.Entry
	matched int
	bytes   int64
}

// run reads the containers of all pods, one after another.
func (h *hunt) run(ctx context.Context, pods podList) error {
	for _, p := range pods.pods {
		for _, u := range h.cluster.units(p) {
			if err := h.read(ctx, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads one container's log. One that has none yet, or none any more, is
// passed over.
func (h *hunt) read(ctx context.Context, u unit) error {
	bound, cancel := context.WithTimeout(ctx, h.cluster.timeout)
	defer cancel()
	resp, err := h.cluster.logs(bound, h.op, u, h.start, false, false)
	if hasNone(err) {
		return nil
	}
	if err == nil {
		err = records(bound, h.cluster, h.op, resp, u, func(entries []tailing.Entry, n int) {
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
		})
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// settle orders what was found and keeps the newest of it.
func (h *hunt) settle() {
	tailing.Sort(h.entries, h.start)
	if over := len(h.entries) - h.limit; over > 0 {
		h.entries = h.entries[over:]
	}
}

// hasNone reports whether a container has no log: it waits for its first start,
// or its pod is gone.
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
		if err != nil {
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
