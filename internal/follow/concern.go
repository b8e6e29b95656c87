package follow

import (
	"cmp"

	"conway/internal/oncall"
)

// The points of suspicion for how a deploy's service relates to the page's, by
// the ledger's attribution score.
const (
	SameService      = 40
	DirectDependency = 25
	TwoHops          = 10
	Unrelated        = 0
)

// concern is how a deploy relates to a service.
type concern struct {
	points int
	why    string
	// key names the service that was deployed, for counting its deploys.
	key string
}

// Concerns says how a deploy relates to a service in points of suspicion, 40
// for the same service, 25 for a direct dependency, 10 for one two hops away or
// in the same cluster and namespace, 0 for none; and why, in words.
func (m Map) Concerns(d oncall.Deploy, s Service) (relation int, why string) {
	c := m.concern(d, s)
	return c.points, c.why
}

func (m Map) concern(d oncall.Deploy, s Service) concern {
	if m.belongs(d, s) {
		return concern{SameService, "same service", plain(s.Name)}
	}
	for _, name := range s.DependsOn {
		if dep := m.orNamed(name); m.belongs(d, dep) {
			return concern{DirectDependency, "direct dependency", plain(dep.Name)}
		}
	}
	for _, name := range s.DependsOn {
		for _, further := range m.orNamed(name).DependsOn {
			if dep := m.orNamed(further); m.belongs(d, dep) {
				return concern{TwoHops, "dependency two hops away", plain(dep.Name)}
			}
		}
	}
	for _, other := range m.services {
		if !m.belongs(d, other) {
			continue
		}
		if s.neighbours(other) {
			return concern{TwoHops, "same cluster and namespace", plain(other.Name)}
		}
		return concern{Unrelated, "another service", plain(other.Name)}
	}
	return concern{Unrelated, "another service", cmp.Or(plain(d.Service), repoName(d.Repo))}
}

// orNamed returns the service of this name, or one of which only the name is
// known.
func (m Map) orNamed(name string) Service {
	if s, ok := m.Service(name); ok {
		return s
	}
	return Service{Name: name}
}

// Deployed returns the service that a deploy changed, and whether there is one.
func (m Map) Deployed(d oncall.Deploy) (Service, bool) {
	for _, s := range m.services {
		if m.belongs(d, s) {
			return s, true
		}
	}
	return Service{}, false
}

// belongs reports whether the deploy is one of the service. The sender's own
// name for it counts before the repository, which several services may share.
func (m Map) belongs(d oncall.Deploy, s Service) bool {
	if s.Named(d.Service) {
		return true
	}
	if d.Service != "" {
		for _, other := range m.services {
			if other.Named(d.Service) {
				return false
			}
		}
	}
	return s.lives(d.Repo)
}
