package oncall

import "time"

// Ref names one thing in one source: a page, a deploy. It is comparable, and it
// is how every selection and every action names its target.
type Ref struct {
	// Source is the configured name of the source, such as "pd".
	Source string `json:"source"`
	// ID is the source's own identifier.
	ID string `json:"id"`
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String returns "source/id".
func (r Ref) String() string { return r.Source + "/" + r.ID }

// Status is where a page stands in its life.
type Status uint8

// The states of a page. StatusUnknown is an answer this version cannot name; it
// is shown as it came and never treated as resolved.
const (
	StatusUnknown Status = iota
	Triggered
	Acknowledged
	Resolved
)

// String returns the status in PagerDuty's words.
func (s Status) String() string {
	switch s {
	case Triggered:
		return "triggered"
	case Acknowledged:
		return "acknowledged"
	case Resolved:
		return "resolved"
	case StatusUnknown:
	}
	return "unknown"
}

// MarshalText makes statuses words in JSON.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote; a word it does not know becomes
// StatusUnknown.
func (s *Status) UnmarshalText(b []byte) error {
	*s = StatusUnknown
	for _, v := range []Status{Triggered, Acknowledged, Resolved} {
		if v.String() == string(b) {
			*s = v
		}
	}
	return nil
}

// Urgency is how loudly a page asks.
type Urgency uint8

// The urgencies. The zero value is high: what is not known to be quiet is loud.
const (
	High Urgency = iota
	Low
)

// String returns "high" or "low".
func (u Urgency) String() string {
	if u == Low {
		return "low"
	}
	return "high"
}

// MarshalText makes urgencies words in JSON.
func (u Urgency) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what MarshalText wrote; a word it does not know becomes
// High.
func (u *Urgency) UnmarshalText(b []byte) error {
	*u = High
	for _, v := range []Urgency{Low} {
		if v.String() == string(b) {
			*u = v
		}
	}
	return nil
}

// Person is somebody a pager knows.
type Person struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// Service is the pager's own service a page belongs to. Package follow joins it
// to the names that other systems use.
type Service struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Acknowledgement is one person's word that they are on it.
type Acknowledgement struct {
	By Person    `json:"by"`
	At time.Time `json:"at"`
}

// Escalation is what the pager will do by itself if nobody acts.
type Escalation struct {
	// Kind is escalate, unacknowledge, resolve or urgency_change.
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}

// Page is one incident somebody is or was woken for.
type Page struct {
	Ref       Ref       `json:"ref"`
	Number    int       `json:"number,omitempty"`
	Title     string    `json:"title"`
	Status    Status    `json:"status"`
	Urgency   Urgency   `json:"urgency"`
	Priority  string    `json:"priority,omitempty"`
	Service   Service   `json:"service"`
	Teams     []string  `json:"teams,omitempty"`
	PolicyID  string    `json:"policy_id,omitempty"`
	Policy    string    `json:"policy,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Assignees are the people it currently calls, in the pager's order.
	Assignees []Person          `json:"assignees,omitempty"`
	Acks      []Acknowledgement `json:"acknowledgements,omitempty"`
	// Pending is what the pager will do by itself, soonest first.
	Pending []Escalation `json:"pending,omitempty"`
	// Alerts is how many alerts it groups.
	Alerts int    `json:"alerts,omitempty"`
	URL    string `json:"url,omitempty"`
	// Key is the deduplication key: equal for the same alert firing again.
	Key string `json:"key,omitempty"`
	// Mine is true when it is assigned to the person at this screen.
	Mine bool `json:"mine"`
	// NoAck is true where the pager has no acknowledgements: Acks are then known to
	// conway's cockpits alone, and the pager goes on calling.
	NoAck bool `json:"no_ack,omitempty"`
	// Odd names fields of the answer that could not be read; the row is kept
	// and marked rather than dropped.
	Odd []string `json:"odd,omitempty"`
}

// Open reports whether the page still needs somebody.
func (p Page) Open() bool { return p.Status != Resolved }

// NextEscalation returns when the pager will wake the next person if nobody
// acknowledges, and whether it will at all.
func (p Page) NextEscalation() (time.Time, bool) {
	for _, e := range p.Pending {
		if e.Kind == "escalate" {
			return e.At, true
		}
	}
	return time.Time{}, false
}

// Link is an address with its words.
type Link struct {
	URL  string `json:"url"`
	Text string `json:"text,omitempty"`
}

// Alert is one of the signals that a page groups.
type Alert struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Status   string `json:"status"`
	Severity string `json:"severity,omitempty"`
	// Description says more than the title, in as many lines as its author wrote;
	// empty for nothing.
	Description string            `json:"description,omitempty"`
	At          time.Time         `json:"at"`
	Labels      map[string]string `json:"labels,omitempty"`
	Links       []Link            `json:"links,omitempty"`
}

// Note is what somebody wrote on a page.
type Note struct {
	ID   string    `json:"id"`
	By   Person    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// LogEntry is one line of the pager's own history of a page.
type LogEntry struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	By   string    `json:"by,omitempty"`
	Text string    `json:"text"`
}

// History is how often the same alert fired before, and what helped.
type History struct {
	// Count is how many earlier pages had the same alert within Window.
	Count  int           `json:"count"`
	Window time.Duration `json:"window"`
	// Last is when the most recent of them began, zero for none.
	Last time.Time `json:"last,omitzero"`
	// Fix is the last note left on it, empty when nobody wrote one.
	Fix string `json:"fix,omitempty"`
}

// PageDetail is what a pager knows about a page beyond its row.
type PageDetail struct {
	Alerts []Alert    `json:"alerts"`
	Notes  []Note     `json:"notes"`
	Log    []LogEntry `json:"log"`
	// Labels are the alerts' labels, merged: only those on which all agree.
	Labels map[string]string `json:"labels,omitempty"`
	// Runbook is the runbook link found on the page, empty for none.
	Runbook string `json:"runbook,omitempty"`
	// History is nil until the source has answered the question.
	History *History `json:"history,omitempty"`
}

// Shift is one person's turn at one level of an escalation policy.
type Shift struct {
	PolicyID string `json:"policy_id"`
	Policy   string `json:"policy"`
	// Level counts from 1, who is called first.
	Level  int    `json:"level"`
	Person Person `json:"person"`
	// Start and End are zero for a permanent assignment.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

// Roster is who is on call and who comes after.
type Roster struct {
	// Me is the person at this screen, zero when the pager does not say.
	Me Person `json:"me"`
	// Shifts are current and coming turns, ordered by policy, level and start.
	Shifts []Shift `json:"shifts"`
}

// Covers reports whether the shift is running at t.
func (s Shift) Covers(t time.Time) bool {
	return !t.Before(s.Start) && (s.End.IsZero() || t.Before(s.End))
}
