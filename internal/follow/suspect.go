package follow

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

// Wording is how a suspect is introduced, on screen and on paper. It is never
// "caused by": only a human can confirm that.
const Wording = "preceded by"

// The ledger's attribution score: what counts, and for how much.
const (
	// eligibleFor is how long before the onset a deploy may have finished.
	eligibleFor = 24 * time.Hour
	// timeFor is how long before it its being recent counts.
	timeFor = 6 * time.Hour
	// rateOver is the span over which a service's deploys are counted.
	rateOver      = 14 * 24 * time.Hour
	timePoints    = 40
	versionPoints = 15
	likelyFrom    = 70
	possibleFrom  = 40
	// tieWithin is how near to the best score another makes it a tie.
	tieWithin = 10
)

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

// Chance returns P0 in words, such as "0.7% by chance".
func (s Suspect) Chance() string {
	switch p := 100 * s.P0; {
	case p < 0.1:
		return "under 0.1% by chance"
	case p < 10:
		return fmt.Sprintf("%.1f%% by chance", p)
	default:
		return fmt.Sprintf("%.0f%% by chance", p)
	}
}

// Onset returns when the trouble behind a page began: its first alert's start
// where that is known and earlier by less than a day, else the page's own.
// Detail may be nil.
func Onset(page oncall.Page, detail *oncall.PageDetail) time.Time {
	t := page.CreatedAt
	if detail == nil {
		return t
	}
	for _, a := range detail.Alerts {
		if !a.At.IsZero() && a.At.Before(t) && page.CreatedAt.Sub(a.At) < eligibleFor {
			t = a.At
		}
	}
	return t
}

// Suspects returns the deploys that may have to do with a page that began at
// onset, the most suspicious first. Labels are those of the page's alerts and
// may be nil. Deploys should reach 14 days back, or the chance is understated.
//
// The rule is the ledger's attribution score. A deploy whose sender gives no
// environment or no status is taken for one in production that did not fail: to
// leave it out would read as "no deploy in 24 h".
func Suspects(deploys []oncall.Deploy, s Service, m Map, onset, now time.Time, labels map[string]string) []Suspect {
	if onset.IsZero() {
		return nil
	}
	count := make(map[string]int)
	var out []Suspect
	var keys []string
	for _, d := range deploys {
		if !counts(d) || d.When().After(now) && d.StartedAt.After(now) {
			continue
		}
		before, ok := preceded(d, onset)
		if !ok || before > rateOver {
			continue
		}
		c := m.concern(d, s)
		count[c.key]++
		if before <= eligibleFor {
			su := Suspect{Deploy: d, Before: before, Relation: c.why, Related: float64(c.points)}
			if carries(labels, d) {
				su.Version = versionPoints
			}
			out, keys = append(out, su), append(keys, c.key)
		}
	}
	for i := range out {
		out[i].P0 = Chance(out[i].Before, count[keys[i]])
		if out[i].Before <= timeFor {
			out[i].Time = timePoints * (1 - out[i].P0)
		}
		out[i].Score = out[i].Time + out[i].Related + out[i].Version
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Before, b.Before))
	})
	judge(out)
	return out
}

// Chance returns the probability that a random moment has a deploy this short a
// time before it, if the service had n deploys in the 14 days before.
func Chance(before time.Duration, n int) float64 {
	rate := float64(max(n, 1)) / rateOver.Hours()
	return 1 - math.Exp(-rate*before.Hours())
}

// judge gives each suspect, best first, its band or marks the tie.
func judge(all []Suspect) {
	near := 0
	for near < len(all) && all[0].Score-all[near].Score < tieWithin {
		near++
	}
	for i := range all {
		switch s := &all[i]; {
		case near > 1 && i < near:
			s.Ambiguous = near
		case s.Score >= likelyFrom:
			s.Band = Likely
		case s.Score >= possibleFrom:
			s.Band = Possible
		default:
			s.Band = Listed
		}
	}
}

// counts reports whether the deploy changed production, as far as is known.
func counts(d oncall.Deploy) bool {
	return d.Status != oncall.DeployFailed && Production(d.Environment)
}

// Production reports whether an environment's name says that it is production,
// or nothing.
func Production(env string) bool {
	words := strings.FieldsFunc(strings.ToLower(env), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	is := len(words) == 0
	for _, w := range words {
		switch w {
		case "prod", "production", "prd", "live":
			is = true
		case "non", "not", "pre":
			return false
		}
	}
	return is
}

// preceded returns how long before the onset the deploy finished, 0 if it was
// running then; false if it came after.
func preceded(d oncall.Deploy, onset time.Time) (time.Duration, bool) {
	running := d.FinishedAt.After(onset) || d.FinishedAt.IsZero() && d.Status == oncall.DeployRunning
	switch {
	case d.When().IsZero():
		return 0, false
	case running:
		// One that has been running for longer than a deploy can matter has ended
		// without anybody saying so.
		ok := !d.StartedAt.IsZero() && !d.StartedAt.After(onset) && onset.Sub(d.StartedAt) <= eligibleFor
		return 0, ok
	}
	before := onset.Sub(d.When())
	return before, before >= 0
}

// carries reports whether the alerts' own series name the deployed version.
func carries(labels map[string]string, d oncall.Deploy) bool {
	for _, k := range []string{"version", "revision"} {
		v := strings.ToLower(labels[k])
		if v == "" {
			continue
		}
		version, commit := strings.ToLower(d.Version), strings.ToLower(d.Commit)
		if strings.TrimPrefix(v, "v") == strings.TrimPrefix(version, "v") || sameCommit(v, commit) {
			return true
		}
	}
	return false
}

// sameCommit reports whether two commit ids are one, either of them possibly cut
// to git's usual seven digits or more.
func sameCommit(a, b string) bool {
	return min(len(a), len(b)) >= 7 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}
