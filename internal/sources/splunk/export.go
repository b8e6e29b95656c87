package splunk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const opFind = "find lines"

const (
	// abandoned is after how many seconds without a look Splunk ends a search, and
	// kept how long it keeps one that has ended: what was not cancelled, because
	// this machine or the network failed, must not use up the user's allowance.
	abandoned = "60"
	kept      = "120"
	// lastWords is how long Splunk has, after the last row, to say what was wrong.
	lastWords = 2 * time.Second
)

// asked is one search as it is sent.
type asked struct {
	spl      string
	from, to time.Time
}

// form returns what both kinds of search are asked with. Times are by Splunk's
// clock.
func (a asked) form(ahead time.Duration) url.Values {
	return url.Values{
		"search": {a.spl}, "output_mode": {"json"}, "auto_cancel": {abandoned}, "timeout": {kept},
		"earliest_time": {epoch(a.from.Add(ahead))}, "latest_time": {epoch(a.to.Add(ahead))},
	}
}

// row is one line of a stream.
type row struct {
	Preview  bool            `json:"preview"`
	LastRow  bool            `json:"lastrow"`
	Result   json.RawMessage `json:"result"`
	Messages []message       `json:"messages"`
	Offset   *int            `json:"offset"`
}

// known reports whether this is a line of Splunk's.
func (r row) known() bool {
	return r.LastRow || r.Result != nil || r.Messages != nil || r.Offset != nil
}

// stream is one streamed search under way.
type stream struct {
	source *Source
	take   *collector
	// begun is true once a line of Splunk's was read, whole once the last one was.
	begun, whole bool
	failed       []message
}

// errClock ends a search whose answer showed that the clocks differ from what it
// was asked by.
var errClock = errors.New("the clocks differ")

// export streams a search. The clocks are known from the head of the answer at
// the latest, and when they were not known before, it is asked once more.
func (s *Source) export(ctx context.Context, a asked, c *collector) error {
	ask := func(ctx context.Context, r request) error { return s.stream(ctx, r, c) }
	for range 2 {
		ahead := s.http.Skew.Ahead()
		form := a.form(ahead)
		form.Set("preview", "false")
		c.asked(s, ahead)
		err := s.versioned(ctx, request{client: s.streams, method: http.MethodPost, path: "/jobs/export", form: form, op: opFind}, ask)
		if !errors.Is(err, errClock) {
			return err
		}
	}
	return s.fault(oncall.Unavailable, opFind, "Splunk's clock differs from answer to answer", "")
}

func (s *Source) stream(ctx context.Context, r request, c *collector) error {
	silent, dog := watch(ctx, s.o.Timeout)
	defer dog.stop()
	resp, err := s.send(silent, r)
	if err != nil {
		return own(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read as far as it is wanted
	if s.http.Skew.Ahead() != c.ahead {
		return errClock
	}
	st := &stream{source: s, take: c}
	in := bufio.NewReaderSize(heard{resp.Body, dog}, 64<<10)
	for !c.full() {
		line, err := in.ReadBytes('\n')
		if whole := err == nil || errors.Is(err, io.EOF); whole {
			if bad := st.line(bytes.TrimSpace(line)); bad != nil {
				return bad
			}
		}
		if st.whole {
			dog.limit = min(dog.limit, lastWords)
			dog.pat()
		}
		if in.Buffered() == 0 {
			c.flush()
		}
		if errors.Is(err, io.EOF) || err != nil && st.whole && ctx.Err() == nil {
			return st.end()
		}
		if errors.Is(err, sources.ErrBodyTooLarge) {
			// A fault would have the same asked again and again.
			c.why = "more than 32 MiB match; search a shorter window, or for less"
			break
		}
		if err != nil {
			c.flush()
			return own(ctx, s.broken(silent, r.op, err))
		}
	}
	return st.verdict()
}

// own returns ctx's own error when it was cancelled.
func own(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return err
}

// line takes one line of the stream. One that is not Splunk's is kept as it came
// when others were, and otherwise shows that this is no Splunk.
func (st *stream) line(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	var r row
	if err := json.Unmarshal(b, &r); err != nil || !r.known() {
		if !st.begun {
			return st.source.notSplunk(opFind)
		}
		st.take.put(b)
		return nil
	}
	st.begun = true
	for _, m := range r.Messages {
		switch {
		case m.fatal():
			st.failed = append(st.failed, m)
		case m.partial():
			st.take.why = "Splunk says: " + sources.Printable(m.Text, maxWords)
		}
	}
	// A preview is replaced by what comes after it.
	if len(r.Result) > 0 && !r.Preview {
		st.take.put(r.Result)
	}
	st.whole = st.whole || r.LastRow && !r.Preview
	return nil
}

// end is the end of the answer before its last row. A search that finds nothing
// may have no row at all.
func (st *stream) end() error {
	st.take.flush()
	if err := st.verdict(); err != nil || !st.begun || st.whole {
		return err
	}
	return st.source.fault(oncall.Unavailable, opFind, "the answer ended before its last row", "")
}

// verdict returns what Splunk says went wrong.
func (st *stream) verdict() error {
	st.take.flush()
	if len(st.failed) == 0 {
		return nil
	}
	words := joined(st.failed)
	if overQuota(words) {
		return st.source.fault(oncall.RateLimited, opFind, words, "wait until another search of this user has ended")
	}
	return st.source.fault(oncall.Rejected, opFind, strings.TrimSpace(words), "")
}
