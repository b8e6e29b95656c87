package drill

import (
	"strings"
	"time"

	"conway/internal/drill/pdserver"
)

// The people of every drill. The domain is one that can never exist (RFC 2606).
const (
	meID     = "PUSRANA"
	secondID = "PUSRBEN"
	thirdID  = "PUSRCHI"
	teamID   = "PTEAMDR"
	policyID = "PPOLDRL"

	meEmail = "ana@drill.invalid"
	// shiftEnd is the hour at which the night's turn ends.
	shiftEnd = 9
)

// people returns the users, by whom a page is called first.
func people() []pdserver.User {
	return []pdserver.User{
		{ID: meID, Name: "Ana", Email: meEmail, Teams: []string{teamID}},
		{ID: secondID, Name: "Ben", Email: "ben@drill.invalid", Teams: []string{teamID}},
		{ID: thirdID, Name: "Chi", Email: "chi@drill.invalid", Teams: []string{teamID}},
	}
}

// nameOf returns the name of a user, or the id of anybody else.
func nameOf(id string) string {
	for _, u := range people() {
		if u.ID == id {
			return u.Name
		}
	}
	return id
}

// account is the PagerDuty account of a scenario.
func account(s *Scenario, p pace, token, webURL string) pdserver.Options {
	delay := p.wall(s.EscalateAfter)
	o := pdserver.Options{
		Now: p.now, Token: token, Me: meID, WebURL: webURL,
		Users: people(),
		Teams: []pdserver.Team{{ID: teamID, Name: "On-call"}},
		Policies: []pdserver.Policy{{
			ID: policyID, Name: "Production on-call", Teams: []string{teamID},
			Rules: []pdserver.Rule{{Delay: delay}, {Delay: delay}, {Delay: delay, Users: []string{thirdID}}},
		}},
		Shifts: shifts(p.start),
		Priorities: []pdserver.Priority{
			{ID: "PPRIOD1", Name: "P1", Description: "customers cannot buy"},
			{ID: "PPRIOD2", Name: "P2", Description: "customers notice"},
			{ID: "PPRIOD3", Name: "P3", Description: "only we notice"},
		},
	}
	for _, v := range s.Services {
		o.Services = append(o.Services, pdserver.Service{
			ID: pagerID(v.Name), Name: v.Name, Policy: policyID, Teams: []string{teamID},
		})
	}
	return o
}

// shifts is Ana's turn, which ends at nine, and the one after it, where she and
// Ben change places. A drill that begins in the hour before nine is in a turn that
// has a day to go.
func shifts(start time.Time) []pdserver.Shift {
	end := time.Date(start.Year(), start.Month(), start.Day(), shiftEnd, 0, 0, 0, start.Location())
	if !end.After(start.Add(time.Hour)) {
		end = end.AddDate(0, 0, 1)
	}
	begin, next := end.AddDate(0, 0, -2), end.AddDate(0, 0, 1)
	return []pdserver.Shift{
		{Policy: policyID, Level: 1, User: meID, Schedule: "Primary", Start: begin, End: end},
		{Policy: policyID, Level: 1, User: secondID, Schedule: "Primary", Start: end, End: next},
		{Policy: policyID, Level: 2, User: secondID, Schedule: "Secondary", Start: begin, End: end},
		{Policy: policyID, Level: 2, User: meID, Schedule: "Secondary", Start: end, End: next},
	}
}

// pagerID is the pager's id of a service.
func pagerID(service string) string {
	return "PSVC" + strings.ToUpper(strings.NewReplacer("-", "", ".", "", "_", "").Replace(service))
}
