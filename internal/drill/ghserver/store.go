package ghserver

import (
	"errors"
	"fmt"
	"slices"
)

// Bounds of what a server holds, far above what a drill needs.
const (
	maxRepos       = 100
	maxDeployments = 1000
	maxStatuses    = 100
	maxRuns        = 1000
	maxCompares    = 1000
)

// ErrUnknown reports a repository or deployment that has not been added.
var ErrUnknown = errors.New("there is no such repository or deployment")

// AddRepo makes a repository known, "owner/name". Without one every path below
// it is answered with 404.
func (s *Server) AddRepo(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repos[name] == nil && len(s.repos) >= maxRepos {
		return fmt.Errorf("add repository %s: the server holds %d already", name, maxRepos)
	}
	if s.repos[name] == nil {
		s.repos[name] = &repo{compares: map[string]comparison{}}
	}
	return nil
}

// AddDeployment adds a deployment and returns its id. Of the deployments of one
// repository the newest 1000 are kept.
func (s *Server) AddDeployment(name string, d Deployment) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[name]
	if r == nil {
		return 0, fmt.Errorf("add deployment to %s: %w", name, ErrUnknown)
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = s.o.Now()
	}
	if d.Task == "" {
		d.Task = "deploy"
	}
	if d.Environment == "" {
		d.Environment = "production"
	}
	if d.ID == 0 {
		s.lastID++
		d.ID = s.lastID
	}
	s.lastID = max(s.lastID, d.ID)
	r.deployments = append(r.deployments, &deployment{Deployment: d, id: d.ID, updated: d.CreatedAt})
	slices.SortStableFunc(r.deployments, func(a, b *deployment) int { return a.CreatedAt.Compare(b.CreatedAt) })
	r.deployments = tail(r.deployments, maxDeployments)
	return d.ID, nil
}

// AddStatus adds a status to a deployment. A success makes the earlier
// successful deployments to the same environment inactive, as on GitHub.
func (s *Server) AddStatus(name string, id int64, st Status) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[name]
	d := r.find(id)
	if d == nil {
		return fmt.Errorf("add status to %s deployment %d: %w", name, id, ErrUnknown)
	}
	if st.CreatedAt.IsZero() {
		st.CreatedAt = s.o.Now()
	}
	s.addStatus(d, st)
	if st.State != "success" || d.Transient {
		return nil
	}
	for _, older := range r.deployments {
		if older != d && older.Environment == d.Environment && !older.CreatedAt.After(d.CreatedAt) && older.state() == "success" {
			s.addStatus(older, Status{State: "inactive", CreatedAt: st.CreatedAt})
		}
	}
	return nil
}

func (s *Server) addStatus(d *deployment, st Status) {
	s.lastID++
	d.statuses = tail(append(d.statuses, status{st, s.lastID}), maxStatuses)
	d.updated = st.CreatedAt
}

// AddRun adds a workflow run.
func (s *Server) AddRun(name string, run Run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[name]
	if r == nil {
		return fmt.Errorf("add workflow run to %s: %w", name, ErrUnknown)
	}
	if run.StartedAt.IsZero() {
		run.StartedAt = s.o.Now()
	}
	if run.UpdatedAt.IsZero() {
		run.UpdatedAt = run.StartedAt
	}
	r.runs = tail(append(r.runs, run), maxRuns)
	return nil
}

// SetCompare says which commits, oldest first, lie between two, and at which paths
// they changed files.
func (s *Server) SetCompare(name, base, head string, commits []Commit, files ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[name]
	if r == nil || len(r.compares) >= maxCompares {
		return fmt.Errorf("set comparison in %s: %w", name, ErrUnknown)
	}
	r.compares[base+"..."+head] = comparison{slices.Clone(commits), slices.Clone(files)}
	return nil
}

func (r *repo) find(id int64) *deployment {
	if r == nil {
		return nil
	}
	for _, d := range r.deployments {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (d *deployment) state() string {
	if len(d.statuses) == 0 {
		return ""
	}
	return d.statuses[len(d.statuses)-1].State
}

func tail[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }
