// Package issues files work as issues of a repository on GitHub or of a project on
// GitLab, and reads what became of them. It brings in no news by itself: it is
// asked. An issue is known by the marker at the end of its text, so that one whose
// answer was lost is found and not filed again.
package issues

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// Type says which tracker it is.
type Type string

// The types.
const (
	GitHub Type = "github"
	GitLab Type = "gitlab"
)

const (
	// perPage is the largest page that either gives, and maxPages how far back is
	// read: what was filed is among the newest.
	perPage, maxPages = 100, 5
	// maxTitle and maxText are GitLab's and GitHub's own bounds, the smaller of each.
	maxTitle, maxText = 255, 60 << 10
	// clockSlack is how far the tracker's clock may be behind ours.
	clockSlack = 5 * time.Minute
	// lookBack is how far back a marker is looked for before an issue is opened: for
	// longer than that nothing is filed by itself.
	lookBack = 14 * 24 * time.Hour
)

// Options configure a Source. All but Budget, UserAgent and Transport are needed.
type Options struct {
	// Name is the configured name, for refs and faults.
	Name string
	Type Type
	// URL is the API's base, such as https://api.github.com.
	URL   string
	Token sources.Secret
	// Place is the repository, owner/name, or the project's path or number.
	Place string
	// Budget, UserAgent and Timeout are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Timeout   time.Duration
	// Transport is for tests.
	Transport http.RoundTripper
}

// Source is one repository's or project's issues.
type Source struct {
	opts   Options
	http   sources.HTTP
	client *http.Client
	list   string
}

// New returns a source, or an error that names the option and the fix.
func New(o Options) (*Source, error) {
	o.UserAgent = cmp.Or(o.UserAgent, "conway")
	base := strings.TrimRight(o.URL, "/")
	u, err := url.Parse(base)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%s: url is not the address of an API", o.Name)
	case o.Token == nil:
		return nil, fmt.Errorf("%s: token is missing; set it to {env: NAME}, {file: PATH} or {command: [argv]}", o.Name)
	case o.Place == "":
		return nil, fmt.Errorf("%s: repo or project is missing", o.Name)
	}
	s := &Source{opts: o}
	switch o.Type {
	case GitHub:
		owner, name, ok := strings.Cut(o.Place, "/")
		if !ok || owner == "" || name == "" {
			return nil, fmt.Errorf("%s: repo is %q; write it as owner/name", o.Name, o.Place)
		}
		s.list = base + "/repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name) + "/issues"
	case GitLab:
		s.list = base + "/projects/" + url.PathEscape(o.Place) + "/issues"
	default:
		return nil, fmt.Errorf("%s: type is %q; use github or gitlab", o.Name, o.Type)
	}
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: s.authorize, Budget: o.Budget, Skew: new(sources.Skew),
		Timeout: o.Timeout, Transport: o.Transport, Limits: sources.EpochLimits("X-Ratelimit-"),
	}
	if o.Type == GitLab {
		s.http.Limits = sources.EpochLimits("Ratelimit-")
	}
	s.client = s.http.Client()
	return s, nil
}

// Name implements sources.Source.
func (s *Source) Name() string { return s.opts.Name }

// Run implements sources.Source. It has nothing to say by itself.
func (s *Source) Run(ctx context.Context, _ sources.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *Source) authorize(r *http.Request) error {
	token, err := s.opts.Token(r.Context())
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return err
}

// File implements sources.Filer. It looks for the text's marker before it sends:
// another cockpit of the same person may have filed it a moment ago.
func (s *Source) File(ctx context.Context, title, text string) error {
	ctx = sources.ForAction(ctx)
	const op = "file an issue"
	title = strings.Join(strings.Fields(title), " ")
	if title == "" || len(title) > maxTitle || len(text) > maxText {
		return &oncall.Fault{
			Kind: oncall.Rejected, Source: s.opts.Name, Op: op, Detail: fmt.Sprintf("a title has 1 to %d bytes and a text %d at most", maxTitle, maxText),
			Fix: "shorten it",
		}
	}
	body := map[string]string{"title": title, "body": text}
	if s.opts.Type == GitLab {
		body = map[string]string{"title": title, "description": text}
	}
	there, err := s.standing(ctx, text)
	if err != nil || there {
		return err
	}
	var got issue
	if err := s.do(ctx, op, http.MethodPost, s.list, body, &got); err != nil {
		return s.asFault(err, op, true)
	}
	if got.URL() == "" {
		return &oncall.Fault{
			Kind: oncall.Malformed, Source: s.opts.Name, Op: op, Detail: "the answer names no issue", Fix: "look whether it is there", Ambiguous: true,
		}
	}
	return nil
}

