package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"conway/internal/oncall"
)

// page is an answer that is kept for as long as GitHub says it has not changed.
type page struct {
	etag string
	rows []json.RawMessage
	next string
}

// list reads one page of a bare array. A page that has not changed since it was
// read comes from pages.
func (s *Source) list(ctx context.Context, op, address string, pages map[string]page) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, &oncall.Fault{Kind: oncall.Rejected, Source: s.Name(), Op: op, Detail: "the address cannot be asked", Cause: err}
	}
	old, kept := pages[address]
	if kept && old.etag != "" {
		req.Header.Set("If-None-Match", old.etag)
	}
	var rows []json.RawMessage
	header, err := s.do(req, op, &rows)
	if f, ok := errors.AsType[*oncall.Fault](err); ok && f.Status == http.StatusNotModified && kept {
		return old, nil
	}
	if err != nil {
		return page{}, err
	}
	if rows == nil {
		return page{}, s.malformed(op)
	}
	p := page{etag: header.Get("ETag"), rows: rows, next: s.nextPage(header)}
	pages[address] = p
	return p, nil
}

func (s *Source) malformed(op string) error {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.Name(), Op: op, Detail: "there is no list in the answer",
		Fix: "check that url points at the API itself and not at a login page or proxy",
	}
}

// do sends a request and mends the fault: GitHub says 403 for a rate limit and
// 404 for a missing permission.
func (s *Source) do(req *http.Request, op string, out any) (http.Header, error) {
	header, err := s.http.Do(s.client, req, op, out)
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		return header, err
	}
	switch f.Status {
	case http.StatusNotFound:
		f.Detail = "not found, or the token may not see it"
		f.Fix = "check the name, and that the token of " + s.Name() + " may read deployments of it"
	case http.StatusForbidden, http.StatusTooManyRequests:
		if !s.http.MendLimited(f, header) && header.Get("X-Github-Sso") != "" {
			f.Fix = "authorise the token of " + s.Name() + " for the organisation's single sign-on"
		}
	}
	return header, err
}

// nextPage returns the address of the next page from the Link header (RFC 8288),
// empty when there is none or it is on another host, where the credential must
// not go.
func (s *Source) nextPage(h http.Header) string {
	for link := range strings.SplitSeq(h.Get("Link"), ",") {
		target, params, ok := strings.Cut(strings.TrimSpace(link), ">")
		if !ok || !strings.HasPrefix(target, "<") || !strings.Contains(params, `rel="next"`) {
			continue
		}
		base, err := url.Parse(s.base)
		if err != nil {
			return ""
		}
		next, err := base.Parse(target[1:])
		if err != nil || next.Scheme != base.Scheme || next.Host != base.Host || next.User != nil {
			return ""
		}
		return next.String()
	}
	return ""
}
