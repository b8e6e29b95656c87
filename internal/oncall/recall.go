package oncall

import "time"

// Recall is what the ledger knows that helps the person at this screen.
type Recall struct {
	// Pages are the open pages of which there is something to say.
	Pages map[Ref]PageRecall
	// Untagged are the person's own pages of last night without a verdict, in the
	// order in which they came; none before that night is over.
	Untagged []Untagged
}

// Untagged is a page that nobody has judged yet.
type Untagged struct {
	Page  Ref
	Title string
	At    time.Time
	// Team is whose code it was, empty for nobody's, and Suspect the deploy that can
	// be confirmed, empty for none.
	Team, Suspect string
}

// PageRecall is what the ledger knows of one page.
type PageRecall struct {
	// Line are the few clauses worth saying once the page is acknowledged, the most
	// telling first.
	Line []string
	// Deploy is the one that Line names, zero for none.
	Deploy Ref
	// Left is what somebody left for this alert, nil for nothing.
	Left *Left
}

// Left is a line that was left for next time.
type Left struct {
	At   time.Time
	Line string
	// Command is the last that ended well in that incident, empty for none.
	Command string
}
