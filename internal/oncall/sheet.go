package oncall

import (
	"slices"
	"time"
)

// Sheet is what whoever is on call next has to know besides the open pages.
type Sheet struct {
	// Unreviewed are the commands that somebody typed and nobody has looked at
	// since, the newest first.
	Unreviewed []StepRun `json:"unreviewed"`
	// FollowUps are those that are open, the oldest first.
	FollowUps []FollowUp `json:"follow_ups"`
	// Watch are the alerts to look out for, the most frequent first.
	Watch []Watch `json:"watch"`
	// Silences are those that a source has, the next to end first.
	Silences []Silence `json:"silences"`
	// Missing says what could not be read.
	Missing []string `json:"missing,omitempty"`
}

// FollowUp is work that a page asked for.
type FollowUp struct {
	ID string `json:"id"`
	// Page is the page that asked for it, zero for none.
	Page   Ref       `json:"page,omitzero"`
	Team   string    `json:"team,omitempty"`
	Text   string    `json:"text,omitempty"`
	URL    string    `json:"url,omitempty"`
	Opened time.Time `json:"opened"`
}

// Issue is where a follow-up or a recommendation is tracked.
type Issue struct {
	// Marker is the one at the end of its text; see [Action.Marker].
	Marker string
	URL    string
	Opened time.Time
	// Closed is zero while it is open.
	Closed time.Time
}

// Watch is an alert that ended lately and had fired more than once.
type Watch struct {
	Title   string `json:"title"`
	Service string `json:"service"`
	// Fired is how many pages it opened within the sheet's time.
	Fired int `json:"fired"`
	// Ended is when the last of them ended.
	Ended time.Time `json:"ended"`
	// Deploys are the recent ones of its service, the newest first.
	Deploys []Deploy `json:"deploys,omitempty"`
}

// Silence is what keeps alerts from paging for a time.
type Silence struct {
	// Source is the configured name of the source that has it.
	Source string    `json:"source"`
	What   string    `json:"what"`
	By     string    `json:"by,omitempty"`
	Why    string    `json:"why,omitempty"`
	Until  time.Time `json:"until"`
}

// Lapse is a page that will call again by itself, and when.
type Lapse struct {
	Page Page
	At   time.Time
}

// Lapses returns the pages that are quiet for now and will call again, the next
// first.
func Lapses(pages []Page) []Lapse {
	var out []Lapse
	for _, p := range pages {
		for _, e := range p.Pending {
			if e.Kind == "unacknowledge" {
				out = append(out, Lapse{p, e.At})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Lapse) int { return a.At.Compare(b.At) })
	return out
}
