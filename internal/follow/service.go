package follow

import (
	"path"
	"strings"
)

// Service is one service under all the names that different systems use.
type Service struct {
	// Name is the service's own name, unique.
	Name string
	// Owner is the team whose code it is, empty if unknown.
	Owner string
	// OwnerSource says who says so, and OwnerConfidence how far that can be believed,
	// from 0 to 1. With a source and no owner the code is nobody's on purpose.
	OwnerSource     string
	OwnerConfidence float64
	// PagerDuty are the pager's ids of the service.
	PagerDuty []string
	// Labels are how alerts, metrics and logs name it.
	Labels map[string]string
	// Repos are "owner/name" or paths of local repositories.
	Repos []string
	// DependsOn are names of services that it calls.
	DependsOn []string
	// Runbooks are paths of its runbooks.
	Runbooks []string
}

// Named reports whether other systems call the service by this name: its own, or
// that of a label which names services.
func (s Service) Named(name string) bool {
	n := plain(name)
	if n == "" {
		return false
	}
	if n == plain(s.Name) {
		return true
	}
	for k, v := range s.Labels {
		if namesService(k) && n == plain(v) {
			return true
		}
	}
	return false
}

// lives reports whether the service's code is in the repository. A local one is
// configured by its path and reported by its folder's name. A service for which
// none is configured is expected in one of its own name.
func (s Service) lives(repo string) bool {
	if repo == "" {
		return false
	}
	for _, r := range s.Repos {
		if repoName(r) == repoName(repo) || path.IsAbs(r) && path.Base(repoName(r)) == repoName(repo) {
			return true
		}
	}
	return len(s.Repos) == 0 && s.Named(path.Base(repoName(repo)))
}

// Writes reports whether the origin of a log line, such as /var/log/checkout.log, is
// the service's own by its last name: it holds the service's name.
func Writes(service, origin string) bool {
	return service != "" && strings.Contains(strings.ToLower(path.Base(origin)), strings.ToLower(service))
}

// neighbours reports whether two services share a cluster and a namespace.
func (s Service) neighbours(t Service) bool {
	for _, k := range []string{"cluster", "namespace"} {
		if s.Labels[k] == "" || s.Labels[k] != t.Labels[k] {
			return false
		}
	}
	return true
}

// namesService reports whether a label's value is a service's name by custom.
func namesService(label string) bool {
	switch label {
	case "service", "service_name", "app", "application", "job", "app.kubernetes.io/name":
		return true
	}
	return false
}

// plain makes names comparable that differ in case and separators only.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '/':
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// repoName makes names of repositories comparable.
func repoName(repo string) string {
	return strings.TrimSuffix(strings.TrimRight(strings.ToLower(repo), "/"), ".git")
}
