package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"conway/internal/oncall"
)

const (
	// accept is the version that this package speaks.
	accept = "application/vnd.pagerduty+json;version=2"
	// pageLimit is the largest page that lists give.
	pageLimit = 100
	// maxReach is how far offset and limit may go together.
	maxReach = 10_000
)

// get reads one JSON object.
func (s *Source) get(ctx context.Context, op, path string, q url.Values) (*object, error) {
	return s.call(ctx, op, http.MethodGet, path, q, "", nil)
}

// call makes one request whose answer is a JSON object. Path begins with a slash
// and does not end with one: PagerDuty does not know such paths.
func (s *Source) call(ctx context.Context, op, method, path string, q url.Values, from string, body any) (*object, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, s.fault(oncall.Rejected, op, err.Error(), "")
	}
	if body == nil {
		raw = nil
	}
	address := s.base + path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return nil, s.fault(oncall.Rejected, op, err.Error(), "check url")
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Content-Type", "application/json") // PagerDuty wants it on reads too
	if from != "" {
		req.Header.Set("From", from)
	}
	var fields map[string]json.RawMessage
	h, err := s.http.Do(s.client, req, op, &fields)
	if h != nil {
		s.quota.observe(h)
	}
	if err != nil {
		return nil, err
	}
	return newObject(fields, s.http.Skew), nil
}

// malformed is the fault of an answer that lacks what was asked for.
func (s *Source) malformed(op, what string) *oncall.Fault {
	return s.fault(oncall.Malformed, op, "the answer has no "+what,
		"check that url points at the API itself and not at a login page or proxy")
}

// items is a list as far as it was read.
type items struct {
	objects []*object
	// complete is false when the list went on, or held something that is no
	// object.
	complete bool
}

// list reads a classic list, page by page, at most maxPages of them.
func (s *Source) list(ctx context.Context, op, path, key string, q url.Values, maxPages int) (items, error) {
	out := items{complete: true}
	offset := 0
	for n := 0; ; n++ {
		if n == maxPages || offset+pageLimit > maxReach {
			out.complete = false
			return out, nil
		}
		q.Set("limit", strconv.Itoa(pageLimit))
		q.Set("offset", strconv.Itoa(offset))
		o, err := s.get(ctx, op, path, q)
		if err != nil {
			return items{}, err
		}
		raw, ok := o.elements(key)
		if !ok {
			return items{}, s.malformed(op, "list of "+key)
		}
		for _, r := range raw {
			if e, ok := parse(r, s.http.Skew); ok {
				out.objects = append(out.objects, e)
			} else {
				out.complete = false
			}
		}
		// A server may give smaller pages than it was asked for.
		step := pageLimit
		if l := o.integer("limit"); l > 0 && l < pageLimit {
			step = l
		}
		if !o.boolean("more") || len(raw) == 0 {
			return out, nil
		}
		offset += step
	}
}

// incidentPath is the path of an incident, or of what belongs to it. It refuses
// an id that PagerDuty cannot have given.
func (s *Source) incidentPath(op, id, rest string) (string, error) {
	if !isID(id) {
		return "", s.fault(oncall.Rejected, op, fmt.Sprintf("%.40q is not the id of an incident", id), "refresh the list")
	}
	return "/incidents/" + id + rest, nil
}

// isID reports whether an id can be part of a path as it is.
func isID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return id != "" && len(id) <= maxID
}
