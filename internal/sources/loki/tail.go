package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// catchUp is how many lines are fetched after an interruption; what is older
	// is told of as missing.
	catchUp = 5000
	// frames is how many messages wait while older lines are fetched. When they
	// are full Loki waits, and counts what it drops.
	frames = 256
)

// frame is one message of a tail.
type frame struct {
	Streams []stream `json:"streams"`
	Dropped []struct {
		Timestamp string `json:"timestamp"`
	} `json:"dropped_entries"`
}

// tail follows one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	if err := tailing.Askable(s.o.Name, tailing.OpFollow, q, s.query(q)); err != nil {
		return err
	}
	out := tailing.NewOut(s.o.Name, q, &s.place, s.http.Skew.Ahead, emit)
	if err := s.arrive(ctx, q, turn, out); err != nil {
		return err
	}
	conn, err := s.dial(ctx, s.query(q))
	if offersNoTail(err) {
		return s.poll(ctx, q, out)
	}
	if err != nil {
		return err
	}
	return s.listen(ctx, conn, q, out)
}

// arrive emits what came before the tail is at work: the beginning, or what came
// since it was interrupted.
func (s *Source) arrive(ctx context.Context, q oncall.LogQuery, turn int, out *tailing.Out) error {
	if !s.place.Arrived(turn) {
		err := s.begin(ctx, q, out)
		if err == nil {
			s.place.Arrive(turn)
		}
		return err
	}
	if err := s.fetch(ctx, q, out); err != nil {
		return err
	}
	return out.Late(ctx, s.back(q))
}

// begin emits the newest lines of the query's window.
func (s *Source) begin(ctx context.Context, q oncall.LogQuery, out *tailing.Out) error {
	limit := q.Limit
	if limit <= 0 {
		limit = tailing.History
	}
	start, end := tailing.Window(oncall.Window{Start: q.Window.Start}, tailing.Lookback, s.http.Skew.Ahead())
	w := s.walk(tailing.OpFollow, s.query(q), start, end, limit)
	all, err := w.All(ctx)
	if err != nil {
		return err
	}
	s.place.Begin(w.Start)
	s.place.Know(w.Reached())
	out.PutOrAlive(all)
	return nil
}

// fetch emits what the place does not know yet, and tells when that is too much.
func (s *Source) fetch(ctx context.Context, q oncall.LogQuery, out *tailing.Out) error {
	w := s.walk(tailing.OpFollow, s.query(q), s.place.From(), out.Now().Add(tailing.Endless), catchUp)
	all, err := w.All(ctx)
	if err != nil {
		return err
	}
	out.Left(w)
	out.PutOrAlive(all)
	return nil
}

// back makes walks for a query's late lines.
func (s *Source) back(q oncall.LogQuery) func(start, end time.Time, limit int) *tailing.Walk {
	return func(start, end time.Time, limit int) *tailing.Walk {
		return s.walk(tailing.OpFollow, s.query(q), start, end, limit)
	}
}

// poll asks again and again, where tail is not offered.
func (s *Source) poll(ctx context.Context, q oncall.LogQuery, out *tailing.Out) error {
	return sources.Poll(ctx, s.o.Every, nil, func(ctx context.Context) error {
		if err := s.fetch(ctx, q, out); err != nil {
			return err
		}
		return out.NowAndThen(ctx, s.back(q))
	})
}

// errNoTail marks the answer of a gateway that does not offer tail.
var errNoTail = errors.New("tail is not offered")

func offersNoTail(err error) bool { return errors.Is(err, errNoTail) }

// conn is a connected tail. Pings keep it alive.
type conn struct {
	*websocket.Conn

	pinged chan struct{}
	// heard is closed by hear, when the first ping or message has come or the tail
	// has ended.
	heard chan struct{}
	hear  func()
}

// dial connects the tail.
func (s *Source) dial(ctx context.Context, query string) (*conn, error) {
	c := &conn{pinged: make(chan struct{}, 1), heard: make(chan struct{})}
	c.hear = sync.OnceFunc(func() { close(c.heard) })
	//nolint:bodyclose // the library closes it
	ws, resp, err := websocket.Dial(ctx, s.address("tail", url.Values{
		"query": {query}, "start": {nanos(s.place.Edge())}, "limit": {strconv.Itoa(maxPage)},
	}), &websocket.DialOptions{
		HTTPClient: s.stream,
		OnPingReceived: func(context.Context, []byte) bool {
			c.hear()
			select {
			case c.pinged <- struct{}{}:
			default:
			}
			return true
		},
	})
	if err == nil {
		ws.SetReadLimit(sources.MaxBody)
		c.Conn = ws
		return c, nil
	}
	if resp == nil || resp.StatusCode/100 == 2 {
		return nil, s.http.TransportFault(ctx, http.MethodGet, tailing.OpFollow, err)
	}
	body, _ := io.ReadAll(resp.Body) // the library has read it already
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return nil, errNoTail
	}
	return nil, s.http.StatusFault(resp, tailing.OpFollow, body)
}

