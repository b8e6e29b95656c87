package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// guard turns an answer that is not one into the fault it is, below the vendor's
// client, which drops the headers and reads them no more.
type guard struct {
	http sources.HTTP
	next http.RoundTripper
}

// RoundTrip sends one request.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(req)
	if err != nil || passes(req, resp) {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	fault := g.http.StatusFault(resp, "", body)
	if f, ok := errors.AsType[*oncall.Fault](fault); ok {
		f.Ambiguous = false // a query changes nothing, whatever its method
		f.Cause = refusal(resp.StatusCode, body)
	}
	return nil, fault
}

var (
	// errRefused marks Prometheus's own word on one query: it is wrong.
	errRefused = errors.New("the query was refused")
	// errSlow marks Prometheus's own word on one query: it took too long.
	errSlow = errors.New("the query took too long")
)

// refusal tells Prometheus's own answer to one query from that of anything
// before it or of the server as a whole, for which it returns nil.
func refusal(status int, body []byte) error {
	var e struct {
		ErrorType string `json:"errorType"`
	}
	// A body that is not JSON leaves the type empty, which is the answer.
	_ = json.Unmarshal(body, &e)
	if e.ErrorType == "" {
		return nil
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return errRefused
	case http.StatusServiceUnavailable:
		if e.ErrorType == string(v1.ErrTimeout) || e.ErrorType == string(v1.ErrCanceled) {
			return errSlow
		}
	}
	return nil
}

// passes reports whether the client above can deal with the answer: success, a
// redirect, and the refusals of POST by read-only gateways, after which it asks
// again with GET.
func passes(req *http.Request, resp *http.Response) bool {
	switch code := resp.StatusCode; code {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return req.Method == http.MethodPost
	default:
		return code/100 == 2 || (code/100 == 3 && resp.Header.Get("Location") != "")
	}
}

// budget is a request budget for a source that only reads: its POSTs are
// queries that were too long for an address.
type budget struct{ sources.Budget }

func readOnly(b sources.Budget) sources.Budget {
	if b == nil {
		return nil
	}
	return budget{b}
}

// Take takes one request from the share of reads.
func (b budget) Take(ctx context.Context, _ bool) error { return b.Budget.Take(ctx, false) }

// Observe hands on what the server says is left.
func (b budget) Observe(limit, remaining int, reset time.Duration) {
	b.Budget.Observe(limit, remaining, reset)
}

const (
	opQuery = "query metrics"
	// maxDetail bounds the server's own words in a fault or a warning.
	maxDetail = 200
)

// fault classifies an error of the vendor's client.
func (s *Source) fault(ctx context.Context, err error) error {
	var e *v1.Error
	if !errors.As(err, &e) {
		return s.http.TransportFault(ctx, http.MethodGet, opQuery, err)
	}
	f := &oncall.Fault{
		Kind: oncall.Malformed, Source: s.Name(), Op: opQuery,
		Detail: sources.Printable("the answer is not one of the Prometheus API: "+e.Msg, maxDetail),
		Fix:    "check that url points at Prometheus itself, with its prefix if it has one, and not at a login page",
		Cause:  err,
	}
	if e.Type != v1.ErrBadResponse && e.Msg != "" {
		// The client met status "error" under HTTP 200.
		f.Kind, f.Fix, f.Cause = oncall.Rejected, "", errRefused
		f.Detail = sources.Printable(e.Msg, maxDetail)
	}
	return f
}

// ofQuery reports whether a fault says something of one query rather than of
// the server: Prometheus refused it, or its answer alone is too large.
func ofQuery(f *oncall.Fault) bool {
	return errors.Is(f, errRefused) || errors.Is(f, sources.ErrBodyTooLarge)
}

// mayBeOfQuery reports whether a fault can come of one heavy query as well as of
// the server: which of them, the other queries tell.
func mayBeOfQuery(f *oncall.Fault) bool {
	return errors.Is(f, errSlow) || (f.Kind == oncall.Unavailable && timedOut(f.Cause))
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
