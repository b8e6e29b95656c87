package splunk

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"conway/internal/oncall"
)

// request is one call of the API.
type request struct {
	client *http.Client
	method string
	// path is below the base, and begins with a slash.
	path string
	form url.Values
	op   string
}

// send makes a call and returns its answer, whose status is 2xx, or a fault. With
// a session that has ended it logs in once and calls again, and no more often:
// Splunk locks accounts.
func (s *Source) send(ctx context.Context, r request) (*http.Response, error) {
	for again := false; ; again = true {
		if err := s.login(ctx); err != nil {
			return nil, err
		}
		key := s.key.Load()
		resp, err := s.once(ctx, r)
		f, ok := errors.AsType[*oncall.Fault](err)
		if !ok || f.Status != http.StatusUnauthorized || !s.o.Session {
			return resp, err
		}
		s.key.CompareAndSwap(key, nil)
		if again {
			return nil, err
		}
	}
}

func (s *Source) once(ctx context.Context, r request) (*http.Response, error) {
	address, body := s.base+r.path, io.Reader(nil)
	if r.method == http.MethodPost {
		body = strings.NewReader(r.form.Encode())
	} else if len(r.form) > 0 {
		address += "?" + r.form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, s.fault(oncall.Rejected, r.op, "the address cannot be asked", "check url")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, s.broken(ctx, r.op, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as it is wanted; nothing is left to lose
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, s.broken(ctx, r.op, err)
	}
	return nil, s.refused(resp, r.op, said)
}

// refused classifies an answer whose status is not 2xx.
func (s *Source) refused(resp *http.Response, op string, body []byte) error {
	words := wordsOf(resp.Header.Get("Content-Type"), body)
	if words != "" {
		body = []byte(words)
		resp.Header.Set("Content-Type", "text/plain")
	}
	err := s.http.StatusFault(resp, op, body)
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		return err
	}
	f.Ambiguous = false // a search changes nothing, whatever its method
	switch {
	case f.Status == http.StatusUnauthorized && s.o.Token == nil:
		f.Fix = "correct the user and password of " + s.o.Name
	case f.Status == http.StatusForbidden:
		f.Fix = "give the user of " + s.o.Name + " the capability to search"
	case f.Status == http.StatusNotFound && words == "":
		f.Fix = "check that url points at the management port, 8089 unless it was changed, and not at the web port"
	case overQuota(words) && f.Kind != oncall.Auth:
		f.Kind, f.Fix = oncall.RateLimited, "wait until another search of this user has ended"
	}
	return f
}

// overQuota reports whether Splunk's words say that too many searches run. There
// is no status of its own for that.
func overQuota(words string) bool {
	words = strings.ToLower(words)
	return strings.Contains(words, "maximum number of concurrent") || strings.Contains(words, "concurrency quota") ||
		strings.Contains(words, "concurrent searches")
}

// broken classifies an error of a call that got no whole answer.
func (s *Source) broken(ctx context.Context, op string, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return s.fault(oncall.Unavailable, op, errSilent.Error(), "")
	}
	err = s.http.TransportFault(ctx, http.MethodGet, op, err)
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		if _, untrusted := errors.AsType[*tls.CertificateVerificationError](f.Cause); untrusted {
			f.Fix = "give the certificate of the authority that signed Splunk's as ca"
		}
	}
	return err
}

// read makes a call and decodes its answer into out, unless there is none yet.
func (s *Source) read(ctx context.Context, r request, out any) (status int, err error) {
	r.client = s.client
	resp, err := s.send(ctx, r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, s.broken(ctx, r.op, err)
	}
	if resp.StatusCode == http.StatusNoContent || out == nil {
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return 0, s.notSplunk(r.op)
	}
	return resp.StatusCode, nil
}

// notSplunk is the fault of an answer that is none of Splunk's API.
func (s *Source) notSplunk(op string) error {
	return s.fault(oncall.Malformed, op, "the answer is not one of Splunk's API",
		"check that url points at the management port, 8089 unless it was changed, and not at a login page or proxy")
}

// versioned makes a call to the newer of two endpoints, or to the older one where
// there is no newer. The older one is read with GET, as Splunk had it.
func (s *Source) versioned(ctx context.Context, r request, send func(context.Context, request) error) error {
	path, method := r.path, r.method
	for {
		old := s.old.Load()
		r.path, r.method = "/search/v2"+path, http.MethodPost
		if old {
			r.path, r.method = "/search"+path, method
		}
		err := send(ctx, r)
		if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Status != http.StatusNotFound || unknownJob(f) {
			return err
		}
		if old {
			// Nor is there the older one: perhaps a proxy was in the way.
			s.old.Store(false)
			return err
		}
		s.old.Store(true)
	}
}

// unknownJob reports whether a 404 is of a job and not of an endpoint.
func unknownJob(f *oncall.Fault) bool {
	return strings.Contains(strings.ToLower(f.Detail), "unknown sid")
}

// message is what Splunk says beside an answer.
type message struct {
	Type string `json:"type" xml:"type,attr"`
	Text string `json:"text" xml:",chardata"`
}

// fatal reports whether the search has failed.
func (m message) fatal() bool { return m.Type == "FATAL" || m.Type == "ERROR" }

// partial reports whether a warning says that not all was searched.
func (m message) partial() bool {
	text := strings.ToLower(m.Text)
	return m.Type == "WARN" && (strings.Contains(text, "incomplete") || strings.Contains(text, "truncated") || strings.Contains(text, "partial"))
}

// wordsOf finds Splunk's words in an error body, JSON or XML; empty when it holds
// none.
func wordsOf(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	var said struct {
		Messages []message `json:"messages" xml:"messages>msg"`
	}
	switch {
	case strings.Contains(media, "json"):
		err = json.Unmarshal(body, &said)
	case strings.Contains(media, "xml"):
		err = xml.NewDecoder(bytes.NewReader(body)).Decode(&said)
	}
	if err != nil {
		return ""
	}
	return joined(said.Messages)
}

func joined(messages []message) string {
	var out []string
	for _, m := range messages {
		if t := strings.TrimSpace(m.Text); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "; ")
}

// errSilent ends a stream in which nothing has come for too long.
var errSilent = errors.New("no answer in time")

// watchdog ends a context unless it is patted.
type watchdog struct {
	limit time.Duration
	timer *time.Timer
	end   context.CancelCauseFunc
}

func watch(ctx context.Context, limit time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watchdog{limit: limit, end: cancel, timer: time.AfterFunc(limit, func() { cancel(errSilent) })}
}

func (w *watchdog) pat() { w.timer.Reset(w.limit) }

// heard is a body whose every byte shows that the other side is not silent.
type heard struct {
	io.Reader

	dog *watchdog
}

// Read reads what has come.
func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.dog.pat()
	}
	return n, err
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.end(nil)
}
