package pdschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// place is where the description is kept, relative to the folder above the
// repository's.
const place = "shared/contracts/schemas/pagerduty-rest-openapiv3.json"

// ErrAbsent reports that the description is not on this machine. A test that
// needs it skips.
var ErrAbsent = errors.New("PagerDuty's OpenAPI description is not beside the repository at ../" + place)

// Schema is the part of the description that conway and pdserver use.
type Schema struct {
	doc    *openapi3.T
	routes []route
}

type route struct {
	parts []string
	route routers.Route
}

// paths are the endpoints that are checked; a request to any other is a fault.
func paths() []string {
	return []string{
		"/incidents", "/incidents/{id}", "/incidents/{id}/alerts", "/incidents/{id}/notes",
		"/incidents/{id}/log_entries", "/incidents/{id}/snooze", "/incidents/{id}/merge", "/priorities", "/oncalls", "/users/me", "/users",
		"/services", "/teams", "/escalation_policies", "/change_events", "/services/{id}/change_events",
	}
}

// Find loads the description from beside the repository that the working
// directory is in, or returns ErrAbsent.
func Find() (*Schema, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil, errors.New("find the repository: no go.mod above the working directory")
		}
		dir = up
	}
	file := filepath.Join(filepath.Dir(dir), filepath.FromSlash(place))
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil, ErrAbsent
	}
	return Load(file)
}

// Load reads the description from a file.
func Load(file string) (*Schema, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	if err := d.correct(); err != nil {
		return nil, err
	}
	small, err := d.pruned(paths())
	if err != nil {
		return nil, fmt.Errorf("prune the description: %w", err)
	}
	if raw, err = json.Marshal(small); err != nil {
		return nil, fmt.Errorf("prune the description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("load the description: %w", err)
	}
	s := &Schema{doc: doc}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			s.routes = append(s.routes, route{strings.Split(path, "/"), routers.Route{
				Spec: doc, Path: path, PathItem: item, Method: method, Operation: op,
			}})
		}
	}
	return s, nil
}

// find returns the operation of a request and the parameters in its path. A
// literal path wins over one with a parameter: /users/me is not a user's id.
func (s *Schema) find(r *http.Request) (*routers.Route, map[string]string, error) {
	parts := strings.Split(r.URL.Path, "/")
	var best *routers.Route
	var params map[string]string
	for i := range s.routes {
		rt := &s.routes[i]
		p, ok := rt.match(parts)
		if ok && rt.route.Method == r.Method && (best == nil || len(p) < len(params)) {
			best, params = &rt.route, p
		}
	}
	if best == nil {
		return nil, nil, fmt.Errorf("%s %s is not in the description", r.Method, r.URL.Path)
	}
	return best, params, nil
}

func (rt *route) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(rt.parts) {
		return nil, false
	}
	params := map[string]string{}
	for i, p := range rt.parts {
		if name, ok := strings.CutPrefix(p, "{"); ok && parts[i] != "" {
			params[strings.TrimSuffix(name, "}")] = parts[i]
		} else if p != parts[i] {
			return nil, false
		}
	}
	return params, true
}
