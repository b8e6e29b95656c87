package main

import (
	"strings"

	"conway/internal/config"
	"conway/internal/documents"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/owners"
)

// Who says whose code a service is, besides the files of package owners, and how
// far that can be believed.
const (
	ownerSourceConfig = "config"
	ownerSourceLabels = "alert labels"

	ownerByConfig = 1.0
	ownerByLabels = 0.9
	ownerByPager  = 0.2
)

// ownership says whose code a page's service is.
type ownership struct {
	book owners.Book
	// labels are those that name an owner, nil where they name who is called.
	labels []string
	// faults are what of the files cannot be used.
	faults []error
}

// owner is a team and who says so.
type owner struct {
	team, source string
	confidence   float64
	// guessed is true where only the pager's own team is known.
	guessed bool
}

// ownershipOf reads every file of owners that the config names.
func ownershipOf(cfg config.Config) ownership {
	var o ownership
	if cfg.Labels.TeamMeans == config.TeamOwns {
		if o.labels = cfg.Labels.Team; len(o.labels) == 0 {
			o.labels = []string{"team", "owner"}
		}
	}
	var files []documents.File
	for _, one := range readAll("owners.files", cfg.Owners.Files, documents.MaxFile) {
		if one.err != nil {
			o.faults = append(o.faults, one.err)
			continue
		}
		files = append(files, documents.File{Name: one.path, Data: one.data})
	}
	book, faults := owners.Read(files, func(address string) string { return teamOf(cfg, address) })
	o.book = book
	for _, f := range faults {
		o.faults = append(o.faults, f)
	}
	return o
}

// teamOf returns the team of a person of the config, empty for unknown.
func teamOf(cfg config.Config, address string) string {
	for name, person := range cfg.People {
		if strings.EqualFold(name, strings.TrimSpace(address)) {
			return person.Team
		}
	}
	return ""
}

// owned is a service as the book is asked about it.
func owned(s follow.Service) owners.Service {
	return owners.Service{Named: s.Named, PagerDuty: s.PagerDuty, Repos: s.Repos}
}

// of returns whose code a page's service is: by the config, the labels of its
// alerts, the files of teams, and at last as a guess by whom the pager wakes. The
// first that says anything decides, also where it says that nobody owns it.
func (o ownership) of(s follow.Service, p oncall.Page, labels map[string]string) owner {
	if s.OwnerSource == ownerSourceConfig {
		return owner{s.Owner, s.OwnerSource, s.OwnerConfidence, false}
	}
	for _, name := range o.labels {
		if team := labels[name]; team != "" {
			return owner{team, ownerSourceLabels, ownerByLabels, false}
		}
	}
	if s.OwnerSource != "" {
		return owner{s.Owner, s.OwnerSource, s.OwnerConfidence, false}
	}
	if p.Service.ID != "" {
		s.PagerDuty = append([]string{p.Service.ID}, s.PagerDuty...)
	}
	if claim, ok := o.book.Of(owned(s)); ok {
		return owner{claim.Team, string(claim.Source), claim.Source.Confidence(), false}
	}
	// Whom the pager wakes is not whose code it is: it is kept as a guess, which
	// congruence leaves out.
	if len(p.Teams) > 0 {
		return owner{p.Teams[0], p.Ref.Source, ownerByPager, true}
	}
	return owner{}
}
