package board

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
)

// MomentKind says what a Moment is.
type MomentKind string

// The kinds of Moment.
const (
	MomentOpened MomentKind = "opened"
	MomentAck    MomentKind = "ack"
	MomentLog    MomentKind = "log"
	MomentNote   MomentKind = "note"
	MomentDeploy MomentKind = "deploy"
	MomentAction MomentKind = "action"
	MomentRun    MomentKind = "run"
	// MomentPattern is a kind of log line that was not there before. It is not on the
	// board: who groups the lines adds it.
	MomentPattern MomentKind = "log pattern"
)

const (
	// deploysBefore is how long before a page deploys are part of its story: the
	// horizon of the ledger's suspicion by time.
	deploysBefore = 6 * time.Hour
	// sameMoment is how far the pager's own records of one thing may be apart.
	sameMoment = 5 * time.Second
	// PatternsWithin is how long after a page began a kind of log line that begins
	// still belongs to its story.
	PatternsWithin = 30 * time.Minute
	// MaxPatterns is how many of them are told.
	MaxPatterns = 5
	// clockSlack is how far the pager's clock may be from ours when its record of
	// an action of ours is looked for.
	clockSlack = time.Minute
)

// StateCopy is the State of a note that an earlier one repeats: the same note of
// ours, which was sent again when the answer to the first was lost for longer
// than the pager usually takes.
const StateCopy = "second copy"

// Moment is one thing that happened around a page. Its strings are untrusted.
type Moment struct {
	At   time.Time
	Kind MomentKind
	// Who is the person, team or source, empty if unknown.
	Who  string
	Text string
	// State is how far it came, in a word or two such as "confirmed", "exit 1" or
	// "running"; empty where there is nothing to say.
	State string
}

// Timeline returns what happened around one page, oldest first: the pager's
// records, the deploys of any service from 6 hours before, our actions and our
// step runs. What two records say about one thing is one moment.
func (b Board) Timeline(ref oncall.Ref) []Moment { return b.TimelineOf(ref, nil) }

