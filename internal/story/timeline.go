package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

// Version is that of the shapes of this package's JSON. It grows by one when a
// field changes its meaning or goes away.
const Version = 1

// The kinds of Moment.
const (
	Opened   = "opened"
	Deployed = "deploy"
	Noted    = "note"
	Stepped  = "step"
	Changed  = "unreviewed change"
	Acted    = "action"
	Judged   = "tag"
	Followed = "follow-up"
	// Patterned is a kind of log line that was not there before.
	Patterned = "log pattern"
)

// Moment is one thing that happened around a page.
type Moment struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	// Who is the person, team or source, empty if unknown.
	Who  string `json:"who,omitempty"`
	Text string `json:"text"`
	// State is how far it came, in a word or two such as "confirmed" or "exit 1".
	State string `json:"state,omitempty"`
	// Command is exactly what a step ran, and Exit its status; nil while that is not
	// known.
	Command string `json:"command,omitempty"`
	Exit    *int   `json:"exit,omitempty"`
}

// Timeline is the story of one page.
type Timeline struct {
	Version int         `json:"version"`
	Page    oncall.Page `json:"page"`
	// Ended is when the page was over, zero while it is open or when that is not
	// known.
	Ended time.Time `json:"ended,omitzero"`
	// Owner is the team whose code the service is, empty if unknown.
	Owner string `json:"owner,omitempty"`
	// Before says what deploy it was preceded by, empty where nothing is recorded.
	Before  string   `json:"preceded_by,omitempty"`
	Moments []Moment `json:"moments"`
	// Missing says what could not be read, and what that leaves out.
	Missing []string `json:"missing"`
}

// Sort puts the moments in the order in which they happened.
func (t Timeline) Sort() {
	slices.SortStableFunc(t.Moments, func(a, b Moment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind)) })
}

// Without returns the timeline with every text of it passed through clean, which
// takes secrets out.
func (t Timeline) Without(clean func(string) string) Timeline {
	p := &t.Page
	p.Title, p.URL, p.Key = clean(p.Title), clean(p.URL), clean(p.Key)
	t.Before = clean(t.Before)
	t.Moments, t.Missing = slices.Clone(t.Moments), slices.Clone(t.Missing)
	for i := range t.Moments {
		m := &t.Moments[i]
		m.Who, m.Text, m.State, m.Command = clean(m.Who), clean(m.Text), clean(m.State), clean(m.Command)
	}
	for i := range t.Missing {
		t.Missing[i] = clean(t.Missing[i])
	}
	return t
}

// Markdown returns the timeline with times in UTC and in a zone.
func (t Timeline) Markdown(zone *time.Location) string {
	w := &writer{zone: zone}
	w.line("# %s", escape(cmp.Or(t.Page.Title, t.Page.Ref.String())))
	w.line("")
	t.facts(w)
	w.line("")
	w.line("## Timeline")
	w.line("")
	t.moments(w)
	w.missing(t.Missing)
	return w.String()
}

// Postmortem returns a draft: the facts filled in, and for the rest the questions
// that only people can answer.
func (t Timeline) Postmortem(zone *time.Location) string {
	w := &writer{zone: zone}
	w.line("# Postmortem (draft): %s", escape(cmp.Or(t.Page.Title, t.Page.Ref.String())))
	w.line("")
	t.facts(w)
	for _, part := range [][2]string{
		{"Summary", "What happened, in two sentences that somebody of another team understands."},
		{"Impact", "Who noticed, how many of them, for how long; which objective paid for it."},
		{"What it was preceded by, and what let it happen", "Conditions, not people. A precedent is no cause until somebody has shown that it is."},
	} {
		w.line("\n## %s\n\n_%s_", part[0], part[1])
		if strings.HasPrefix(part[0], "What it") && t.Before != "" {
			w.line("\n- preceded by %s", escape(t.Before))
		}
	}
	w.line("\n## Timeline\n")
	t.moments(w)
	w.line("\n## What was tried, and what helped\n")
	t.only(w, "no step and no command is recorded", Stepped, Changed)
	w.line("\n## What was noted\n")
	t.only(w, "no note is recorded", Noted)
	w.line("\n## Follow-ups\n")
	t.only(w, "none is recorded; conway tag %s followup TEXT records one", Followed)
	w.line("\n## Could it have waited until morning? Was it known before?\n\n_Yes or no, and what would have to change._")
	w.missing(t.Missing)
	return w.String()
}

