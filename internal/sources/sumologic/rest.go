package sumologic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// call is one call of the API.
type call struct {
	method string
	// path is below the API's version, and begins with a slash.
	path string
	form url.Values
	// body is sent as JSON, nil for none.
	body any
	op   string
}

// again is how often a call is made once more after it was told that there were too
// many: others use the same key, and a search that is under way would be lost. What
// was refused so has begun nothing.
const again = 3

// patient makes a call. It waits, longer each time, while there are too many
// requests; no answer says for how long.
func (s *Source) patient(ctx context.Context, client *http.Client, c call, out any) (http.Header, error) {
	for try, wait := 0, s.o.Poll; ; try, wait = try+1, 2*wait {
		header, err := s.send(ctx, client, c, out)
		f, ok := errors.AsType[*oncall.Fault](err)
		if !ok || f.Kind != oncall.RateLimited || try == again {
			return header, err
		}
		if c.method == http.MethodPost && f.RetryAfter > 0 {
			return header, err // how long is said to whoever began the search
		}
		if err := pause(ctx, max(wait, f.RetryAfter)); err != nil {
			return header, err
		}
	}
}

// send makes a call, at the deployment to which the account belongs, and decodes
// a 2xx answer into out.
func (s *Source) send(ctx context.Context, client *http.Client, c call, out any) (http.Header, error) {
	for {
		base := s.base.Load()
		resp, body, err := s.once(ctx, client, *base, c) //nolint:bodyclose // once has read and closed it
		if err != nil {
			return nil, err
		}
		switch resp.StatusCode / 100 {
		case 2:
			if out == nil {
				return resp.Header, nil
			}
			if json.Unmarshal(body, out) != nil {
				return nil, s.notSumo(c.op)
			}
			return resp.Header, nil
		case 3:
			if err := s.move(base, resp, c.op); err != nil {
				return nil, err
			}
		default:
			return resp.Header, s.refused(resp, c.op, body)
		}
	}
}

func (s *Source) once(ctx context.Context, client *http.Client, base string, c call) (*http.Response, []byte, error) {
	address := base + "/" + s.o.Version + c.path
	if len(c.form) > 0 {
		address += "?" + c.form.Encode()
	}
	var sent io.Reader
	if c.body != nil {
		b, err := json.Marshal(c.body)
		if err != nil {
			return nil, nil, s.fault(oncall.Rejected, c.op, "the question cannot be written as JSON", "")
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address, sent)
	if err != nil {
		return nil, nil, s.fault(oncall.Rejected, c.op, "the address cannot be asked", "check url")
	}
	req.Header.Set("Accept", "application/json")
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, s.http.TransportFault(ctx, http.MethodGet, c.op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, s.http.TransportFault(ctx, http.MethodGet, c.op, err)
	}
	return resp, body, nil
}

// move goes to the deployment that a redirect names, if that is one and this is
// the first time. The credential goes with it.
func (s *Source) move(from *string, resp *http.Response, op string) error {
	to, err := resp.Location()
	if err != nil {
		return s.notSumo(op)
	}
	here, err := url.Parse(*from)
	if err != nil || !deployment(here) || !deployment(to) || here.Host == to.Host || s.moved.Load() {
		f := s.fault(oncall.Rejected, op, "answered with a redirect to "+to.Scheme+"://"+to.Host+", which is not followed", "set url to the API of your deployment, such as "+DefaultURL)
		f.Status = resp.StatusCode
		return f
	}
	base := to.Scheme + "://" + to.Host + here.Path
	if s.base.CompareAndSwap(from, &base) {
		s.moved.Store(true)
	}
	return nil
}

// deployment reports whether an address is one of Sumo Logic's APIs.
func deployment(u *url.URL) bool {
	const domain = ".sumologic.com"
	name, isSumo := strings.CutSuffix(u.Host, domain)
	api, dep, _ := strings.Cut(name, ".")
	known := []string{"", "au", "ca", "de", "eu", "fed", "in", "jp", "kr", "us2", "zrh"}
	return isSumo && u.Scheme == "https" && api == "api" && slices.Contains(known, dep) && !strings.HasSuffix(name, ".")
}

// refused classifies an answer whose status is neither 2xx nor 3xx.
func (s *Source) refused(resp *http.Response, op string, body []byte) error {
	var said struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &said) == nil && said.Message == "" && said.Code != "" {
		body = []byte(`{"message":"` + sources.Printable(said.Code, maxWords) + `"}`)
	}
	err := s.http.StatusFault(resp, op, body)
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		return err
	}
	f.Ambiguous = false // a search changes nothing, whatever its method
	switch f.Status {
	case http.StatusUnauthorized:
		f.Fix = "renew the access key of " + s.o.Name + ", and check that url is the API of its deployment, such as https://api.eu.sumologic.com/api"
	case http.StatusForbidden:
		f.Fix = "give the user of " + s.o.Name + " the capability Download Search Results"
	case http.StatusTooManyRequests:
		f.Fix = "wait, or give " + s.o.Name + " a user of its own: all of a user's keys share 4 requests a second"
	}
	return f
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
