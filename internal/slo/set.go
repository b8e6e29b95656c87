package slo

import "strings"

// The labels by which alerts name the SLO that they are of.
const (
	labelService = "sloth_service"
	labelSLO     = "sloth_slo"
	labelID      = "sloth_id"
	labelPyrra   = "slo"
)

// Set is all that is promised. It is read-only once made.
type Set struct{ objectives []Objective }

// NewSet returns the set of these objectives.
func NewSet(objectives []Objective) Set { return Set{objectives} }

// Objectives returns all of them, in the order in which they were read.
func (s Set) Objectives() []Objective { return s.objectives }

// Spent returns the objective whose budget an alert with these labels spends, and
// whether they name one. One that no file describes is asked for through Sloth's
// rules; known is false where there are none of those either.
func (s Set) Spent(labels map[string]string) (o Objective, named, known bool) {
	service, name := labels[labelService], labels[labelSLO]
	for _, o := range s.objectives {
		if service != "" && o.Service == service && o.Name == name || labels[labelID] != "" && labels[labelID] == o.Service+"-"+o.Name {
			return o, true, true
		}
	}
	if service != "" && name != "" {
		return Objective{Name: name, Service: service, Format: Recorded}, true, true
	}
	name = labels[labelPyrra]
	for _, pyrra := range []bool{true, false} {
		for _, o := range s.objectives {
			if name != "" && o.Name == name && (o.Format == Pyrra) == pyrra {
				return o, true, true
			}
		}
	}
	return Objective{Name: name}, name != "", false
}

// Of returns the objectives of a service, which named recognises by any of its
// names.
func (s Set) Of(named func(string) bool) []Objective {
	var out []Objective
	for _, o := range s.objectives {
		if named(o.Service) || o.Service == "" && (named(o.Labels["service"]) || named(o.Labels["app"]) || named(o.Labels["job"])) {
			out = append(out, o)
		}
	}
	return out
}

// ID names an objective among those of all services. Sloth's names are unique
// within a service only, and its own id has both.
func (o Objective) ID() string {
	if (o.Format == Sloth || o.Format == Recorded) && !strings.HasPrefix(o.Name, o.Service) {
		return o.Service + "-" + o.Name
	}
	return o.Name
}

// Same reports whether two values are the same objective.
func (o Objective) Same(p Objective) bool { return o.Service == p.Service && o.Name == p.Name }
