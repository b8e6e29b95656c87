package trino

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// cancelTimeout bounds telling the engine that nobody waits any more.
	cancelTimeout = 2 * time.Second
	// restBetween is the time between two questions after a statement that has
	// nothing to say yet. The engine holds an answer back for a while by itself.
	restBetween = 50 * time.Millisecond
	// again is how often the rest of an answer is asked for once more when the engine
	// or a proxy cannot give it at the moment, and pauseAgain the first wait before
	// that, which doubles: the protocol wants it, and the statement goes on.
	again      = 3
	pauseAgain = 100 * time.Millisecond
	// maxWords bounds the engine's own words.
	maxWords = 200
)

// page is one answer of the protocol.
type page struct {
	ID      string                  `json:"id"`
	NextURI string                  `json:"nextUri"`
	Columns []struct{ Name string } `json:"columns"`
	Data    [][]json.RawMessage     `json:"data"`
	Stats   struct {
		State           string  `json:"state"`
		Progress        float64 `json:"progressPercentage"`
		ProcessedBytes  int64   `json:"processedBytes"`
		ProcessedRows   int64   `json:"processedRows"`
		CompletedSplits int     `json:"completedSplits"`
	} `json:"stats"`
	Error *struct {
		Message string `json:"message"`
		Name    string `json:"errorName"`
		Type    string `json:"errorType"`
	} `json:"error"`
}

// run runs a statement and calls each with every answer, until the last one or
// until each wants no more. A statement that is not at its end is cancelled.
func (s *Source) run(ctx context.Context, op, sql string, each func(*page) (more bool)) error {
	begin, begun := sources.Lingering(ctx)
	defer begun()
	req, err := http.NewRequestWithContext(begin, http.MethodPost, s.o.URL+"/v1/statement", strings.NewReader(sql))
	if err != nil {
		return oncall.AsFault(err, s.o.Name, op)
	}
	for {
		var p page
		if err := s.ask(req, op, &p); err != nil {
			if req.Method == http.MethodGet {
				s.cancel(ctx, req.URL.String())
				err = expired(err)
			}
			return read(err)
		}
		if err := s.check(op, &p); err != nil {
			return err
		}
		if !each(&p) && p.NextURI != "" {
			s.cancel(ctx, p.NextURI)
			return nil
		}
		if p.NextURI == "" {
			return nil
		}
		if len(p.Data) == 0 {
			sleep(ctx, restBetween)
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, p.NextURI, nil); err != nil {
			return oncall.AsFault(err, s.o.Name, op)
		}
		if err := ctx.Err(); err != nil {
			s.cancel(ctx, p.NextURI)
			return oncall.AsFault(err, s.o.Name, op)
		}
	}
}

// ask makes one request of a statement, the rest of an answer again after a pause
// when it is not to be had at the moment.
func (s *Source) ask(req *http.Request, op string, p *page) error {
	wait := pauseAgain
	for n := 0; ; n++ {
		_, err := s.http.Do(s.client, req, op, p)
		f, ok := errors.AsType[*oncall.Fault](err)
		passing := ok && f.RetryAfter == 0 && slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, f.Status)
		if !passing || req.Method != http.MethodGet || n == again {
			return err
		}
		if sleep(req.Context(), wait); req.Context().Err() != nil {
			return req.Context().Err()
		}
		wait *= 2
	}
}

// read makes a fault of a statement one of reading: to ask twice is harmless.
func read(err error) error {
	if f, ok := err.(*oncall.Fault); ok { //nolint:errorlint // the fault is the error itself, made by Do
		f.Ambiguous = false
	}
	return err
}

// expired says that a statement is gone, where that is what an answer means.
func expired(err error) error {
	f, ok := errors.AsType[*oncall.Fault](err)
	if ok && (f.Status == http.StatusNotFound || f.Status == http.StatusGone) {
		f.Kind, f.Detail, f.Fix = oncall.Unavailable, "the search has expired in the engine, or somebody ended it", "search again"
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// check refuses what is no answer of the protocol, an error in it, and a next
// address on another host, because the credential must not travel.
func (s *Source) check(op string, p *page) error {
	f := &oncall.Fault{Kind: oncall.Malformed, Source: s.o.Name, Op: op}
	switch {
	case p.Error != nil:
		f.Detail = sources.Printable(p.Error.Name+": "+p.Error.Message, maxWords)
		f.Kind = oncall.Unavailable
		switch {
		case p.Error.Name == "EXCEEDED_TIME_LIMIT":
			f.Fix = "choose a shorter window"
		case slices.Contains([]string{"ABANDONED_QUERY", "ABANDONED_TASK", "USER_CANCELED", "ADMINISTRATIVELY_KILLED", "ADMINISTRATIVELY_PREEMPTED"}, p.Error.Name):
			f.Fix = "search again"
		case p.Error.Type == "USER_ERROR":
			f.Kind, f.Fix = oncall.Rejected, "correct query, table and columns"
		}
		return f
	case p.ID == "" || p.Stats.State == "":
		f.Detail, f.Fix = "the answer is none of Trino's", "check that url points at the coordinator itself and not at a login page or proxy"
		return f
	}
	if p.NextURI == "" {
		return nil
	}
	next, err := url.Parse(p.NextURI)
	if err != nil || next.Host != s.base.Host || next.Scheme != s.base.Scheme {
		f.Kind, f.Detail = oncall.Rejected, "the rest of the answer is at another address, which is not asked"
		f.Fix = "set url to the address that the engine calls itself by, or have its proxy pass on X-Forwarded-Host"
		return f
	}
	return nil
}

// cancel ends a statement in the engine.
func (s *Source) cancel(ctx context.Context, next string) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, next, nil)
	if err != nil {
		return
	}
	if resp, err := s.client.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}
