package splunk

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"conway/internal/oncall"
)

const opLogin = "log in"

// authorize sets the credential on a request. A session key was fetched by login
// before; the login itself has none.
func (s *Source) authorize(r *http.Request) error {
	if s.o.Session {
		if key := s.key.Load(); key != nil && !strings.HasSuffix(r.URL.Path, loginPath) {
			r.Header.Set("Authorization", "Splunk "+*key)
		}
		return nil
	}
	secret := s.o.Token
	if secret == nil {
		secret = s.o.Password
	}
	v, err := secret(r.Context())
	if err != nil {
		return err
	}
	v = strings.TrimSpace(v)
	if s.o.Token != nil {
		r.Header.Set("Authorization", "Bearer "+v)
	} else {
		r.SetBasicAuth(s.o.User, v)
	}
	return nil
}

const loginPath = "/services/auth/login"

// login fetches a session key if one is used and there is none.
func (s *Source) login(ctx context.Context) error {
	if !s.o.Session || s.key.Load() != nil {
		return nil
	}
	s.signing.Lock()
	defer s.signing.Unlock()
	if s.key.Load() != nil {
		return nil
	}
	password, err := s.o.Password(ctx)
	if err != nil {
		f := s.fault(oncall.Auth, "read the credential", err.Error(), "")
		f.Cause = err
		return f
	}
	password = strings.TrimSpace(password)
	root, _, _ := strings.Cut(s.base, "/services")
	form := url.Values{"username": {s.o.User}, "password": {password}, "output_mode": {"json"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, root+loginPath, strings.NewReader(form.Encode()))
	if err != nil {
		return s.fault(oncall.Rejected, opLogin, "the address cannot be asked", "check url")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.client.Do(req)
	if err != nil {
		return s.broken(ctx, opLogin, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end below; nothing is left to lose
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return s.broken(ctx, opLogin, err)
	}
	if resp.StatusCode/100 != 2 {
		return s.refused(resp, opLogin, without(body, password))
	}
	var answer struct {
		SessionKey string `json:"sessionKey"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.SessionKey == "" {
		return s.notSplunk(opLogin)
	}
	s.key.Store(&answer.SessionKey)
	return nil
}

// without returns body without the password, plain or as a form has it, because
// debugging proxies quote the request that they refuse.
func without(body []byte, password string) []byte {
	for _, p := range []string{password, url.QueryEscape(password)} {
		if p != "" {
			body = bytes.ReplaceAll(body, []byte(p), []byte("(credential)"))
		}
	}
	return body
}
