package drill

import (
	"fmt"
	"strings"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
	"conway/internal/text"
)

// debriefText is how many cells of a text from outside a line of the debrief has.
const debriefText = 72

// debrief is everything that the text is made of, gathered once.
type debrief struct {
	d     *Drill
	now   time.Time
	story story
	// pages are the alert's pages, oldest first; first is the one that counts.
	pages []pdserver.State
	// zero is what times are told relative to: the page, or the start when there
	// was none.
	zero time.Time
	b    strings.Builder
}

// Debrief returns, as some thirty lines of plain text, what really happened,
// what was seen and done when, and who would have been woken next. It judges by
// facts alone: there is no score. It may be called at any time, after Close too.
func (d *Drill) Debrief(now time.Time) string {
	f := &debrief{d: d, now: now, zero: d.pace.start}
	if d.watcher != nil {
		f.story = d.watcher.story()
		for _, id := range f.story.incidents {
			if st, ok := d.account.State(id); ok {
				f.pages = append(f.pages, st)
			}
		}
	}
	if !f.story.pagedAt.IsZero() {
		f.zero = f.story.pagedAt
	}
	f.line("DRILL %s: %s", d.scenario.Name, d.scenario.Title)
	for line := range strings.SplitSeq(strings.TrimSpace(d.scenario.Story), "\n") {
		f.line("%s", line)
	}
	if f.d.pace.speed != 1 {
		f.line("Held at %g times the speed; the times below are those of the clock.", f.d.pace.speed)
	}
	f.happened()
	f.saw()
	f.did()
	f.services()
	f.next()
	if lesson := strings.TrimSpace(d.scenario.Lesson); lesson != "" {
		f.head("Worth knowing")
		for line := range strings.SplitSeq(lesson, "\n") {
			f.line("  %s", line)
		}
	}
	f.line("")
	f.line("Once more: %s drill %s", d.executable, d.scenario.Name)
	return f.b.String()
}

