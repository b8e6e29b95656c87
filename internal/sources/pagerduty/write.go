package pagerduty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxTitle bounds a title inside a sentence.
const maxTitle = 80

// Acknowledge implements sources.Acknowledger. It reads the incident first,
// because PagerDuty would reopen a resolved one, and restart the clock of one
// that this person has acknowledged already.
func (s *Source) Acknowledge(ctx context.Context, id string) error {
	ctx = sources.ForAction(ctx)
	op := "acknowledge " + sources.Printable(id, maxTitle)
	from, me, err := s.actor(ctx, op)
	if err != nil {
		return s.asFault(err, op, false)
	}
	in, err := s.read(ctx, op, id)
	if err != nil {
		return s.asFault(err, op, false)
	}
	if !in.page.Open() {
		return s.resolvedMeanwhile(op, in)
	}
	if ackedBy(in.page, me) {
		s.look()
		return nil
	}
	err = s.manage(ctx, op, from, id, "acknowledged", oncall.Acknowledged)
	if err == nil {
		return nil
	}
	f := s.asFault(err, op, true)
	if !f.Ambiguous {
		return f
	}
	switch in, err := s.read(ctx, op, id); {
	case err != nil:
		return f // the first failure says more than that of the look afterwards
	case !in.page.Open():
		return s.resolvedMeanwhile(op, in)
	case ackedBy(in.page, me) || (me.ID == "" && in.page.Status == oncall.Acknowledged):
		s.look()
		return nil
	}
	return f
}

// Resolve implements sources.Resolver.
func (s *Source) Resolve(ctx context.Context, id string) error {
	ctx = sources.ForAction(ctx)
	op := "resolve " + sources.Printable(id, maxTitle)
	if !isID(id) {
		_, err := s.incidentPath(op, id, "")
		return err
	}
	from, _, err := s.actor(ctx, op)
	if err != nil {
		return s.asFault(err, op, false)
	}
	err = s.manage(ctx, op, from, id, "resolved", oncall.Resolved)
	if err == nil {
		return nil
	}
	f := s.asFault(err, op, true)
	if !f.Ambiguous {
		return f
	}
	if in, err := s.read(ctx, op, id); err == nil && !in.page.Open() {
		s.look()
		return nil
	}
	return f
}

// ackedBy reports whether a person has acknowledged a page.
func ackedBy(p oncall.Page, me oncall.Person) bool {
	return me.ID != "" && p.Status == oncall.Acknowledged &&
		slices.ContainsFunc(p.Acks, func(a oncall.Acknowledgement) bool { return a.By.ID == me.ID })
}

// resolvedMeanwhile is the fault of acknowledging what is over.
func (s *Source) resolvedMeanwhile(op string, in incident) *oncall.Fault {
	s.look()
	words := sources.Printable(in.page.Title, maxTitle) + " was resolved"
	if at := in.changedAt.In(s.opts.Zone); !in.changedAt.IsZero() {
		layout := "15:04"
		if time.Since(at) > 12*time.Hour {
			layout = "2 Jan 15:04"
		}
		words += " at " + at.Format(layout)
	}
	if by := sources.Printable(in.changedBy.Name, maxTitle); by != "" {
		words += " by " + by
	}
	return s.fault(oncall.Rejected, op, words, "it was left resolved")
}

// manage sets one incident's status through the library and believes only an
// answer that says so. The list is read again after a success.
func (s *Source) manage(ctx context.Context, op, from, id, status string, wanted oncall.Status) error {
	d := &doer{s: s, op: op}
	client := pd.NewClient("", pd.WithAPIEndpoint(s.base)) // the token is put in by s.authorize
	client.HTTPClient = d
	_, err := client.ManageIncidentsWithContext(ctx, from, []pd.ManageIncidentsOptions{{ID: id, Status: status}})
	if d.err != nil {
		return d.err
	}
	// The library fails on one odd value in the answer, so its own reading of it
	// is only asked for when ours finds nothing.
	if got, ok := statusIn(d.body, id); ok && got == wanted {
		s.look()
		return nil
	} else if ok {
		err = fmt.Errorf("the answer says that it is %s", got)
	}
	detail := "the answer does not say what became of it"
	if err != nil {
		detail += ": " + sources.Printable(err.Error(), 2*maxTitle)
	}
	f := s.fault(oncall.Malformed, op, detail, "look whether it happened")
	f.Ambiguous, f.Cause = true, err
	return f
}

// statusIn finds an incident's status in the answer to a change.
func statusIn(body []byte, id string) (oncall.Status, bool) {
	o, ok := parse(body, nil)
	if !ok {
		return oncall.StatusUnknown, false
	}
	for _, in := range o.children("incidents") {
		if in.str("id") == id || fmt.Sprint(in.integer("incident_number")) == id {
			return status(in), true
		}
	}
	return oncall.StatusUnknown, false
}

// doer is the HTTP client that the library is given for one call. It keeps what
// the library loses: the cause of a failure, the headers and the whole body.
type doer struct {
	s    *Source
	op   string
	err  error
	body []byte
}

// Do implements pd.HTTPClient.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	h := d.s.http
	resp, err := d.s.client.Do(req)
	if err != nil {
		d.err = h.TransportFault(req.Context(), req.Method, d.op, err)
		return nil, d.err
	}
	d.s.quota.observe(resp.Header)
	d.body, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(d.body))
	switch {
	case err != nil:
		d.err = h.TransportFault(req.Context(), req.Method, d.op, err)
		return nil, d.err
	case resp.StatusCode/100 != 2:
		d.err = h.StatusFault(resp, d.op, d.body)
	}
	return resp, nil
}

// asFault makes a fault of any error of an action. One that is none is the
// caller's own cancelling, after which a write may or may not have arrived.
func (s *Source) asFault(err error, op string, sent bool) *oncall.Fault {
	var f *oncall.Fault
	if errors.As(err, &f) {
		if !strings.HasPrefix(f.Op, op) {
			f.Op = op + ": " + f.Op
		}
		return f
	}
	f = s.fault(oncall.Unavailable, op, "given up before the answer came", "")
	f.Cause, f.Ambiguous = err, sent
	return f
}
