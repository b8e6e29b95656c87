package follow

import (
	"time"

	"conway/internal/oncall"
)

// Wording is how a suspect is introduced, on screen and on paper. It is never
// "caused by": only a human can confirm that.
const Wording = "preceded by"

// Band is how strongly a deploy is suspected, in a word. It is empty when the
// best suspects are too close to call; see Suspect.Ambiguous.
type Band string

// The bands.
const (
	Likely   Band = "likely"
	Possible Band = "possible"
	Listed   Band = "listed"
)

// Suspect is a deploy that preceded a page.
type Suspect struct {
	Deploy oncall.Deploy
	// Score is 0 to 100: Time + Related + Version.
	Score float64
	// P0 is the chance that a deploy this recent precedes a random moment, 0 to 1.
	P0 float64
	// Before is how long before the onset it finished, 0 if it was running then.
	Before time.Duration
	// Relation says how its service relates to the page's, in words.
	Relation string
	// Time, Related and Version are the parts of the score.
	Time, Related, Version float64
	// Band is empty when Ambiguous is not 0.
	Band Band
	// Ambiguous is how many suspects are too close to the best to tell apart,
	// this one among them; 0 when there is one clear best or this is not near it.
	Ambiguous int
}

// Suspects returns the deploys that may have to do with a page that began at
// onset, the most suspicious first. Labels are those of the page's alerts and
// may be nil. Deploys should reach 14 days back, or the chance is understated.
// The rule is the ledger's attribution score.
func Suspects(deploys []oncall.Deploy, s Service, m Map, onset, now time.Time, labels map[string]string) []Suspect {
	_, _, _, _, _, _ = deploys, s, m, onset, now, labels
	return nil
}
