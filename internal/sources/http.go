package sources

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"conway/internal/oncall"
)

const (
	// RequestTimeout bounds one whole request, answer included. On call, a
	// source that needs longer than this is better shown as late.
	RequestTimeout = 10 * time.Second
	// MaxBody bounds an answer. The largest honest one, a full page of incidents
	// with alerts, is a few MiB.
	MaxBody = 32 << 20
	// maxDetail bounds the other side's own words in a Fault.
	maxDetail = 200
	// dialTimeout bounds reaching the other side at all.
	dialTimeout = 5 * time.Second
	// sleptBeyond is how much longer than its time limit a request may have taken
	// by the wall clock. Time limits stop while the machine sleeps, so what comes
	// after a longer time is an answer from before it slept.
	sleptBeyond = 5 * time.Second
)

// Secret returns a credential, read anew each time it is asked so that a
// renewed one is used at once. The error says how to mend it and holds no part
// of the secret.
type Secret func(context.Context) (string, error)

// Budget shares one token's request allowance among all that use it. Writes
// keep a reserved share, so that an ack is never starved by polling.
type Budget interface {
	// Take blocks until one request may be made, or ctx ends.
	Take(ctx context.Context, write bool) error
	// Observe tells the budget what the other side said is left: limit and
	// remaining requests, and how long until they are renewed. Unknown values
	// are negative.
	Observe(limit, remaining int, reset time.Duration)
}

// HTTP is how a source talks HTTP. The zero value of each field is fine except
// Source.
type HTTP struct {
	// Source is the configured name, for faults.
	Source string
	// UserAgent names this program and its version.
	UserAgent string
	// Authorize sets the credential on a request, or nil for none. It is called
	// for each request to the configured host only.
	Authorize func(*http.Request) error
	// Header is sent with every request.
	Header http.Header
	// Budget is asked before each request, or nil for none.
	Budget Budget
	// Limits reads the rate limit headers of an answer for Budget and Fault, or
	// nil for Retry-After alone.
	Limits func(http.Header) (limit, remaining int, reset time.Duration)
	// Timeout bounds one request; 0 means RequestTimeout.
	Timeout time.Duration
	// Skew learns from each answer how far the other side's clock is ahead, or nil.
	Skew *Skew
	// CAs are the authorities whose certificates are believed, or nil for those that
	// the machine believes. There is no way to believe any certificate at all.
	CAs *x509.CertPool
	// Transport is for tests; nil means a fresh one with this package's bounds.
	Transport http.RoundTripper
}

// CAFile reads the authorities of a PEM file, for HTTP.CAs. No path is nil.
func CAFile(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no file is no authorities of one's own, as HTTP.CAs has it
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ca cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca holds no certificate: %s; give the authority's certificate in PEM, which begins with -----BEGIN CERTIFICATE-----", Printable(path, maxDetail))
	}
	return pool, nil
}

// Client returns a client with these manners, to be used directly or handed to
// a vendor's library. It follows a redirect only within the host it asked
// first, because the credential must not travel.
func (h HTTP) Client() *http.Client {
	if h.Timeout == 0 {
		h.Timeout = RequestTimeout
	}
	if h.Transport == nil {
		h.Transport = &http.Transport{
			TLSClientConfig:        &tls.Config{RootCAs: h.CAs, MinVersion: tls.VersionTLS12},
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout:    dialTimeout,
			MaxResponseHeaderBytes: 1 << 20,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        90 * time.Second,
			ForceAttemptHTTP2:      true,
		}
	}
	return &http.Client{
		Timeout:   h.Timeout,
		Transport: roundTripper{h},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= 3 || req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
				return fmt.Errorf("answered with a redirect to %s, which is not followed", hostOf(req.URL))
			}
			return nil
		},
	}
}

func hostOf(u *url.URL) string { return u.Scheme + "://" + u.Host }

type roundTripper struct{ HTTP }

// RoundTrip sends one request with the manners.
func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	maps.Copy(req.Header, t.Header)
	if t.UserAgent != "" {
		req.Header.Set("User-Agent", t.UserAgent)
	}
	if t.Authorize != nil {
		if err := t.Authorize(req); err != nil {
			return nil, &oncall.Fault{Kind: oncall.Auth, Source: t.Source, Op: "read the credential", Detail: err.Error(), Cause: err}
		}
	}
	if t.Budget != nil {
		// What an action has to read first is part of it.
		write := req.Method != http.MethodGet && req.Method != http.MethodHead || ofAction(req)
		if err := t.Budget.Take(req.Context(), write); err != nil { //nolint:contextcheck // the clone carries the caller's context
			return nil, err
		}
	}
	sent := wall()
	resp, err := t.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if t.Budget != nil {
		t.Budget.Observe(t.limits(resp))
	}
	t.Skew.observe(resp.Header, sent, wall())
	resp.Body = &cappedBody{ReadCloser: resp.Body, left: MaxBody, until: sent.Add(t.Timeout + sleptBeyond)}
	return resp, nil
}

// actionKey marks a context of an action.
type actionKey struct{}

// ForAction returns a context whose requests are all counted as writes, also those
// that only read: an ack that reads the page before it must not wait for the
// reads' share of the allowance.
func ForAction(ctx context.Context) context.Context {
	return context.WithValue(ctx, actionKey{}, true)
}

func ofAction(req *http.Request) bool { return req.Context().Value(actionKey{}) != nil }

// wall returns the time by the wall clock, which goes on while the machine sleeps.
func wall() time.Time { return time.Now().Round(0) }

