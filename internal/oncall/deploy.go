package oncall

import "time"

// DeployStatus is how a deploy went.
type DeployStatus uint8

// The states of a deploy.
const (
	DeployUnknown DeployStatus = iota
	DeployRunning
	DeploySucceeded
	DeployFailed
	DeployRolledBack
)

// String returns the status in a word.
func (s DeployStatus) String() string {
	switch s {
	case DeployRunning:
		return "running"
	case DeploySucceeded:
		return "success"
	case DeployFailed:
		return "failed"
	case DeployRolledBack:
		return "rolled back"
	case DeployUnknown:
	}
	return "unknown"
}

// MarshalText makes statuses words in JSON.
func (s DeployStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote; a word it does not know becomes
// DeployUnknown.
func (s *DeployStatus) UnmarshalText(b []byte) error {
	*s = DeployUnknown
	for _, v := range []DeployStatus{DeployRunning, DeploySucceeded, DeployFailed, DeployRolledBack} {
		if v.String() == string(b) {
			*s = v
		}
	}
	return nil
}

// Deploy is one change that reached an environment.
type Deploy struct {
	Ref Ref `json:"ref"`
	// Repo is "owner/name" or the path of a local repository.
	Repo string `json:"repo,omitempty"`
	// Service is the service by the sender's own name, empty when it gave none.
	Service     string `json:"service,omitempty"`
	Environment string `json:"environment,omitempty"`
	Version     string `json:"version,omitempty"`
	Commit      string `json:"commit,omitempty"`
	Author      string `json:"author,omitempty"`
	// Team is the team whose change it is. TeamSource says in a few words how that is
	// known of the files it changed, or why it is not; it is empty where the sender said
	// it, or nobody looked.
	Team       string       `json:"team,omitempty"`
	TeamSource string       `json:"team_source,omitempty"`
	Title      string       `json:"title,omitempty"`
	Status     DeployStatus `json:"status"`
	// Kind is deploy, config, flag, hotfix or rollback.
	Kind string `json:"kind,omitempty"`
	// Checks is passed, failed, none or unknown: what had tested the change.
	Checks string `json:"checks,omitempty"`
	// StartedAt may be zero. FinishedAt is zero while it runs.
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	URL        string    `json:"url,omitempty"`
}

// When returns the moment that counts on a time axis: the end, or the start of
// a deploy that is still running.
func (d Deploy) When() time.Time {
	if d.FinishedAt.IsZero() {
		return d.StartedAt
	}
	return d.FinishedAt
}
