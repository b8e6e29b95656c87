package oncall

import "time"

// Nights is what the ledger counts for the person at this screen. What is of one
// person is of that person only; everything else is of teams that may be named.
type Nights struct {
	// From and To bound what is counted.
	From, To time.Time
	// SleepPages woke the person, in Spoilt nights, and took Lost of their sleep
	// windows. Weeks are the sleep pages of each week, the oldest first.
	SleepPages, Spoilt int
	Lost               time.Duration
	Weeks              []int
	// Cells are sleep pages: whose code by row, whose sleep by column.
	Rows, Columns []string
	Cells         [][]int
	// Repeats are the alerts that paged more than once, the most frequent first.
	Repeats []Repeat
	// Asked are the follow-ups that are still open, the oldest first.
	Asked []Asked
}

// Repeat is an alert that pages again and again.
type Repeat struct {
	Title, Team string
	Times       int
	// Asked is how long the oldest open follow-up is open, negative for none.
	Asked time.Duration
}

// Asked is work that somebody asked a team for.
type Asked struct {
	// About is the title of the page that it is about.
	About, Team string
	At          time.Time
}
