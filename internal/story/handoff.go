package story

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

// Handoff is the sheet for whoever is on call next.
type Handoff struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	// Pages are those that are open.
	Pages []oncall.Page `json:"pages"`
	oncall.Sheet
}

// Without returns the sheet with every text of it passed through clean.
func (h Handoff) Without(clean func(string) string) Handoff {
	each := func(all *[]string) {
		*all = slices.Clone(*all)
		for i := range *all {
			(*all)[i] = clean((*all)[i])
		}
	}
	h.Pages, h.Unreviewed, h.FollowUps, h.Watch = slices.Clone(h.Pages), slices.Clone(h.Unreviewed), slices.Clone(h.FollowUps), slices.Clone(h.Watch)
	h.Silences = slices.Clone(h.Silences)
	each(&h.Missing)
	for i := range h.Pages {
		h.Pages[i].Title, h.Pages[i].URL, h.Pages[i].Key = clean(h.Pages[i].Title), clean(h.Pages[i].URL), clean(h.Pages[i].Key)
	}
	for i := range h.Unreviewed {
		h.Unreviewed[i].Script, h.Unreviewed[i].Reason = clean(h.Unreviewed[i].Script), clean(h.Unreviewed[i].Reason)
	}
	for i := range h.FollowUps {
		h.FollowUps[i].Text, h.FollowUps[i].URL = clean(h.FollowUps[i].Text), clean(h.FollowUps[i].URL)
	}
	for i := range h.Watch {
		h.Watch[i].Title = clean(h.Watch[i].Title)
	}
	for i := range h.Silences {
		h.Silences[i].What, h.Silences[i].Why = clean(h.Silences[i].What), clean(h.Silences[i].Why)
	}
	return h
}

// Markdown returns the sheet with times in UTC and in a zone.
func (h Handoff) Markdown(zone *time.Location) string {
	w := &writer{zone: zone}
	w.line("# Handoff, %s", w.time(h.At))
	h.pages(w)
	section(w, "Unreviewed changes", "none: no command was typed that nobody has looked at since", h.Unreviewed, func(r oncall.StepRun) {
		w.moment(Moment{
			At: r.Started, Kind: Changed, Text: "for " + cmp.Or(pageName(r.Page), "no page"), State: Ending(r), Command: r.Script,
		})
		w.line("  conway handoff --reviewed %s takes it off\n", escape(r.ID))
	})
	section(w, "Follow-ups open", "none is recorded", h.FollowUps, func(f oncall.FollowUp) {
		words := []string{escape(cmp.Or(f.Text, f.ID)), "open " + span(h.At.Sub(f.Opened))}
		for _, s := range []string{f.Team, pageName(f.Page), f.URL} {
			if s != "" {
				words = append(words, escape(s))
			}
		}
		w.line("- %s", strings.Join(words, " · "))
	})
	section(w, "What to watch", "nothing that ended lately had fired more than once", h.Watch, func(o oncall.Watch) {
		w.line("- %s · %s · fired %d times · ended %s", escape(o.Title), escape(o.Service), o.Fired, w.time(o.Ended))
		for _, d := range o.Deploys {
			w.line("  - deployed %s: %s", w.time(d.When()), escape(strings.TrimSpace(cmp.Or(d.Version, d.Commit, d.Ref.ID)+" "+d.Title)))
		}
	})
	if len(h.Silences) > 0 {
		section(w, "Silences", "", h.Silences, func(s oncall.Silence) {
			w.line("- %s · until %s · %s · %s", escape(s.What), w.time(s.Until), escape(s.By), escape(s.Why))
		})
	}
	w.missing(h.Missing)
	return w.String()
}

func (h Handoff) pages(w *writer) {
	section(w, "Open pages", "none", h.Pages, func(p oncall.Page) {
		words := []string{escape(p.Title), p.Status.String(), escape(p.Service.Name), "open " + span(h.At.Sub(p.CreatedAt)), escape(p.Ref.String())}
		for _, a := range p.Acks {
			by := "acknowledged by " + escape(cmp.Or(a.By.Name, a.By.Email))
			if p.NoAck {
				by += " in conway only"
			}
			words = append(words, by)
		}
		w.line("- %s", strings.Join(words, " · "))
	})
	section(w, "Will call again by themselves", "none", oncall.Lapses(h.Pages), func(l oncall.Lapse) {
		w.line("- %s · calls again %s, in %s", escape(l.Page.Title), w.time(l.At), span(l.At.Sub(h.At)))
	})
}

// section writes a heading and what is under it, or that there is nothing.
func section[T any](w *writer, title, none string, all []T, each func(T)) {
	w.line("\n## %s\n", title)
	if len(all) == 0 {
		w.line("%s", none)
	}
	for _, v := range all {
		each(v)
	}
}

func pageName(r oncall.Ref) string {
	if r.IsZero() {
		return ""
	}
	return r.String()
}
