package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// asksFrom is the hour before which nobody is asked about their night, however
// early they say that it ends.
const asksFrom = 8

// remind speaks once a day of the pages of last night that have no tag. The ledger
// names none before that night is over.
func (m *Model) remind() {
	all := m.board.Recall().Untagged
	zone := pane.Frame{Zone: m.opts.Zone}.In()
	is, was := m.now.In(zone), m.reminded.In(zone)
	if len(all) == 0 || m.opts.ReadOnly || is.Hour() < asksFrom || is.YearDay() == was.YearDay() && is.Year() == was.Year() {
		return
	}
	m.reminded = m.now
	words := text.Sprintf("%s from last night have no tag", pane.Count(len(all), "page"))
	if len(all) == 1 {
		words = text.Const("1 page from last night has no tag")
	}
	m.say(text.Sprintf("%s · `%s` (about 20 s) or `%s`", words, m.opts.Keys.Way(keymap.TagNight), m.opts.Keys.Way(keymap.DropNight)), false)
	m.toast.until = m.now.Add(stripSpan)
}

// judgeNext shows the strip for one of last night's pages, if there is one left.
func (m *Model) judgeNext(all []oncall.Untagged, at int) {
	if at >= len(all) {
		m.strip = strip{}
		return
	}
	u := all[at]
	m.strip = strip{
		pages: []tagged{{u.Page, u.Title}}, until: m.now.Add(stripSpan), said: map[oncall.TagName]given{}, team: u.Team,
		suspect: text.Decode(u.Suspect), whyNot: text.Const("no deploy was found before this page; there is none to confirm"),
		night: &judging{all, at, m.now},
	}
}

// judged names the page of last night that the strip is about.
func (m *Model) judged(w int) pane.Block {
	n := m.strip.night
	if n == nil {
		return nil
	}
	u := n.all[n.at]
	return pane.Block{pane.L(
		pane.S(style.Heading, text.Sprintf(" %d of %d", n.at+1, len(n.all))),
		pane.S(style.Title, text.Sprintf("  %s %s", m.frame(0, 0, pane.None).Clock(u.At), u.Title)),
		pane.S(style.Dim, text.Sprintf("  · %s, %s or %s goes on", m.opts.Keys.Way(keymap.TagNeeded), m.opts.Keys.Way(keymap.TagWait), m.opts.Keys.Way(keymap.TagNoise))),
	).Fit(w)}
}

// dropNight leaves last night's pages without a tag.
func (m *Model) dropNight() pane.Intent {
	var tags []oncall.Tag
	for _, u := range m.board.Recall().Untagged {
		tags = append(tags, oncall.Tag{Page: u.Page, Name: oncall.TagDropped, Value: oncall.TagYes})
	}
	return pane.Tag{Tags: tags}
}

// countEvery is how often the ledger is counted anew while its pane is open: that
// reads all of it.
const countEvery = 5 * time.Minute

// countNights asks for the numbers of the ledger's pane when it is open and they
// are not of late.
func (m *Model) countNights() tea.Cmd {
	if m.choice.Drawer != pane.Ledger || !m.counted.IsZero() && m.now.Sub(m.counted) < countEvery {
		return nil
	}
	m.counted = m.now
	return m.opts.World(pane.CountNights{})
}
