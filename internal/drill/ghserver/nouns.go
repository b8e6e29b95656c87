package ghserver

import "time"

// Deployment is one deployment. Zero fields get what GitHub would put there.
type Deployment struct {
	// ID is chosen by the server when zero.
	ID          int64
	SHA         string
	Ref         string
	Task        string
	Environment string
	Description string
	// Payload is an object or a string, nil for an empty object.
	Payload any
	Creator string
	// CreatedAt is now when zero.
	CreatedAt time.Time
	// Transient marks a preview.
	Transient bool
}

// Status is one status of a deployment.
type Status struct {
	// State is error, failure, inactive, in_progress, queued, pending or success.
	State       string
	Description string
	LogURL      string
	// CreatedAt is now when zero.
	CreatedAt time.Time
}

// Run is one workflow run.
type Run struct {
	Name, SHA, Branch, Event string
	// Status is queued, in_progress or completed; Conclusion is empty until
	// completed.
	Status, Conclusion string
	// StartedAt and UpdatedAt are now when zero.
	StartedAt, UpdatedAt time.Time
}

// Commit is one commit of a comparison.
type Commit struct {
	SHA, Message, Author string
	At                   time.Time
}

type deployment struct {
	Deployment
	id       int64
	updated  time.Time
	statuses []status
}

type status struct {
	Status
	id int64
}

type repo struct {
	deployments []*deployment // oldest first
	runs        []Run         // oldest first
	compares    map[string]comparison
}

// comparison is what lies between two commits.
type comparison struct {
	commits []Commit
	files   []string
}

const timeFormat = "2006-01-02T15:04:05Z"

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

func user(login string) map[string]any {
	if login == "" {
		return nil // GitHub says null for accounts that are gone
	}
	return map[string]any{"login": login, "type": "User"}
}

func (d *deployment) json(repoURL string) map[string]any {
	payload := d.Payload
	if payload == nil {
		payload = map[string]any{}
	}
	self := repoURL + "/deployments/" + itoa(d.id)
	return map[string]any{
		"id": d.id, "node_id": "DE_" + itoa(d.id), "url": self, "sha": d.SHA, "ref": d.Ref, "task": d.Task,
		"environment": d.Environment, "original_environment": d.Environment, "description": d.Description,
		"payload": payload, "creator": user(d.Creator), "created_at": stamp(d.CreatedAt), "updated_at": stamp(d.updated),
		"statuses_url": self + "/statuses", "repository_url": repoURL,
		"transient_environment": d.Transient, "production_environment": !d.Transient,
	}
}

func (s status) json(d *deployment, repoURL string) map[string]any {
	return map[string]any{
		"id": s.id, "state": s.State, "description": s.Description, "environment": d.Environment, "creator": user(d.Creator),
		"target_url": s.LogURL, "log_url": s.LogURL, "environment_url": "", "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.CreatedAt),
		"deployment_url": repoURL + "/deployments/" + itoa(d.id), "repository_url": repoURL,
	}
}

func (r Run) json(id int) map[string]any {
	var conclusion any
	if r.Conclusion != "" {
		conclusion = r.Conclusion
	}
	return map[string]any{
		"id": id, "name": r.Name, "display_title": r.Name, "head_sha": r.SHA, "head_branch": r.Branch, "event": r.Event,
		"status": r.Status, "conclusion": conclusion, "run_number": id, "run_attempt": 1,
		"created_at": stamp(r.StartedAt), "run_started_at": stamp(r.StartedAt), "updated_at": stamp(r.UpdatedAt), "pull_requests": []any{},
	}
}

func (c Commit) json() map[string]any {
	author := map[string]any{"name": c.Author, "date": stamp(c.At)}
	return map[string]any{
		"sha": c.SHA, "author": user(c.Author),
		"commit": map[string]any{"message": c.Message, "author": author, "committer": author},
	}
}
