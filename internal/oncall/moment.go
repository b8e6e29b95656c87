package oncall

import "time"

// MomentKind is what a moment in a page's history was.
type MomentKind string

// The kinds of moment that say who was called and who was on it.
const (
	MomentTriggered    MomentKind = "trigger"
	MomentNotified     MomentKind = "notify"
	MomentAcknowledged MomentKind = "acknowledge"
	MomentSnoozed      MomentKind = "snooze"
	MomentAssigned     MomentKind = "assign"
	MomentEscalated    MomentKind = "escalate"
	MomentResolved     MomentKind = "resolve"
	MomentMerged       MomentKind = "merge"
)

// Moment is one entry of the pager's own history of a page.
type Moment struct {
	// ID is the pager's own, the same for whoever asks.
	ID   string
	Kind MomentKind
	// At is by the pager's clock, so that it too is the same for whoever asks.
	At time.Time
	// Person was notified, or did it; zero when nobody did.
	Person Person
	// Assigned are the people whom the page calls from now on.
	Assigned []Person
	// Channel is how somebody was notified: push, sms, phone, email.
	Channel string
	// Auto is true for an end that no person brought about.
	Auto bool
	// Into is the page that this one became a part of.
	Into Ref
}
