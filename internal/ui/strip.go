package ui

import (
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// stripSpan is how long the strip of tags waits for a key, anew after each.
const stripSpan = time.Minute

// strip asks what a page was worth, right after it was resolved. Any key that is
// none of its own closes it and does what it always does.
type strip struct {
	// pages are what is judged, none when nothing is asked.
	pages []tagged
	until time.Time
	// said are the tags given so far, the newest of each name.
	said map[oncall.TagName]given
	// suspect is the deploy that can be confirmed, and whyNot says why none can.
	suspect, whyNot text.Safe
	// team is whose code it was, empty for nobody's.
	team string
	// night is set while last night's pages are judged one after another.
	night *judging
}

// judging is where somebody is among last night's pages.
type judging struct {
	all []oncall.Untagged
	at  int
	// since is when this one was shown: a key that was meant for the one before must
	// not judge it.
	since time.Time
}

// tagged is a page that is judged.
type tagged struct {
	ref   oncall.Ref
	title string
}

// given is a tag, on its way until the ledger has it.
type given struct {
	value string
	// last is what the ledger had before, for when it refuses this one.
	last    string
	waiting bool
}

// Tagged is the ledger's word on tags.
type Tagged struct {
	Tags []oncall.Tag
	// Err is why they are not recorded, nil when they are.
	Err error
}

// stripItem is one key of the strip.
type stripItem struct {
	action keymap.Action
	words  text.Safe
	name   oncall.TagName
	// value is what the key says; the deploy's key goes through its values.
	value string
	// first is true at the start of a group.
	first bool
}

func stripItems() []stripItem {
	return []stripItem{
		{keymap.TagNeeded, text.Const("needed me"), oncall.TagVerdict, oncall.TagNeeded, true},
		{keymap.TagWait, text.Const("could wait"), oncall.TagVerdict, oncall.TagWait, false},
		{keymap.TagNoise, text.Const("noise"), oncall.TagVerdict, oncall.TagNoise, false},
		{keymap.TagPreventable, text.Const("preventable"), oncall.TagPreventable, oncall.TagYes, true},
		{keymap.TagDeploy, text.Const("deploy"), oncall.TagDeploy, "", false},
		{keymap.TagFollowUp, text.Const("follow-up"), oncall.TagFollowUp, "", false},
		// A key of its own: a follow-up asks a team for work, this tells the next person.
		{keymap.TagMemory, text.Const("for next time"), oncall.TagMemory, "", true},
	}
}

// itemOf returns the strip's item of an action.
func itemOf(a keymap.Action) (stripItem, bool) {
	all := stripItems()
	i := slices.IndexFunc(all, func(it stripItem) bool { return it.action == a })
	if i < 0 {
		return stripItem{}, false
	}
	return all[i], true
}

// stripShown reports whether the strip takes keys.
func (m *Model) stripShown() bool {
	return len(m.strip.pages) > 0 && m.now.Before(m.strip.until) && len(m.stack) == 0
}

// offerTags shows the strip for what was just asked to be resolved.
func (m *Model) offerTags(acts ...pane.Intent) {
	s := strip{until: m.now.Add(stripSpan), said: map[oncall.TagName]given{}}
	for _, i := range acts {
		if a, ok := i.(pane.Act); ok && a.Action.Kind == oncall.Resolve {
			s.pages = append(s.pages, tagged{a.Action.Target, a.Action.Title})
		}
	}
	if len(s.pages) == 0 {
		return
	}
	s.whyNot = text.Const("no deploy was found before this page; there is none to confirm")
	switch all := m.scene.Suspects; {
	case len(s.pages) > 1:
		s.whyNot = text.Const("several pages have no deploy and no follow-up in common; tag them one by one")
	case s.pages[0].ref != m.scene.Page:
	case len(all) > 0 && all[0].Ambiguous > 0:
		s.whyNot = text.Const("several deploys are as likely; none of them can be confirmed here")
	case len(all) > 0:
		s.suspect = text.Decode(strings.Join(strings.Fields(all[0].Deploy.Service+" "+all[0].Deploy.Version), " "))
	}
	if len(s.pages) == 1 && s.pages[0].ref == m.scene.Page {
		s.team = m.scene.Service.Owner
	}
	m.strip = s
}

// closeStrip ends the question when a page's resolve was taken back or refused.
func (m *Model) closeStrip(ref oncall.Ref) {
	m.strip.pages = slices.DeleteFunc(m.strip.pages, func(t tagged) bool { return t.ref == ref })
}

// stripReason says why a key of the strip does nothing now; ok is false when the
// action is not one of them.
func (m *Model) stripReason(a keymap.Action) (why text.Safe, ok bool) {
	it, ok := itemOf(a)
	if !ok {
		return text.Safe{}, false
	}
	several := len(m.strip.pages) > 1
	switch {
	case !m.stripShown():
		return text.Sprintf("a tag is for the minute after a resolve (%s); conway tag records one later", m.opts.Keys.Way(keymap.Resolve)), true
	case several && it.value == "", it.name == oncall.TagDeploy && m.strip.suspect.Empty():
		return m.strip.whyNot, true
	}
	return text.Safe{}, true
}

// tag does what a key of the strip asks for: the verdicts replace each other, what
// is said twice is taken back, and a follow-up needs words first.
func (m *Model) tag(a keymap.Action) pane.Intent {
	it, ok := itemOf(a)
	if !ok {
		return nil
	}
	night := m.strip.night
	if night != nil && night.at > 0 && m.now.Sub(night.since) < graceSpan {
		return nil
	}
	m.strip.until = m.now.Add(stripSpan)
	was := m.strip.said[it.name].value
	switch it.name {
	case oncall.TagFollowUp:
		m.askFollowUp(was)
		return nil
	case oncall.TagMemory:
		m.askLine(text.Const("FOR NEXT TIME"), text.Const("it is at the top when this alert wakes anyone again · esc leaves it"), it.name, was)
		return nil
	case oncall.TagDeploy:
		next := map[string]string{"": oncall.TagConfirmed, oncall.TagConfirmed: oncall.TagRejected}
		return m.record(it.name, next[was])
	case oncall.TagVerdict, oncall.TagPreventable, oncall.TagDropped:
	}
	if night != nil && it.name == oncall.TagVerdict {
		one := m.record(it.name, it.value)
		m.judgeNext(night.all, night.at+1)
		return one
	}
	if was == it.value {
		return m.record(it.name, "")
	}
	return m.record(it.name, it.value)
}

// record records one tag of every page of the strip.
func (m *Model) record(name oncall.TagName, value string) pane.Intent {
	g := m.strip.said[name]
	if !g.waiting {
		g.last = g.value
	}
	g.value, g.waiting = value, true
	m.strip.said[name] = g
	var tags []oncall.Tag
	for _, p := range m.strip.pages {
		tags = append(tags, oncall.Tag{Page: p.ref, Name: name, Value: value})
	}
	return pane.Tag{Tags: tags}
}

// askFollowUp asks what has to change. The page's own title is there already, so
// that enter alone is an answer.
func (m *Model) askFollowUp(was string) {
	title := text.Const("FOLLOW-UP")
	if m.strip.team != "" {
		title = text.Sprintf("FOLLOW-UP for %s", m.strip.team)
	}
	value := was
	if value == "" {
		value = m.strip.pages[0].title
	}
	m.askLine(title, text.Const("enter records it in the ledger · esc leaves it"), oncall.TagFollowUp, value)
}

// askLine asks for the words of a tag, in place.
func (m *Model) askLine(title, hint text.Safe, name oncall.TagName, value string) {
	m.open(overlay.NewInput(title, hint, value, nil,
		func(v string, ok bool) pane.Intent {
			m.strip.until = m.now.Add(stripSpan)
			v = strings.TrimSpace(v)
			switch {
			case !ok || v == m.strip.said[name].value:
				return nil
			case len(v) > oncall.MaxTag:
				return pane.Say{Reason: "not recorded: it is longer than a line; a note takes more"}
			}
			return m.record(name, v)
		}), false)
}

// tagsKept shows what the ledger made of tags.
func (m *Model) tagsKept(t Tagged) {
	if len(t.Tags) == 0 {
		return
	}
	one := t.Tags[0]
	if g, ok := m.strip.said[one.Name]; ok && g.value == one.Value && m.judges(one.Page) {
		g.waiting = false
		if t.Err != nil {
			g.value = g.last
		}
		m.strip.said[one.Name] = g
	}
	switch {
	case t.Err != nil:
		m.say(text.Sprintf("the tag is not recorded: %s", t.Err), true)
	case len(t.Tags) > 1:
		m.say(text.Sprintf("recorded for %s: %s", pane.Count(len(t.Tags), "page"), receipt(one)), false)
	default:
		m.say(text.Sprintf("recorded: %s%s", receipt(one), m.titleOf(one.Page)), false)
	}
}

// judges reports whether the strip is about a page.
func (m *Model) judges(ref oncall.Ref) bool {
	return slices.ContainsFunc(m.strip.pages, func(t tagged) bool { return t.ref == ref })
}

// titleOf names a page after what was recorded of it.
func (m *Model) titleOf(ref oncall.Ref) text.Safe {
	for _, p := range m.strip.pages {
		if p.ref == ref {
			return text.Sprintf(" · %s", p.title)
		}
	}
	if r, ok := m.board.Page(ref); ok {
		return text.Sprintf(" · %s", r.Page.Title)
	}
	return text.Safe{}
}

// receipt is a tag in a person's words.
func receipt(t oncall.Tag) text.Safe {
	switch {
	case t.Name == oncall.TagFollowUp && t.Value != "":
		return text.Sprintf("follow-up “%s”", t.Value)
	case t.Name == oncall.TagDropped:
		return text.Const("left without a tag")
	case t.Name == oncall.TagMemory && t.Value != "":
		return text.Sprintf("for next time “%s”", t.Value)
	case t.Name == oncall.TagDeploy && t.Value != "":
		return text.Sprintf("the deploy before it is %s", t.Value)
	}
	for _, it := range stripItems() {
		switch {
		case it.name == t.Name && t.Value == "":
			if t.Name == oncall.TagVerdict {
				return text.Const("no verdict")
			}
			return text.Sprintf("%s taken back", it.words)
		case it.name == t.Name && it.value == t.Value:
			return it.words
		}
	}
	return text.Decode(string(t.Name))
}

// stripRows draws the strip in as few rows as it fits in.
func (m *Model) stripRows(w int) pane.Block {
	out := m.judged(w)
	var l pane.Line
	for _, it := range stripItems() {
		key := m.opts.Keys.Key(it.action)
		if key == "" {
			continue
		}
		one := m.stripItem(it, key)
		gap := pane.S(style.Text, text.Const("  "))
		if it.first {
			gap = pane.S(style.Dim, text.Const(" │ "))
		}
		switch {
		case l.Width() == 0:
			l = pane.L(pane.S(style.Text, text.Const(" ")))
		case l.Width()+gap.Text.Width()+one.Width() > w:
			out = append(out, l.Fit(w))
			l = pane.L(pane.S(style.Text, text.Const(" ")))
		default:
			l = append(l, gap)
		}
		l = append(l, one...)
	}
	if l.Width() > 0 {
		out = append(out, l.Fit(w))
	}
	return out
}

// stripItem draws one key with what was said by it.
func (m *Model) stripItem(it stripItem, key string) pane.Line {
	role, sign := style.Text, text.Const(" ")
	g := m.strip.said[it.name]
	if g.value != "" && (it.value == "" || it.value == g.value) {
		role, sign = style.OK, text.Const("✓")
		if g.value == oncall.TagRejected {
			sign = text.Const("✗")
		}
		if g.waiting {
			role, sign = style.Pending, text.Const("…")
		}
	}
	keyRole := style.Key
	if why, _ := m.stripReason(it.action); !why.Empty() {
		role, keyRole = style.Dim, style.Dim
	}
	return pane.L(pane.S(keyRole, text.Decode(key)), pane.S(role, sign), pane.S(role, it.words))
}