func (h HTTP) limits(resp *http.Response) (limit, remaining int, reset time.Duration) {
	limit, remaining, reset = -1, -1, -1
	if h.Limits != nil {
		limit, remaining, reset = h.Limits(resp.Header)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		remaining = 0
		if d := RetryAfter(resp.Header, time.Now()); d > 0 {
			reset = d
		}
	}
	return limit, remaining, reset
}

// ErrBodyTooLarge reports an answer longer than MaxBody.
var ErrBodyTooLarge = errors.New("the answer is larger than 32 MiB")

// errSlept reports an answer that is as old as the machine slept.
var errSlept = errors.New("the machine slept before the answer was read")

type cappedBody struct {
	io.ReadCloser
	left int64
	// until is when, by the wall clock, the answer is too old to be one.
	until time.Time
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrBodyTooLarge
	}
	if wall().After(b.until) {
		return 0, errSlept
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}

// RetryAfter reads a Retry-After header, seconds or HTTP date, as a duration
// from now; 0 when absent or past.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// Do sends the request and decodes a 2xx JSON answer into out, which may be
// nil. Anything else is an *oncall.Fault of the given op. ctx's own error comes
// back as it is, so that quitting is never mistaken for a fault.
func (h HTTP) Do(client *http.Client, req *http.Request, op string, out any) (http.Header, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, h.TransportFault(req.Context(), req.Method, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.Header, h.TransportFault(req.Context(), req.Method, op, err)
	}
	if resp.StatusCode/100 != 2 {
		return resp.Header, h.StatusFault(resp, op, body)
	}
	if out == nil {
		return resp.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return resp.Header, &oncall.Fault{
			Kind: oncall.Malformed, Source: h.Source, Op: op, Status: resp.StatusCode,
			Detail: "the answer is not the JSON that was expected: " + err.Error(),
			Fix:    "check that url points at the API itself and not at a login page or proxy", Cause: err,
			Ambiguous: req.Method != http.MethodGet,
		}
	}
	return resp.Header, nil
}

// TransportFault classifies an error of a request that got no whole answer.
func (h HTTP) TransportFault(ctx context.Context, method, op string, err error) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		f.Op = op
		return f
	}
	fault := &oncall.Fault{Kind: oncall.Unavailable, Source: h.Source, Op: op, Cause: err}
	fault.Ambiguous = method != http.MethodGet && !neverSent(err)
	var timeout net.Error
	switch {
	case errors.Is(err, ErrBodyTooLarge):
		fault.Kind, fault.Detail = oncall.Malformed, ErrBodyTooLarge.Error()
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		fault.Detail = "no answer in time"
	default:
		// url.Error repeats the whole address, which may hold a secret.
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err
		}
		fault.Detail = Printable(err.Error(), maxDetail)
	}
	return fault
}

// neverSent reports whether the error shows that no byte of a request left.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || (errors.As(err, &op) && op.Op == "dial")
}

// StatusFault classifies an answer whose status is not 2xx.
func (h HTTP) StatusFault(resp *http.Response, op string, body []byte) error {
	f := &oncall.Fault{
		Source: h.Source, Op: op, Status: resp.StatusCode,
		Detail: errorDetail(resp.Header.Get("Content-Type"), withoutCredential(resp.Request, body)),
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		f.Kind, f.Fix = oncall.Auth, "renew the token of "+h.Source
	case code == http.StatusForbidden:
		f.Kind, f.Fix = oncall.Auth, "give the token of "+h.Source+" this permission"
	case code == http.StatusTooManyRequests:
		f.Kind = oncall.RateLimited
		_, _, f.RetryAfter = h.limits(resp)
		f.RetryAfter = max(0, f.RetryAfter)
	case code >= 500, code == http.StatusRequestTimeout:
		f.Kind = oncall.Unavailable
		f.RetryAfter = RetryAfter(resp.Header, time.Now())
		f.Ambiguous = resp.Request != nil && resp.Request.Method != http.MethodGet
	case code >= 300 && code < 400:
		f.Kind, f.Fix = oncall.Rejected, "check url: the answer was a redirect"
	default:
		f.Kind = oncall.Rejected
	}
	return f
}

// withoutCredential returns body without the request's own credential, because
// debugging proxies and gateways quote the request that they refuse.
func withoutCredential(req *http.Request, body []byte) []byte {
	if req == nil {
		return body
	}
	for _, word := range strings.FieldsFunc(req.Header.Get("Authorization"), func(r rune) bool { return r == ' ' || r == '=' }) {
		// Shorter words are the scheme, such as Bearer, and no credential.
		if len(word) > 6 {
			body = bytes.ReplaceAll(body, []byte(word), []byte("(credential)"))
		}
	}
	return body
}

// errorDetail finds the words in an error body, whatever its shape.
func errorDetail(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.Contains(media, "json") {
		if strings.Contains(media, "html") {
			return "an HTML page instead of an API answer"
		}
		return Printable(string(body), maxDetail)
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return Printable(string(body), maxDetail)
	}
	return Printable(strings.Join(words(v, nil), ": "), maxDetail)
}

// words collects the human parts of an error object, depth first.
func words(v any, out []string) []string {
	switch v := v.(type) {
	case string:
		return append(out, v)
	case []any:
		for _, e := range v {
			out = words(e, out)
		}
	case map[string]any:
		for _, k := range []string{"message", "error", "errors", "error_description", "detail"} {
			if e, ok := v[k]; ok {
				out = words(e, out)
			}
		}
	}
	return out
}

// Printable returns s on one line, without control or format characters, cut
// to n runes. It is for the other side's words inside an error sentence.
func Printable(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if n == 0 {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			r = ' '
		case r == utf8.RuneError, !unicode.IsPrint(r):
			continue
		}
		b.WriteRune(r)
		n--
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