// TimelineOf is Timeline with only those deploys that concern the page.
func (b Board) TimelineOf(ref oncall.Ref, concerns func(oncall.Deploy) bool) []Moment {
	row, ok := b.Page(ref)
	d := b.Detail(ref).Value
	t := story{me: b.person()}
	if ok {
		t.page(row.Reading.Value, b.entries[ref].page)
		t.deploys(b.Deploys(), row.Page.CreatedAt, concerns)
	}
	t.notes(d.Notes)
	t.log(d.Log)
	for _, a := range b.actions {
		if a.Action.Target == ref {
			t.action(*a)
		}
	}
	for _, r := range b.runs {
		if r.Page == ref {
			t.add(Moment{At: r.Started, Kind: MomentRun, Text: cmp.Or(r.Title, firstLine(r.Script)), State: runState(r.StepRun)})
		}
	}
	slices.SortStableFunc(t.moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return t.moments
}

// story collects moments and joins those that are one.
type story struct {
	me      oncall.Person
	moments []Moment
}

func (t *story) add(m Moment) { t.moments = append(t.moments, m) }

// page tells what the row itself holds. Acknowledgements are the list's own; a
// confirmed one of ours that the list does not show yet is told as our action.
func (t *story) page(shown, listed oncall.Page) {
	t.add(Moment{At: shown.CreatedAt, Kind: MomentOpened, Who: shown.Service.Name, Text: shown.Title})
	for _, a := range listed.Acks {
		t.add(Moment{At: a.At, Kind: MomentAck, Who: nameOf(a.By), Text: "acknowledged"})
	}
}

func (t *story) deploys(all []oncall.Deploy, onset time.Time, concerns func(oncall.Deploy) bool) {
	from := onset.Add(-deploysBefore)
	for _, d := range all {
		if d.When().Before(from) || concerns != nil && !concerns(d) {
			continue
		}
		what := strings.TrimSpace(cmp.Or(d.Service, d.Repo) + " " + cmp.Or(d.Version, d.Commit))
		if d.Title != "" {
			what += ": " + d.Title
		}
		t.add(Moment{At: d.When(), Kind: MomentDeploy, Who: d.Team, Text: what, State: d.Status.String()})
	}
}

func (t *story) notes(notes []oncall.Note) {
	seen := map[string]bool{}
	for _, n := range notes {
		m := Moment{At: n.At, Kind: MomentNote, Who: nameOf(n.By), Text: n.Text}
		if _, marker := oncall.SplitMarker(n.Text); marker != "" {
			if seen[marker] {
				m.State = StateCopy
			}
			seen[marker] = true
		}
		t.add(m)
	}
}

// log adds the pager's records, except those that say again what is there.
func (t *story) log(entries []oncall.LogEntry) {
	for _, l := range entries {
		kind := logKind(l.Kind)
		same := func(m Moment) bool {
			return m.Kind == kind && m.At.Sub(l.At).Abs() <= sameMoment &&
				(m.Kind == MomentOpened || m.Who == "" || l.By == "" || strings.EqualFold(m.Who, l.By))
		}
		if kind != MomentLog && slices.ContainsFunc(t.moments, same) {
			continue
		}
		if kind != MomentAck && kind != MomentNote {
			kind = MomentLog
		}
		t.add(Moment{At: l.At, Kind: kind, Who: l.By, Text: cmp.Or(l.Text, l.Kind)})
	}
}

// logKind says what a pager's record is about, by the verb that its kind begins
// with, such as PagerDuty's acknowledge_log_entry.
func logKind(kind string) MomentKind {
	k := strings.ToLower(kind)
	switch {
	case strings.HasPrefix(k, "trigger"):
		return MomentOpened
	case strings.HasPrefix(k, "ack"):
		return MomentAck
	case strings.HasPrefix(k, "annotate"), strings.HasPrefix(k, "note"):
		return MomentNote
	}
	return MomentLog
}

// action adds one of our actions, or marks the pager's record of it.
func (t *story) action(st ActionStatus) {
	if st.State == oncall.Confirmed {
		for i, m := range t.moments {
			if m.State == "" && t.records(m, st) {
				t.moments[i].State = st.State.String()
				return
			}
		}
	}
	text := st.Action.Kind.String()
	if st.Action.Text != "" {
		text += ": " + st.Action.Text
	}
	if st.Action.Aim.Name != "" {
		text += ": " + st.Action.Aim.Name
	}
	t.add(Moment{At: st.Action.At, Kind: MomentAction, Who: nameOf(st.who(t.me)), Text: text, State: st.State.String()})
}

// records reports whether a moment is the pager's record of our action.
func (t *story) records(m Moment, st ActionStatus) bool {
	if m.At.Before(st.Action.At.Add(-clockSlack)) || m.At.After(st.At.Add(clockSlack)) {
		return false
	}
	mine := m.Who == "" || t.me == (oncall.Person{}) ||
		strings.EqualFold(m.Who, t.me.Name) || strings.EqualFold(m.Who, t.me.Email)
	if st.By != "" {
		// The ledger knows the others by their address, the pager by their name.
		mine = m.Who == "" || !mine
	}
	switch st.Action.Kind {
	case oncall.Acknowledge:
		return m.Kind == MomentAck && mine
	case oncall.Annotate:
		// A marker may have been put to the text to tell a resent note.
		return m.Kind == MomentNote && st.Action.Text != "" && strings.Contains(m.Text, st.Action.Text)
	case oncall.Snooze:
		return m.Kind == MomentLog && mine && strings.Contains(strings.ToLower(m.Text), "snooze")
	case oncall.Resolve:
		return m.Kind == MomentLog && mine && strings.Contains(strings.ToLower(m.Text), "resolve")
	case oncall.Escalate, oncall.Reassign, oncall.Merge, oncall.Prioritise, oncall.File:
		// What the pager writes of these says less than what was asked for.
	}
	return false
}

// runState says how a step run stands.
func runState(r oncall.StepRun) string {
	switch r.State {
	case oncall.RunExited:
		return "exit " + strconv.Itoa(r.Exit)
	case oncall.RunFailed:
		if r.Reason != "" {
			return "failed: " + r.Reason
		}
	default:
	}
	return r.State.String()
}

func nameOf(p oncall.Person) string { return cmp.Or(p.Name, p.Email, p.ID) }

func samePerson(a, b oncall.Person) bool {
	switch {
	case a.ID != "" && b.ID != "":
		return a.ID == b.ID
	case a.Email != "" && b.Email != "":
		return strings.EqualFold(a.Email, b.Email)
	}
	return a.Name != "" && a.Name == b.Name
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
