package elasticsearch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"conway/internal/oncall"
)

// store is what is known of the other side.
type store struct {
	// openSearch tells OpenSearch from Elasticsearch.
	openSearch bool
	// noPoint is true where points in time are not known.
	noPoint bool
	// timeField is the field of the lines' times.
	timeField string
}

// timeFields are the usual names of the field of a line's time.
func timeFields() []string {
	return []string{"@timestamp", "timestamp", "time", "ts", "Timestamp", "_time"}
}

// know returns what is known of the other side, and asks for it the first time.
func (s *Source) know(ctx context.Context, op string) (store, error) {
	s.mu.Lock()
	known := s.store
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	st, err := s.flavour(ctx, op)
	if err != nil {
		return st, err
	}
	found := true
	if st.timeField = s.o.TimeField; st.timeField == "" {
		if st.timeField, err = s.findTime(ctx, op); err != nil {
			return st, err
		}
		if found = st.timeField != ""; !found {
			st.timeField = timeFields()[0]
		}
	}
	if found {
		s.mu.Lock()
		s.store = &st
		s.mu.Unlock()
	}
	return st, nil
}

// withoutPoint remembers that points in time are not known.
func (s *Source) withoutPoint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		st := *s.store
		st.noPoint = true
		s.store = &st
	}
}

// flavour asks which of the two products it is. A credential that may only
// search is refused that, which says nothing.
func (s *Source) flavour(ctx context.Context, op string) (store, error) {
	var info struct {
		Version struct {
			Number       string `json:"number"`
			Distribution string `json:"distribution"`
		} `json:"version"`
	}
	err := s.call(ctx, op, http.MethodGet, "/", nil, nil, &info)
	if f, ok := errors.AsType[*oncall.Fault](err); ok && (f.Status == http.StatusForbidden || f.Status == http.StatusNotFound) {
		return store{}, nil
	}
	if err != nil {
		return store{}, err
	}
	if info.Version.Number == "" {
		return store{}, s.malformed(op)
	}
	return store{openSearch: info.Version.Distribution == "opensearch"}, nil
}

// findTime asks which of the usual fields holds times, and returns none when
// there is none, because there is no index yet.
func (s *Source) findTime(ctx context.Context, op string) (string, error) {
	params := tolerant()
	params.Set("fields", strings.Join(timeFields(), ","))
	var caps struct {
		Fields map[string]map[string]struct{} `json:"fields"`
	}
	if err := s.call(ctx, op, http.MethodGet, s.o.Index+"/_field_caps", params, nil, &caps); err != nil {
		return "", err
	}
	if caps.Fields == nil {
		return "", s.malformed(op)
	}
	for _, name := range timeFields() {
		types := caps.Fields[name]
		if _, ok := types["date"]; ok {
			return name, nil
		}
		if _, ok := types["date_nanos"]; ok {
			return name, nil
		}
	}
	return "", nil
}

// tolerant are the parameters by which a pattern may match nothing.
func tolerant() url.Values {
	return url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}
}