// facts writes what is known of the page itself.
func (t Timeline) facts(w *writer) {
	p := t.Page
	w.line("- page: %s", escape(p.Ref.String()))
	if service := cmp.Or(p.Service.Name, p.Service.ID); service != "" {
		owner := ""
		if t.Owner != "" {
			owner = ", whose code is of " + escape(t.Owner)
		}
		w.line("- service: %s%s", escape(service), owner)
	}
	if !p.CreatedAt.IsZero() {
		w.line("- opened: %s", w.time(p.CreatedAt))
	}
	switch {
	case !t.Ended.IsZero():
		w.line("- ended: %s, after %s", w.time(t.Ended), span(t.Ended.Sub(p.CreatedAt)))
	case p.Status == oncall.StatusUnknown:
		w.line("- status: not known")
	default:
		w.line("- status: %s", p.Status)
	}
	if t.Before != "" {
		w.line("- preceded by: %s", escape(t.Before))
	}
	if p.URL != "" {
		w.line("- at the pager: %s", escape(p.URL))
	}
}

func (t Timeline) moments(w *writer) {
	if len(t.Moments) == 0 {
		w.line("nothing is recorded")
	}
	for _, m := range t.Moments {
		w.moment(m)
	}
}

// only writes the moments of some kinds, or a sentence when there is none.
func (t Timeline) only(w *writer, none string, kinds ...string) {
	found := false
	for _, m := range t.Moments {
		if slices.Contains(kinds, m.Kind) {
			w.moment(m)
			found = true
		}
	}
	if !found {
		w.line("%s", strings.ReplaceAll(none, "%s", escape(t.Page.Ref.String())))
	}
}

// writer writes Markdown.
type writer struct {
	strings.Builder

	zone *time.Location
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// time writes a moment in UTC and, where that differs, in the zone.
func (w *writer) time(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	out := t.UTC().Format("2006-01-02 15:04:05Z")
	if local := t.In(w.zone); local.Format("15:04 -0700") != t.UTC().Format("15:04 -0700") {
		out += local.Format(" (15:04 MST)")
	}
	return out
}

func (w *writer) moment(m Moment) {
	words := []string{w.time(m.At), m.Kind}
	for _, s := range []string{m.Who, strings.Join(strings.Fields(m.Text), " "), m.State} {
		if s != "" {
			words = append(words, escape(s))
		}
	}
	w.line("- %s", strings.Join(words, " · "))
	if m.Command == "" {
		return
	}
	f := fence(m.Command)
	w.line("\n  %ssh", f)
	for l := range strings.SplitSeq(strings.TrimRight(m.Command, "\n"), "\n") {
		w.line("  %s", l)
	}
	w.line("  %s\n", f)
}

// missing says at the end what the reader does not see.
func (w *writer) missing(all []string) {
	if len(all) == 0 {
		return
	}
	w.line("\n## What is missing here\n")
	for _, m := range all {
		w.line("- %s", escape(m))
	}
}

// Ending says how a step's run ended.
func Ending(r oncall.StepRun) string {
	switch {
	case r.State == oncall.RunExited:
		return fmt.Sprintf("exit %d after %s", r.Exit, r.Duration(r.Ended).Round(time.Second))
	case !r.State.Done():
		return "its end is not recorded"
	case r.Reason != "":
		return r.State.String() + ": " + r.Reason
	}
	return r.State.String()
}

// fence is a fence longer than any in a text.
func fence(s string) string {
	longest, run := 2, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

// escape makes text from outside plain text of Markdown, on one line.
func escape(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '|', '#', '~':
			b.WriteByte('\\')
		case '<':
			b.WriteString("&lt;")
			continue
		case '&':
			b.WriteString("&amp;")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// span writes a length of time, coarsely.
func span(d time.Duration) string {
	d = max(0, d)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d", int(d.Hours())/24)
}
