package report

import "time"

// Facts are what the ledger knows, in any order. A corrected record has taken
// the place of the one it corrects.
type Facts struct {
	People        []Person
	Incidents     []Incident
	Notifications []Notification
	Acks          []Ack
	Releases      []Release
	Merges        []Merge
	Verdicts      []Verdict
	Deploys       []Deploy
	Attributions  []Attribution
	Runs          []Run
	FollowUps     []FollowUp
	Recommends    []Recommendation
	Budgets       []Budget
	Decisions     []Decision
	// Contested holds the incidents whose row team disputes them.
	Contested []string
	// Wishes are what people said of what is recorded of them.
	Wishes Wishes
	// Known is how many incidents the ledger holds, and Teams are teams that it names,
	// where the facts are those of one period only; see Reading.
	Known int
	Teams []string
}

// Person is somebody in a rotation, under a pseudonym.
type Person struct {
	ID   string
	Team string
	// Stays are the zones they lived in, each from a moment on; the first one holds
	// before it too. Travel is another stay, never the server's zone.
	Stays []Stay
	// Sleep and Work are their hours; zero means 22:00 to 08:00 every day, and
	// 08:00 to 18:00 from Monday to Friday.
	Sleep, Work Hours
}

// Stay is the zone in which somebody lives from a moment on.
type Stay struct {
	From time.Time
	Zone *time.Location
}

// Incident is one incident as the pager knows it, before merges.
type Incident struct {
	ID      string
	Service string
	// Fingerprint names the same alert over all its incidents.
	Fingerprint string
	Title       string
	// Owner is the team whose code the service is, empty for nobody's, and
	// OwnerGuessed is true when only the pager's own team says so: that is the
	// column, so such an incident is left out of congruence.
	Owner        string
	OwnerGuessed bool
	// Test is true for a planned test page or a maintenance: it counts nowhere.
	Test bool
	// Major is true when somebody declared it so.
	Major bool
}

// Channel is how somebody was notified.
type Channel string

// The channels. Only those that wake somebody interrupt.
const (
	Push  Channel = "push"
	SMS   Channel = "sms"
	Phone Channel = "phone"
	Email Channel = "email"
	Chat  Channel = "chat"
)

// wakes reports whether the channel interrupts a person.
func (c Channel) wakes() bool { return c != Email && c != Chat }

// Notification is one call of one person.
type Notification struct {
	Incident string
	Person   string
	Channel  Channel
	At       time.Time
}

// Ack is the moment from which a person was at it.
type Ack struct {
	Incident string
	Person   string
	At       time.Time
}

// Reason is why a person was released from an incident.
type Reason string

// The reasons.
const (
	Resolved Reason = "resolved"
	Handoff  Reason = "handoff"
	Snoozed  Reason = "snooze"
	Unacked  Reason = "unacked"
)

// Release is the end of an incident for one person, or for everybody when
// Person is empty.
type Release struct {
	Incident string
	Person   string
	At       time.Time
	Reason   Reason
	// Auto is true when the incident ended by itself.
	Auto bool
}

// Merge says that an incident became part of another one.
type Merge struct {
	Incident, Into string
	At             time.Time
}

// Worth is what a person said an incident was worth.
type Worth string

// The values of a verdict.
const (
	Needed Worth = "needed"
	Wait   Worth = "wait"
	Noise  Worth = "noise"
)

// Verdict is what the responder said of a root incident.
type Verdict struct {
	Incident    string
	Worth       Worth
	Preventable bool
	At          time.Time
}

// Deploy is one change of a service in production.
type Deploy struct {
	ID      string
	Service string
	// Team wrote it.
	Team string
	// Kind is deploy, config, flag, hotfix or rollback; Checks is passed, failed,
	// none or unknown.
	Kind, Checks string
	At           time.Time
}

// rework reports whether the deploy was made because of an incident.
func (d Deploy) rework() bool { return d.Kind == "hotfix" || d.Kind == "rollback" }

// unchecked reports whether it went out without checks that passed.
func (d Deploy) unchecked() bool { return d.Checks == "none" || d.Checks == "failed" }

// Attribution is what a person said of the deploy that preceded an incident.
type Attribution struct {
	Incident, Deploy string
	// Likely is true when the suspicion was shown as likely before the judgement.
	Likely bool
	// Confirmed is the judgement; an incident without any is not in the list.
	Confirmed bool
}

// Run is one use of a runbook.
type Run struct {
	Runbook, Incident string
	At                time.Time
	Spent             time.Duration
}

// FollowUp is work that an incident asked a team for.
type FollowUp struct {
	ID, Incident, Team string
	// Text is what is to be done, and URL where it is tracked, as far as is known.
	Text, URL      string
	Opened, Closed time.Time
}

// open reports whether it was open at t.
func (f FollowUp) open(t time.Time) bool {
	return !f.Opened.After(t) && (f.Closed.IsZero() || f.Closed.After(t))
}

// Recommendation is advice that was sent to a team, such as an SLO.
type Recommendation struct {
	ID, Service, Team string
	Sent, Answered    time.Time
}

// open reports whether it was unanswered at t.
func (r Recommendation) open(t time.Time) bool {
	return !r.Sent.After(t) && (r.Answered.IsZero() || r.Answered.After(t))
}

// Budget is what one incident took of an SLO's error budget.
type Budget struct {
	Incident, SLO string
	// Share is the part of the whole budget, 0.26 for 26 %.
	Share float64
	// Estimated is true when it was weighted by time and not by events.
	Estimated bool
	// From and To bound the incident on the SLO, for splitting what overlaps.
	From, To time.Time
}

// Decision is what was decided upon an earlier report.
type Decision struct {
	Text, By string
	At       time.Time
}