func (f *debrief) line(format string, args ...any) {
	f.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (f *debrief) head(title string) { f.line("\n%s", title) }

// pagerTime returns a time of the pager, whose resolution is a second, as one
// that is not before the page for that reason alone.
func (f *debrief) pagerTime(t time.Time) time.Time {
	if d := f.zero.Sub(t); d > 0 && d < time.Second {
		return f.zero
	}
	return t
}

// moments writes a list, each line with its time relative to the page.
func (f *debrief) moments(list []moment) {
	for _, m := range sorted(list) {
		f.line("  %7s  %s", offset(m.at.Sub(f.zero)), m.text)
	}
}

func (f *debrief) happened() {
	f.head("What happened, relative to the page")
	list, omitted := f.d.chronicle.moments()
	for i, p := range f.pages {
		what := fmt.Sprintf("page #%d %q called %s", p.Number, p.Title, nameOf(meID))
		if i > 0 {
			what = fmt.Sprintf("it still fired: page #%d", p.Number)
		}
		list = append(list, moment{f.pagerTime(p.CreatedAt), what})
		for _, h := range p.Log {
			if h.Kind == "escalate" || h.Kind == "unacknowledge" || h.Kind == "resolve" && h.By != meID {
				list = append(list, moment{f.pagerTime(h.At), strings.TrimSuffix(outside(h.Summary), ".")})
			}
		}
	}
	f.moments(list)
	if omitted > 0 {
		f.line("           and %d more", omitted)
	}
	if len(f.pages) == 0 {
		f.line("  nobody was paged")
	}
}

func (f *debrief) saw() {
	w := f.d.witness
	w.mu.Lock()
	defer w.mu.Unlock()
	f.head("What you saw")
	var list []moment
	for _, p := range f.pages {
		if at, ok := w.pages[p.ID]; ok {
			list = append(list, moment{at, fmt.Sprintf("page #%d, for the first time", p.Number)})
		}
		if m, ok := w.history[p.ID]; ok {
			list = append(list, moment{m.at, outside(m.text)})
		}
	}
	for _, x := range f.d.scenario.Deploys {
		if at, ok := w.deploys[x.Version]; ok && x.At > 0 {
			list = append(list, moment{at, fmt.Sprintf("%s %s among the deploys", x.Service, x.Version)})
		}
	}
	for panel, at := range w.critical {
		list = append(list, moment{at, fmt.Sprintf("%q at its critical threshold", outside(panel))})
	}
	if w.errors > 0 {
		list = append(list, moment{w.firstErr, fmt.Sprintf("the first of %d errors in %d log lines", w.errors, w.lines)})
	}
	f.moments(list)
	if len(list) == 0 {
		f.line("  nothing of it reached the screen")
	}
}

func (f *debrief) did() {
	f.head("What you did")
	list := f.deeds()
	f.moments(list)
	if len(list) == 0 {
		f.line("  nothing")
	}
}

// deeds are what the person did: what the pager knows of it, what it refused,
// and the steps.
func (f *debrief) deeds() []moment {
	var list []moment
	for _, p := range f.pages {
		for _, h := range p.Log {
			if h.By == meID && (h.Kind == "acknowledge" || h.Kind == "resolve") {
				list = append(list, moment{f.pagerTime(h.At), fmt.Sprintf("%sd page #%d", h.Kind, p.Number)})
			}
		}
		for _, n := range p.Notes {
			if n.User == meID {
				list = append(list, moment{f.pagerTime(n.At), "note: " + outside(n.Text)})
			}
		}
	}
	w := f.d.witness
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.actions {
		if a.State != oncall.Confirmed {
			list = append(list, moment{a.At, fmt.Sprintf("%s: %s", a.Action.Kind, a.State)})
		}
	}
	for _, r := range w.runs {
		list = append(list, moment{r.Started, fmt.Sprintf("step %d %q: %s", r.Step+1, outside(r.Title), runEnd(r))})
	}
	return list
}

func runEnd(r oncall.StepRun) string {
	switch r.State {
	case oncall.RunExited:
		return fmt.Sprintf("exit %d after %s", r.Exit, length(r.Ended.Sub(r.Started)))
	case oncall.RunFailed:
		return "failed: " + outside(r.Reason)
	default:
		return r.State.String()
	}
}

func (f *debrief) services() {
	f.head("What the services did")
	for _, m := range f.d.meters {
		if m.seen == nil {
			continue
		}
		total, failed := m.seen.counts()
		f.line("  %s answered %d requests, %d of them with an error", m.spec.Name, total, failed)
	}
	switch {
	case f.story.pagedAt.IsZero():
		f.line("  nothing broke for long enough to page anybody")
	case f.story.healedAt.IsZero():
		f.line("  %s is not well yet", f.d.scenario.alert(f.d.scenario.End.Alert).Service)
	default:
		f.line("  %s was well again %s after the page", f.d.scenario.alert(f.d.scenario.End.Alert).Service,
			length(f.story.healedAt.Sub(f.zero)))
	}
}

// outside makes text that came from outside harmless and short.
func outside(s string) string { return text.Decode(s).Truncate(debriefText).String() }

// offset writes a time relative to the page, such as "+1:02" or "-0:08".
func offset(d time.Duration) string {
	sign := "+"
	if d = d.Round(time.Second); d < 0 {
		sign, d = "-", -d
	}
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%s%d:%02d:%02d", sign, s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%s%d:%02d", sign, s/60, s%60)
}

// length writes a duration in words, such as "1 min 12 s".
func length(d time.Duration) string {
	d = max(0, d)
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	s := int(d.Round(time.Second) / time.Second)
	var parts []string
	for _, u := range []struct {
		n    int
		name string
	}{{s / 3600, "h"}, {s / 60 % 60, "min"}, {s % 60, "s"}} {
		if u.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", u.n, u.name))
		}
	}
	return strings.Join(parts, " ")
}
