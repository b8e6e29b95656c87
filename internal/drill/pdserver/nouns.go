package pdserver

import "time"

// User is a person of the account.
type User struct {
	ID, Name, Email string
	// TimeZone is an IANA name; empty means UTC.
	TimeZone string
	// Teams are team ids.
	Teams []string
}

// Team is a team of the account.
type Team struct {
	ID, Name string
}

// Service is what incidents are opened on.
type Service struct {
	ID, Name string
	// Policy is the id of its escalation policy.
	Policy string
	// Teams are team ids.
	Teams []string
	// AckTimeout is after how long an acknowledged incident is triggered again,
	// 0 for never.
	AckTimeout time.Duration
	// AutoResolve is after how long an open incident is resolved, 0 for never.
	AutoResolve time.Duration
}

// Policy is an escalation policy. Its rules are its levels, from 1.
type Policy struct {
	ID, Name string
	Teams    []string
	Rules    []Rule
	// Loops is how often the rules are repeated after the last of them.
	Loops int
}

// Rule is one level of a policy: who is called, and how long they have.
type Rule struct {
	Delay time.Duration
	// Users are called always, besides whoever has a shift at this level.
	Users []string
}

// Shift is a person's turn at one level of a policy, through a schedule.
type Shift struct {
	Policy string
	// Level counts from 1.
	Level int
	User  string
	// Schedule is the schedule's name.
	Schedule string
	// Start is inclusive, End exclusive; zero means without end.
	Start, End time.Time
}

// Priority is one of the account's priorities.
type Priority struct {
	ID, Name, Description string
}

// Incident says what to open.
type Incident struct {
	// ID is made up when empty.
	ID             string
	Title, Service string
	// Key is the deduplication key, made up when empty. An incident with the key
	// of an open one on the same service adds its alerts to that one.
	Key string
	// Urgency is high or low; empty means high.
	Urgency string
	// Priority is its name, such as P1; empty for none.
	Priority string
	// At is when it is opened; zero means now.
	At     time.Time
	Alerts []Alert
}

// Alert is one signal behind an incident.
type Alert struct {
	// ID and Key are made up when empty. Title defaults to the incident's.
	ID, Key, Title string
	// Severity is info, warning, error, critical or empty for null.
	Severity string
	// Labels and Annotations are sent the way Alertmanager sends them.
	Labels, Annotations map[string]string
	// Runbook is sent as a link with the text Runbook, if not empty.
	Runbook string
	// Client and ClientURL name the monitor that sent it.
	Client, ClientURL string
	// Details replaces the body's details, whatever its shape, when not nil.
	Details any
}

// Change is a change event: something was deployed or configured.
type Change struct {
	// ID is made up when empty.
	ID string
	// At is when it happened; zero means now.
	At              time.Time
	Summary, Source string
	// Services are service ids.
	Services []string
	Links    []Link
	Details  map[string]any
}

// Link is an address with its words.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// Note is what somebody wrote on an incident.
type Note struct {
	ID, User, Text string
	At             time.Time
}

// State is an incident as it stands, for tests and for a drill's debriefing.
type State struct {
	ID      string
	Number  int
	Title   string
	Service string
	// Status is triggered, acknowledged or resolved.
	Status    string
	Urgency   string
	CreatedAt time.Time
	// ResolvedAt is zero while it is open.
	ResolvedAt time.Time
	// Level is the escalation level that it has reached, from 1.
	Level int
	// Assignees and AckedBy are user ids.
	Assignees, AckedBy []string
	// Priority is its name, and MergedInto the id of the incident that it became a
	// part of; empty for none.
	Priority, MergedInto string
	Notes                []Note
	// Log is what happened, oldest first.
	Log []Happened
}

// Happened is one log entry: its type without "_log_entry", when, who and what.
type Happened struct {
	Kind string
	At   time.Time
	// By is a user or service id.
	By      string
	Summary string
}
