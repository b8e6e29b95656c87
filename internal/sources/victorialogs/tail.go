package victorialogs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

// tail follows one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	out := tailing.NewOut(s.o.Name, q, &s.place, s.http.Skew.Ahead, emit)
	sweep := func(ctx context.Context) error { return s.sweep(ctx, q, turn, out) }
	if err := sweep(ctx); err != nil {
		return err
	}
	for {
		err := s.live(ctx, s.query(q), sweep, out)
		switch {
		case errors.Is(err, errNoTail):
			return sources.Poll(ctx, every(s.o.Every, pollEvery), nil, sweep)
		case errors.Is(err, errQuiet):
			// Not even the head of an answer came, as there was no line.
		default:
			return err
		}
	}
}

func every(given, otherwise time.Duration) time.Duration {
	if given > 0 {
		return given
	}
	return otherwise
}

// sweep emits what the place does not know yet, or the beginning of a tail.
func (s *Source) sweep(ctx context.Context, q oncall.LogQuery, turn int, out *tailing.Out) error {
	first, limit := !s.place.Arrived(turn), catchUp
	start, end := tailing.Window(oncall.Window{Start: q.Window.Start}, tailing.Lookback, s.http.Skew.Ahead())
	if first {
		limit = begin(q)
	} else {
		start = s.place.From()
	}
	w := s.walk(tailing.OpFollow, s.query(q), start, end, limit)
	all, err := w.All(ctx)
	if err != nil {
		return err
	}
	if first {
		s.place.Begin(w.Start)
		s.place.Know(w.Reached())
		s.place.Arrive(turn)
	} else {
		out.Left(w)
	}
	out.PutOrAlive(all)
	return out.NowAndThen(ctx, func(start, end time.Time, limit int) *tailing.Walk {
		return s.walk(tailing.OpFollow, s.query(q), start, end, limit)
	})
}

var (
	// errNoTail marks a query or a gateway for which there is no live tail.
	errNoTail = errors.New("there is no live tail")
	// errQuiet marks a live tail that has not even answered.
	errQuiet = errors.New("the live tail has not answered yet")
)

// live emits what the live tail brings, and looks for late lines now and then,
// until one of them fails or the other side ends the tail.
func (s *Source) live(ctx context.Context, query string, sweep func(context.Context) error, out *tailing.Out) error {
	ctx, cancel := context.WithCancel(ctx)
	came := make(chan []tailing.Entry)
	ended := make(chan error, 1)
	from := s.place.From()
	offset := out.Now().Sub(from)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	reader.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				ended <- fmt.Errorf("read the tail: panic: %v", p)
			}
		}()
		ended <- s.read(ctx, query, offset, came)
	})
	tick := time.NewTicker(every(s.o.Every, sweepEvery))
	defer tick.Stop()
	for {
		select {
		case entries := <-came:
			out.Put(since(from, entries))
		case <-tick.C:
			if err := sweep(ctx); err != nil {
				return err
			}
		case err := <-ended:
			return err
		}
	}
}

// since leaves out what is older than was asked for: the store counts the offset
// from a moment that lies some seconds back.
func since(from time.Time, entries []tailing.Entry) []tailing.Entry {
	return slices.DeleteFunc(entries, func(e tailing.Entry) bool { return !e.Untimed && e.Line.At.Before(from) })
}

// read reads the live tail, from so long before now on by the store's clock. It
// returns nil when the other side ends it.
func (s *Source) read(ctx context.Context, query string, before time.Duration, came chan<- []tailing.Entry) error {
	req, err := s.request(ctx, tailing.OpFollow, "tail", url.Values{
		"query": {query}, "start_offset": {strconv.FormatInt(max(0, before.Milliseconds())+1, 10) + "ms"},
	})
	if err != nil {
		return err
	}
	resp, err := s.stream.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return errQuiet
		}
		return s.http.TransportFault(ctx, http.MethodGet, tailing.OpFollow, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return errNoTail
	}
	if err := s.check(ctx, resp, tailing.OpFollow); err != nil {
		return err
	}
	return s.records(ctx, resp, tailing.OpFollow, func(entries []tailing.Entry) {
		select {
		case came <- entries:
		case <-ctx.Done():
		}
	})
}
