package splunk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// pageSize is how many results are read at a time.
	pageSize = 1000
	// farewell bounds the end of a job after the search has ended, cancelled or not.
	farewell = 3 * time.Second
	// slower is how much longer the wait between two looks at a job becomes.
	slower = 1.5
)

// job searches with a job: it is made, looked at until it is done, its results
// are read page by page, and it is ended, however that goes.
func (s *Source) job(ctx context.Context, a asked, c *collector) error {
	for range 2 {
		err := s.oneJob(ctx, a, c)
		if !errors.Is(err, errClock) {
			return err
		}
	}
	return s.fault(oncall.Unavailable, opFind, "Splunk's clock differs from answer to answer", "")
}

func (s *Source) oneJob(ctx context.Context, a asked, c *collector) error {
	ahead := s.http.Skew.Ahead()
	c.asked(s, ahead)
	form := a.form(ahead)
	form.Set("exec_mode", "normal")
	// An id of one's own ends the job also when the answer with its id is lost.
	id := "conway_" + rand.Text()
	form.Set("id", id)
	defer func() { s.endJob(ctx, id) }()
	var made struct {
		SID string `json:"sid"`
	}
	if _, err := s.read(ctx, request{method: http.MethodPost, path: "/search/jobs", form: form, op: "begin a search"}, &made); err != nil {
		return err
	}
	if made.SID == "" {
		return s.notSplunk("begin a search")
	}
	if s.http.Skew.Ahead() != ahead {
		return errClock
	}
	id = made.SID
	count, err := s.awaitJob(ctx, id, c)
	if err != nil {
		return err
	}
	return s.results(ctx, id, count, c)
}

func jobPath(id string) string { return "/search/jobs/" + url.PathEscape(id) }

// endJob ends a job, within a bound of its own. One that cannot be told ends by
// itself, because nobody looks at it any more.
func (s *Source) endJob(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_, _ = s.read(ctx, request{method: http.MethodDelete, path: jobPath(id), op: "end a search"}, nil)
}

// number is a number or, of some versions, its text.
type number float64

// UnmarshalJSON reads whatever looks like a number, and 0 otherwise.
func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	if err != nil {
		f = 0
	}
	*n = number(f)
	return nil
}

// flag is true, 1, or the text of either.
type flag bool

// UnmarshalJSON reads whatever says yes.
func (f *flag) UnmarshalJSON(b []byte) error {
	v := strings.Trim(string(b), `"`)
	*f = flag(v == "1" || strings.EqualFold(v, "true"))
	return nil
}

// state is what Splunk says of a job.
type state struct {
	Dispatch string    `json:"dispatchState"`
	Done     flag      `json:"isDone"`
	Failed   flag      `json:"isFailed"`
	Progress number    `json:"doneProgress"`
	Results  number    `json:"resultCount"`
	Messages []message `json:"messages"`
}

// awaitJob waits until a job is done and returns how many results it has.
func (s *Source) awaitJob(ctx context.Context, id string, c *collector) (int, error) {
	const op = "look at a search"
	for wait := s.o.Poll; ; wait = min(time.Duration(float64(wait)*slower), 10*s.o.Poll) {
		var answer struct {
			Entry []struct {
				Content state `json:"content"`
			} `json:"entry"`
		}
		form := url.Values{"output_mode": {"json"}}
		status, err := s.read(ctx, request{method: http.MethodGet, path: jobPath(id), form: form, op: op}, &answer)
		switch {
		case err != nil:
			return 0, s.expired(op, err)
		case status == http.StatusNoContent: // not ready to be looked at yet
		case len(answer.Entry) == 0:
			return 0, s.notSplunk(op)
		default:
			st := answer.Entry[0].Content
			if st.Failed || st.Dispatch == "FAILED" {
				return 0, s.jobFailed(st)
			}
			c.progress(float64(st.Progress))
			if st.Done || st.Dispatch == "DONE" {
				c.note(st.Messages)
				return int(st.Results), nil
			}
		}
		if err := pause(ctx, wait); err != nil {
			return 0, err
		}
	}
}

// note keeps Splunk's word that not everything was searched.
func (c *collector) note(messages []message) {
	for _, m := range messages {
		if m.partial() || m.fatal() {
			c.why = "Splunk says: " + sources.Printable(m.Text, maxWords)
		}
	}
}

func (s *Source) jobFailed(st state) error {
	words := joined(st.Messages)
	if overQuota(words) {
		return s.fault(oncall.RateLimited, opFind, words, "wait until another search of this user has ended")
	}
	if words == "" {
		words = "the search failed, and Splunk does not say why"
	}
	return s.fault(oncall.Rejected, opFind, words, "")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// expired says that a job is gone, where that is what a 404 means.
func (s *Source) expired(op string, err error) error {
	if f, ok := errors.AsType[*oncall.Fault](err); ok && f.Status == http.StatusNotFound && unknownJob(f) {
		f.Kind, f.Op, f.Detail, f.Fix = oncall.Unavailable, op, "the search has expired in Splunk, or somebody cancelled it", "search again"
	}
	return err
}

// results reads the pages of a job that is done.
func (s *Source) results(ctx context.Context, id string, count int, c *collector) error {
	const op = "read what a search found"
	for offset := 0; offset < count && !c.full(); {
		var page struct {
			Results  []json.RawMessage `json:"results"`
			Messages []message         `json:"messages"`
		}
		r := request{
			method: http.MethodGet, path: "/jobs/" + url.PathEscape(id) + "/results", op: op,
			form: url.Values{"output_mode": {"json"}, "count": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}},
		}
		err := s.versioned(ctx, r, func(ctx context.Context, r request) error {
			_, err := s.read(ctx, r, &page)
			return err
		})
		if err != nil {
			return s.expired(op, err)
		}
		if page.Results == nil {
			return s.notSplunk(op)
		}
		c.note(page.Messages)
		for _, result := range page.Results {
			c.put(result)
		}
		c.flush()
		if len(page.Results) == 0 {
			c.why = fmt.Sprintf("Splunk kept %d of %d results", offset, count)
			return nil
		}
		offset += len(page.Results)
	}
	return nil
}