// listen fetches what came before the tail was at work, and then emits what it
// brings until it ends. Loki accepts the connection before it begins to follow, so
// a tail is at work only once something is heard of it; what came until then may
// be in neither.
func (s *Source) listen(ctx context.Context, c *conn, q oncall.LogQuery, out *tailing.Out) error {
	ctx, cancel := context.WithCancelCause(ctx)
	came := make(chan []byte, frames)
	ended := make(chan error, 1)
	var helpers sync.WaitGroup
	helpers.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				ended <- fmt.Errorf("read the tail: panic: %v", p)
			}
		}()
		ended <- c.read(ctx, came)
	})
	helpers.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				cancel(errSilent)
			}
		}()
		c.watch(ctx, s.o.Silence, cancel)
	})
	select {
	case <-c.heard:
	case <-ctx.Done():
	}
	err := s.fetch(ctx, q, out)
	if err == nil {
		err = s.take(ctx, q, came, ended, out)
	}
	silent := errors.Is(context.Cause(ctx), errSilent)
	cancel(nil)
	_ = c.CloseNow()
	helpers.Wait()
	if silent {
		return &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: tailing.OpFollow, Detail: errSilent.Error(), Cause: errSilent}
	}
	return err
}

// errSilent ends a tail that nothing is heard of.
var errSilent = errors.New("the tail has gone silent: not even a ping came")

// watch ends a tail that has been silent for too long.
func (c *conn) watch(ctx context.Context, limit time.Duration, cancel context.CancelCauseFunc) {
	t := time.NewTimer(limit)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.pinged:
			t.Reset(limit)
		case <-t.C:
			cancel(errSilent)
			return
		}
	}
}

// read hands on the messages, and answers pings meanwhile, until the tail ends.
func (c *conn) read(ctx context.Context, came chan<- []byte) error {
	defer c.hear()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return err
		}
		c.hear()
		select {
		case came <- data:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take emits what a tail brings until it ends, and asks for what there is while it
// brings nothing.
func (s *Source) take(ctx context.Context, q oncall.LogQuery, came <-chan []byte, ended <-chan error, out *tailing.Out) error {
	quiet := time.NewTimer(s.o.Quiet)
	defer quiet.Stop()
	for {
		select {
		case data := <-came:
			if err := s.message(data, out); err != nil {
				return err
			}
			quiet.Reset(s.o.Quiet)
		case <-quiet.C:
			if err := s.fetch(ctx, q, out); err != nil {
				return err
			}
			quiet.Reset(s.o.Quiet)
		case err := <-ended:
			if err := s.rest(came, out); err != nil {
				return err
			}
			return s.ended(ctx, err)
		}
	}
}

// rest emits what came before a tail ended.
func (s *Source) rest(came <-chan []byte, out *tailing.Out) error {
	for {
		select {
		case data := <-came:
			if err := s.message(data, out); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// message emits one message. One that cannot be read ends the tail, so that what it
// held is asked for again.
func (s *Source) message(data []byte, out *tailing.Out) error {
	var f frame
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&f); err != nil {
		return s.malformed(tailing.OpFollow, err)
	}
	if n := len(f.Dropped); n > 0 {
		out.Lost(oncall.Dropped{Count: n, Exact: true, Reason: "Loki dropped lines because this tail read too slowly"})
	}
	out.Put(entriesOf(f.Streams))
	return nil
}

// ended says how a tail ended; nil for an end that is nothing unusual.
func (s *Source) ended(ctx context.Context, err error) error {
	closed, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !ok:
		return s.http.TransportFault(ctx, http.MethodGet, tailing.OpFollow, fmt.Errorf("the tail was cut off: %w", err))
	case closed.Code == websocket.StatusNormalClosure, closed.Code == websocket.StatusGoingAway:
		return nil
	}
	f := &oncall.Fault{
		Kind: oncall.Unavailable, Source: s.o.Name, Op: tailing.OpFollow,
		Detail: "Loki ended the tail: " + sources.Printable(closed.Reason, maxOrigin), Cause: err,
	}
	if strings.Contains(closed.Reason, "limit exceeded") {
		f.Kind, f.Fix = oncall.RateLimited, "close another tail, or have max_concurrent_tail_requests raised"
	}
	return f
}
