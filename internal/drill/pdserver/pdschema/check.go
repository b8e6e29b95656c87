package pdschema

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Wrap returns a handler that checks every request to next and every answer of
// it, and reports what is wrong. The report may come from any goroutine.
func (s *Schema) Wrap(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			report(fmt.Errorf("%s %s: read the request: %w", r.Method, r.URL.Path, err))
		}
		in, err := s.request(r, body)
		if err != nil {
			report(fmt.Errorf("request %s %s: %w", r.Method, r.URL.RequestURI(), err))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := &capture{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		if in == nil {
			return // an unknown endpoint, which has been reported
		}
		if err := s.answer(r.Context(), in, rec); err != nil {
			report(fmt.Errorf("answer %d to %s %s: %w", rec.status, r.Method, r.URL.RequestURI(), err))
		}
	})
}

type capture struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (c *capture) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (c *capture) Write(p []byte) (int, error) {
	c.body.Write(p)
	return c.ResponseWriter.Write(p) //nolint:wrapcheck // a pass-through
}

func (s *Schema) request(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	rt, params, err := s.find(r)
	if err != nil {
		return nil, err
	}
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: rt,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			// The description marks ids read-only that its own requests send.
			ExcludeReadOnlyValidations: true,
			SkipSettingDefaults:        true,
			IncludeResponseStatus:      true,
		},
	}
	if err := checkHeaders(r, rt); err != nil {
		return in, err
	}
	for name := range r.URL.Query() {
		if rt.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return in, fmt.Errorf("the parameter %q is not in the description", name)
		}
	}
	if len(body) == 0 && rt.Operation.RequestBody != nil {
		return in, fmt.Errorf("a body is missing")
	}
	return in, openapi3filter.ValidateRequest(r.Context(), in) //nolint:wrapcheck // wrapped by the caller
}

// checkHeaders is stricter than the library, which passes over Accept and does
// not know what an email address is.
func checkHeaders(r *http.Request, rt *routers.Route) error {
	if a := r.Header.Get("Accept"); a != "application/vnd.pagerduty+json;version=2" {
		return fmt.Errorf("the Accept header is %q", a)
	}
	if rt.Operation.Parameters.GetByInAndName(openapi3.ParameterInHeader, "From") != nil {
		if _, err := mail.ParseAddress(r.Header.Get("From")); err != nil {
			return fmt.Errorf("the From header %q: %w", r.Header.Get("From"), err)
		}
	}
	return nil
}

func (s *Schema) answer(ctx context.Context, in *openapi3filter.RequestValidationInput, rec *capture) error {
	if in.Route.Operation.Responses.Status(rec.status) == nil {
		// 401, 404 and 429 are not listed for every operation.
		return checkError(rec)
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.status, Header: rec.Header(), Options: in.Options,
	}
	out.SetBodyBytes(rec.body.Bytes())
	if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
		return err //nolint:wrapcheck // wrapped by the caller
	}
	var v any
	if err := json.Unmarshal(rec.body.Bytes(), &v); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	media := in.Route.Operation.Responses.Status(rec.status).Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	if extra := unknown(media.Schema.Value, v, ""); len(extra) > 0 {
		return fmt.Errorf("not in the description: %s", strings.Join(extra, ", "))
	}
	return nil
}

// checkError checks the one shape that all errors have.
func checkError(rec *capture) error {
	var body struct {
		Error *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(rec.body.Bytes(), &body); err != nil {
		return fmt.Errorf("read the error: %w", err)
	}
	if rec.status < http.StatusBadRequest || body.Error == nil || body.Error.Message == "" {
		return fmt.Errorf("status %d is not in the description, and the body is not an error", rec.status)
	}
	return nil
}