// standing reports whether an issue with the text's marker is there already. Of a
// text without one nothing is known.
func (s *Source) standing(ctx context.Context, text string) (bool, error) {
	_, marker := oncall.SplitMarker(text)
	if marker == "" {
		return false, nil
	}
	all, err := s.Filed(ctx, time.Now().Add(-lookBack))
	if f := oncall.AsFault(err, s.opts.Name, ""); f != nil {
		f.Ambiguous = false // nothing was sent
		return false, f
	}
	return slices.ContainsFunc(all, func(i oncall.Issue) bool { return i.Marker == marker }), nil
}

// Filed implements sources.Filer.
func (s *Source) Filed(ctx context.Context, since time.Time) ([]oncall.Issue, error) {
	ctx = sources.ForAction(ctx)
	const op = "list the issues"
	q := url.Values{"per_page": {strconv.Itoa(perPage)}, "state": {"all"}, "direction": {"desc"}, "sort": {"updated"}}
	after := since.Add(-clockSlack).UTC().Format(time.RFC3339)
	if s.opts.Type == GitLab {
		q = url.Values{"per_page": {strconv.Itoa(perPage)}, "scope": {"all"}, "order_by": {"updated_at"}, "sort": {"desc"}, "updated_after": {after}}
	} else {
		q.Set("since", after)
	}
	var out []oncall.Issue
	for page := 1; page <= maxPages; page++ {
		q.Set("page", strconv.Itoa(page))
		var rows []json.RawMessage
		if err := s.do(ctx, op, http.MethodGet, s.list+"?"+q.Encode(), nil, &rows); err != nil {
			return nil, s.asFault(err, op, false)
		}
		if rows == nil { // null is no list
			return nil, &oncall.Fault{
				Kind: oncall.Malformed, Source: s.opts.Name, Op: op, Detail: "there is no list in the answer",
				Fix: "check that url points at the API itself and not at a login page or proxy",
			}
		}
		for _, row := range rows {
			var i issue
			if json.Unmarshal(row, &i) != nil || len(i.PullRequest) > 0 {
				continue // GitHub lists pull requests among the issues
			}
			if _, marker := oncall.SplitMarker(cmp.Or(i.Body, i.Description)); marker != "" {
				out = append(out, oncall.Issue{Marker: marker, URL: i.URL(), Opened: i.CreatedAt, Closed: i.ended()})
			}
		}
		if len(rows) < perPage {
			break
		}
	}
	return out, nil
}

// do makes one request.
func (s *Source) do(ctx context.Context, op, method, address string, body, out any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return &oncall.Fault{Kind: oncall.Rejected, Source: s.opts.Name, Op: op, Detail: err.Error(), Cause: err}
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(raw))
	if err != nil {
		return &oncall.Fault{Kind: oncall.Rejected, Source: s.opts.Name, Op: op, Detail: err.Error(), Fix: "check url", Cause: err}
	}
	req.Header.Set("Accept", "application/json")
	if s.opts.Type == GitHub {
		req.Header.Set("Accept", "application/vnd.github+json")
		req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	header, err := s.http.Do(s.client, req, op, out)
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		s.http.MendLimited(f, header)
	}
	return err
}

// asFault makes a fault of any error: one that is none is the caller's own
// cancelling.
func (s *Source) asFault(err error, op string, sent bool) *oncall.Fault {
	f := oncall.AsFault(err, s.opts.Name, op)
	if errors.Is(err, context.Canceled) {
		f.Ambiguous = sent
	}
	return f
}

// issue is an issue as either tracker writes it.
type issue struct {
	HTMLURL     string          `json:"html_url"`
	WebURL      string          `json:"web_url"`
	Body        string          `json:"body"`
	Description string          `json:"description"`
	State       string          `json:"state"`
	CreatedAt   time.Time       `json:"created_at"`
	ClosedAt    *time.Time      `json:"closed_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	PullRequest json.RawMessage `json:"pull_request"`
}

// URL returns its address where people read it, empty for one that is none.
func (i issue) URL() string {
	v := cmp.Or(i.HTMLURL, i.WebURL)
	if u, err := url.Parse(v); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return v
}

// ended returns when it was closed, zero while it is open.
func (i issue) ended() time.Time {
	switch {
	case i.State != "closed":
		return time.Time{}
	case i.ClosedAt != nil:
		return *i.ClosedAt
	}
	return i.UpdatedAt
}

var (
	_ sources.Source = (*Source)(nil)
	_ sources.Filer  = (*Source)(nil)
)
