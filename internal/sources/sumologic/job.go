package sumologic

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// pageSize is how many messages are asked for at a time; a page may be shorter.
	pageSize = 1000
	// farewell bounds the end of a job after the search has ended, cancelled or not.
	farewell = 3 * time.Second
	// slowest is how much longer than at first the wait between two looks becomes.
	slowest = 5

	opBegin = "begin a search"
	opLook  = "look at a search"
	opRead  = "read what a search found"
)

// question is what a job is made of.
type question struct {
	Query         string `json:"query"`
	From          string `json:"from"`
	To            string `json:"to"`
	TimeZone      string `json:"timeZone"`
	ByReceiptTime bool   `json:"byReceiptTime"`
	Parsing       string `json:"autoParsingMode"`
}

// asked is a search before its times are put on Sumo Logic's clock.
type asked struct {
	query    string
	from, to time.Time
	// receipt is true when the times are those of receipt.
	receipt bool
}

// question puts the search on a clock that is ahead. Times are told in whole
// seconds, from the one in which the window begins to the one after its end.
func (a asked) question(ahead time.Duration) question {
	const layout = "2006-01-02T15:04:05"
	from := a.from.Add(ahead).UTC().Truncate(time.Second)
	to := a.to.Add(ahead + time.Second - 1).UTC().Truncate(time.Second)
	if !to.After(from) {
		to = from.Add(time.Second)
	}
	return question{
		Query: a.query, From: from.Format(layout), To: to.Format(layout), TimeZone: "UTC",
		ByReceiptTime: a.receipt, Parsing: "Manual",
	}
}

// job is one search job.
type job struct {
	source *Source
	// client holds the job's cookies, without which the API does not know it.
	client *http.Client
	path   string
	take   *collector
	// offset counts the messages that were read.
	offset int
}

var (
	// errClock ends a job whose answer showed that the clocks differ from what it was
	// made by.
	errClock = errors.New("the clocks differ")
	// errGone ends a job that the API does not know any more.
	errGone = errors.New("the job is gone")
)

// search runs a job to its end. A job that is lost on the way is made anew once:
// what it had found is not found twice.
func (s *Source) search(ctx context.Context, a asked, c *collector) error {
	clocks, lost := 0, 0
	for {
		err := s.job(ctx, a, c)
		gone, isGone := errors.AsType[*oncall.Fault](err)
		switch {
		case errors.Is(err, errClock) && clocks == 0:
			clocks++
		case errors.Is(err, errClock):
			return s.fault(oncall.Unavailable, opBegin, "Sumo Logic's clock differs from answer to answer", "")
		case isGone && errors.Is(gone.Cause, errGone) && lost == 0:
			lost++
		default:
			return err
		}
	}
}

func (s *Source) job(ctx context.Context, a asked, c *collector) (err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return s.fault(oncall.Unavailable, opBegin, "there is no room for its cookies", "")
	}
	client := *s.client
	client.Jar = jar
	ahead := s.http.Skew.Ahead()
	j := &job{source: s, client: &client, take: c}
	begin, begun := sources.Lingering(ctx)
	err = j.begin(begin, a.question(ahead))
	begun()
	if err != nil && ctx.Err() != nil {
		err = s.http.TransportFault(ctx, http.MethodGet, opBegin, ctx.Err())
	}
	if err != nil {
		return err
	}
	defer j.end(ctx)
	if s.http.Skew.Ahead() != ahead {
		return errClock
	}
	c.asked(s.o.Name, ahead)
	return j.follow(ctx)
}

// begin makes the job.
func (j *job) begin(ctx context.Context, q question) error {
	var made struct {
		ID string `json:"id"`
	}
	header, err := j.source.patient(ctx, j.client, call{method: http.MethodPost, path: "/search/jobs", body: q, op: opBegin}, &made)
	if err != nil {
		return err
	}
	if made.ID == "" {
		if u, err := url.Parse(header.Get("Location")); err == nil && strings.Contains(u.Path, "/search/jobs/") {
			made.ID = path.Base(u.Path)
		}
	}
	if made.ID == "" {
		return j.source.notSumo(opBegin)
	}
	j.path = "/search/jobs/" + url.PathEscape(made.ID)
	return nil
}

// end deletes the job, within a bound of its own. One that cannot be deleted ends
// by itself, because nobody looks at it any more.
func (j *job) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(ctx), ending{}, true), farewell)
	defer cancel()
	_, _ = j.source.send(ctx, j.client, call{method: http.MethodDelete, path: j.path, op: "end a search"}, nil)
}

// status is what the API says of a job. Its errors and warnings are those since
// the last look.
type status struct {
	State    string   `json:"state"`
	Messages int      `json:"messageCount"`
	Errors   []string `json:"pendingErrors"`
	Warnings []string `json:"pendingWarnings"`
}

// follow looks at the job until it is done, and reads its messages meanwhile.
func (j *job) follow(ctx context.Context) error {
	for wait := j.source.o.Poll; ; wait = min(wait*3/2, slowest*j.source.o.Poll) {
		if err := pause(ctx, wait); err != nil {
			return err
		}
		var st status
		_, err := j.source.patient(ctx, j.client, call{method: http.MethodGet, path: j.path, op: opLook}, &st)
		if err != nil {
			return j.gone(err)
		}
		if st.State == "" {
			return j.source.notSumo(opLook)
		}
		j.take.note(st)
		if err := j.pages(ctx, st.Messages); err != nil {
			return j.gone(err)
		}
		if j.take.full() {
			return nil
		}
		switch strings.ToUpper(st.State) {
		case "DONE GATHERING RESULTS":
			return j.gone(j.rest(ctx, st.Messages))
		case "FORCE PAUSED":
			j.take.why = "Sumo Logic stopped at about 100,000 messages; search a shorter window"
			return j.gone(j.rest(ctx, st.Messages))
		case "CANCELLED", "CANCELED":
			return j.source.fault(oncall.Unavailable, opLook, strings.TrimSpace("the search was cancelled in Sumo Logic. "+j.take.said), "search again")
		}
	}
}

// rest reads everything again when a message is missing: while a job gathers, one
// can come in between those that were read already.
func (j *job) rest(ctx context.Context, count int) error {
	if j.take.distinct() >= count {
		return nil
	}
	j.offset = 0
	j.take.again()
	return j.pages(ctx, count)
}

// pages reads the messages up to a count, which is the number there are.
func (j *job) pages(ctx context.Context, count int) error {
	for j.offset < count && !j.take.full() {
		var page struct {
			Messages []json.RawMessage `json:"messages"`
		}
		form := url.Values{"offset": {strconv.Itoa(j.offset)}, "limit": {strconv.Itoa(min(pageSize, count-j.offset))}}
		_, err := j.source.patient(ctx, j.client, call{method: http.MethodGet, path: j.path + "/messages", form: form, op: opRead}, &page)
		switch {
		case err != nil:
			return err
		case page.Messages == nil:
			return j.source.notSumo(opRead)
		case len(page.Messages) == 0:
			return nil // there are fewer than the last look said; the next one tells
		}
		for _, m := range page.Messages {
			j.take.put(m)
		}
		j.take.flush()
		j.offset += len(page.Messages)
	}
	return nil
}

// gone says that a job is not known any more, where that is what a 404 means.
func (j *job) gone(err error) error {
	if f, ok := errors.AsType[*oncall.Fault](err); ok && f.Status == http.StatusNotFound {
		f.Kind, f.Cause, f.Fix = oncall.Unavailable, errGone, "search again"
		f.Detail = "the search has expired in Sumo Logic, or somebody deleted it"
	}
	return err
}
