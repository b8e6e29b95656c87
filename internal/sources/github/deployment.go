package github

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"conway/internal/oncall"
)

// shortSHA is how much of a commit's hash git shows.
const shortSHA = 7

// deployment is GitHub's own, as far as it is of use.
type deployment struct {
	ID          string
	NodeID      string          `json:"node_id"`
	SHA         string          `json:"sha"`
	Ref         string          `json:"ref"`
	Task        string          `json:"task"`
	Environment string          `json:"environment"`
	Description string          `json:"description"`
	Payload     json.RawMessage `json:"payload"`
	Creator     struct {
		Login string `json:"login"`
	} `json:"creator"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
	Transient bool   `json:"transient_environment"`
	// past marks one that is only there to compare a later one with.
	past bool
}

// lenient decodes as much of a JSON object as fits. It returns false for
// anything that is no object.
func lenient(row json.RawMessage, out any) bool {
	if len(row) == 0 || row[0] != '{' {
		return false
	}
	err := json.Unmarshal(row, out)
	_, wrongType := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || wrongType
}

// readDeployment decodes one row. A field of a wrong type is left empty; the row
// is not lost for it.
func readDeployment(row json.RawMessage) (deployment, bool) {
	// The id apart: a number in the documentation, kept as text here.
	var id struct {
		ID json.Number `json:"id"`
	}
	var d struct {
		ID json.RawMessage `json:"id"`
		deployment
	}
	if !lenient(row, &d) {
		return deployment{}, false
	}
	if lenient(row, &id) {
		d.deployment.ID = id.ID.String()
	}
	return d.deployment, true
}

// id returns what names the deployment, whatever is missing.
func (d deployment) id() string {
	switch {
	case d.ID != "":
		return d.ID
	case d.NodeID != "":
		return d.NodeID
	}
	return d.SHA + "@" + d.CreatedAt
}

func (d deployment) created() time.Time { return parseTime(d.CreatedAt) }

// parseTime returns the zero time for what is none.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// state is one status of a deployment.
type state struct {
	State          string `json:"state"`
	Description    string `json:"description"`
	LogURL         string `json:"log_url"`
	TargetURL      string `json:"target_url"`
	EnvironmentURL string `json:"environment_url"`
	CreatedAt      string `json:"created_at"`
}

// newestState returns the newest status that says how the deployment went.
// GitHub itself adds "inactive" to a deployment once a newer one succeeds, which
// says nothing of how this one had gone.
func newestState(rows []json.RawMessage) state {
	var out state
	for _, row := range rows { // newest first
		var st state
		if !lenient(row, &st) {
			continue
		}
		if st.State != "inactive" {
			return st
		}
		if out.State == "" {
			out = st
		}
	}
	return out
}

func (s state) terminal() bool {
	switch s.State {
	case "success", "failure", "error", "inactive":
		return true
	}
	return false
}

func (s state) status() oncall.DeployStatus {
	switch s.State {
	case "success":
		return oncall.DeploySucceeded
	case "failure", "error":
		return oncall.DeployFailed
	case "in_progress", "queued", "pending":
		return oncall.DeployRunning
	}
	return oncall.DeployUnknown
}

// url returns the first address that leads to more about the deployment.
func (s state) url() string {
	for _, a := range []string{s.LogURL, s.TargetURL, s.EnvironmentURL} {
		if u, err := url.Parse(a); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
			return a
		}
	}
	return ""
}

// deploy maps a deployment and its outcome.
func (s *Source) deploy(repo string, d deployment, k known) oncall.Deploy {
	extra := readPayload(d.Payload)
	if extra.Team == "" {
		extra.Team = k.author.team
	} else {
		k.author.why = ""
	}
	out := oncall.Deploy{
		Ref: oncall.Ref{Source: s.Name(), ID: d.id()}, Repo: repo, TeamSource: k.author.why,
		Service: extra.Service, Team: extra.Team, Environment: d.Environment,
		Version: version(d, extra), Commit: d.SHA[:min(len(d.SHA), shortSHA)],
		Author: d.Creator.Login, Title: d.Description,
		Status: k.state.status(), Kind: kind(d), Checks: k.checks,
		StartedAt: s.http.Skew.Here(d.created()), URL: k.state.url(),
	}
	if out.Title == "" {
		out.Title = strings.TrimSpace(d.Task + " " + d.Ref)
	}
	if out.Status == oncall.DeploySucceeded || out.Status == oncall.DeployFailed {
		out.FinishedAt = s.http.Skew.Here(parseTime(k.state.CreatedAt))
	}
	if out.URL == "" {
		out.URL = s.commitURL(repo, d.SHA)
	}
	return out
}

// commitURL returns the web page of a commit, next to the API that was asked:
// https://host/api/v3 is https://host, and api.github.com is github.com.
func (s *Source) commitURL(repo, sha string) string {
	if sha == "" {
		return ""
	}
	web := strings.TrimSuffix(s.base, "/api/v3")
	if s.base == DefaultURL {
		web = "https://github.com"
	}
	return web + "/" + repo + "/commit/" + url.PathEscape(sha)
}

// kind says what a deployment was, from its task and description.
func kind(d deployment) string {
	words := strings.ToLower(d.Task + " " + d.Description)
	for _, k := range []struct{ word, kind string }{
		{"rollback", "rollback"},
		{"roll back", "rollback"},
		{"rolled back", "rollback"},
		{"rolling back", "rollback"},
		{"revert", "rollback"},
		{"hotfix", "hotfix"},
		{"feature flag", "flag"},
	} {
		if strings.Contains(words, k.word) {
			return k.kind
		}
	}
	switch strings.ToLower(d.Task) {
	case "config", "flag":
		return strings.ToLower(d.Task)
	}
	return "deploy"
}
