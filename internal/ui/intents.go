package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/steps"
)

// intent returns what a global action asks for; it changes only the screen.
func (m *Model) intent(a keymap.Action) pane.Intent {
	row, _ := m.board.Page(m.selected)
	target := oncall.Action{Target: row.Page.Ref, Title: row.Page.Title}
	switch a {
	case keymap.Ack:
		target.Kind = oncall.Acknowledge
		return pane.Act{Action: target}
	case keymap.Resolve:
		target.Kind = oncall.Resolve
		return pane.Act{Action: target}
	case keymap.Snooze:
		m.snooze()
	case keymap.Escalate, keymap.Merge, keymap.Priority:
		return m.aim(a, row)
	case keymap.Mark:
		m.mark()
	case keymap.Undo:
		return m.undo()
	case keymap.Note:
		m.open(overlay.NewNote(row.Page.Ref, row.Page.Title, m.drafts[row.Page.Ref], nil), false)
	case keymap.Shell:
		m.shell()
	case keymap.CancelStep:
		return m.cancelRun()
	case keymap.Open:
		return m.openURL(row)
	case keymap.Copy:
		if row.Page.URL == "" {
			return noAddress(row)
		}
		return pane.Copy{What: "the page's address", Raw: row.Page.URL}
	case keymap.Refresh:
		return pane.Refresh{}
	case keymap.Filter:
		m.filter()
	case keymap.Palette:
		m.find()
	case keymap.JumpBack:
		m.jumpBack()
	case keymap.Help:
		m.open(overlay.NewHelp(m.opts.Keys, m.reason), false)
	case keymap.Quit:
		return m.quit()
	default:
		return m.lookIntent(a)
	}
	return nil
}

// lookIntent returns what an action asks for that is only about looking.
func (m *Model) lookIntent(a keymap.Action) pane.Intent {
	switch a {
	case keymap.Query:
		m.askStore()
		return nil
	case keymap.Older:
		return m.loadOlder()
	case keymap.TagNight:
		m.judgeNext(m.board.Recall().Untagged, 0)
		return nil
	case keymap.DropNight:
		return m.dropNight()
	case keymap.HideLine:
		m.hideLine()
		return nil
	case keymap.Recommend:
		m.recommend()
		return nil
	case keymap.RecommendSLO:
		m.recommendSLO()
		return nil
	case keymap.TagNeeded, keymap.TagWait, keymap.TagNoise, keymap.TagPreventable, keymap.TagDeploy, keymap.TagFollowUp, keymap.TagMemory:
		return m.tag(a)
	}
	if k, ok := drawerOf(a); ok {
		return pane.Show{Kind: k}
	}
	m.arrange(a)
	return nil
}

// undo takes back everything that is still held.
func (m *Model) undo() pane.Intent {
	var all pane.Several
	for _, s := range m.held() {
		all.Intents = append(all.Intents, pane.CancelAct{ID: s.Action.ID})
	}
	return all
}

// drawerOf returns the on-demand pane that an action opens.
func drawerOf(a keymap.Action) (pane.Kind, bool) {
	switch a {
	case keymap.Detail:
		return pane.Detail, true
	case keymap.Runbook:
		return pane.Runbook, true
	case keymap.Timeline:
		return pane.Timeline, true
	case keymap.Health:
		return pane.Health, true
	case keymap.Handoff:
		return pane.Handoff, true
	case keymap.Ledger:
		return pane.Ledger, true
	}
	return pane.None, false
}

// snooze asks for how long. The second key is the decision, so nothing is held.
func (m *Model) snooze() {
	f := m.frame(0, 0, pane.None)
	names, acts := m.bulkWords(keymap.Snooze, oncall.Snooze)
	options := []overlay.Option{}
	add := func(key string, words text.Safe, until time.Time) {
		options = append(options, overlay.Option{
			Key: key, Words: text.Sprintf("%s, until %s", words, f.Date(until)), Intent: actsOf(acts, until),
		})
	}
	add("1", text.Const("30 minutes"), m.now.Add(30*time.Minute))
	add("2", text.Const("1 hour"), m.now.Add(time.Hour))
	add("3", text.Const("4 hours"), m.now.Add(4*time.Hour))
	add("4", text.Const("to the morning"), morning(m.now.In(f.In())))
	m.open(overlay.NewChoice(text.Const("SNOOZE"), append(names, text.Const("It calls again when the time is over.")), options...), true)
}

// morning returns the next eight o'clock, when working hours have begun for most.
func morning(now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), 8, 0, 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, 8, 0, 0, 0, now.Location())
	}
	return at
}

// shell asks for a command, which then takes the same way as a runbook's step.
func (m *Model) shell() {
	m.open(overlay.NewInput(
		text.Const("AD-HOC COMMAND"), text.Const("enter shows it once more before it runs · kept as an unreviewed change"), "", nil,
		func(v string, ok bool) pane.Intent {
			if !ok || v == "" {
				return nil
			}
			s := runbook.Step{Title: "ad-hoc command", Script: []byte(v + "\n"), Interpreter: "sh", Effect: runbook.Change}
			return pane.ConfirmStep{Runbook: pane.AdHoc, Step: s}
		}), false)
}

func (m *Model) openURL(row board.PageRow) pane.Intent {
	if m.choice.Focus == pane.Runbook {
		if d := m.board.Detail(row.Page.Ref); d.Value.Runbook != "" {
			return pane.OpenURL{URL: d.Value.Runbook}
		}
	}
	if row.Page.URL == "" {
		return noAddress(row)
	}
	return pane.OpenURL{URL: row.Page.URL}
}

func noAddress(row board.PageRow) pane.Intent {
	if row.Page.Ref.IsZero() {
		return pane.Say{Reason: "no page is selected"}
	}
	return pane.Say{Reason: "this page has no address"}
}

func (m *Model) quit() pane.Intent {
	n := m.board.Undelivered()
	running := 0
	for _, r := range m.board.Runs() {
		if !r.State.Done() {
			running++
		}
	}
	if n == 0 && running == 0 && len(m.drafts) == 0 {
		return pane.Quit{}
	}
	var words []text.Safe
	var options []overlay.Option
	if n > 0 {
		words = append(words, text.Sprintf("%d of what you asked for has not been delivered.", n))
		options = append(options, overlay.Option{Key: "w", Words: text.Const("send it now, quit when it has arrived"), Intent: pane.Quit{Flush: true}})
	}
	if running > 0 {
		what := text.Const("1 runbook step is still running; quitting ends it and all its children.")
		if running > 1 {
			what = text.Sprintf("%d runbook steps are still running; quitting ends them and all their children.", running)
		}
		words = append(words, what)
	}
	for ref := range m.drafts {
		row, _ := m.board.Page(ref)
		words = append(words, text.Sprintf("A note was begun and not sent; quitting loses it: %s", row.Page.Title))
	}
	options = append(options, overlay.Option{Key: "y", Words: text.Const("quit all the same"), Intent: pane.Quit{}})
	m.open(overlay.NewChoice(text.Const("QUIT?"), words, options...), true)
	return nil
}

// carryOut does what an intent asks: the screen's part here, the world's part
// by the one function for it.
func (m *Model) carryOut(i pane.Intent) tea.Cmd {
	if i == nil || m.shown(i) {
		return nil
	}
	switch i := i.(type) {
	case pane.Act:
		m.unmark(i.Action)
		m.offerTags(i)
		return m.opts.World(m.prepared(i))
	case pane.Several:
		m.began(i)
		var cmds []tea.Cmd
		for _, one := range i.Intents {
			cmds = append(cmds, m.carryOut(one))
		}
		m.offerTags(i.Intents...)
		return tea.Batch(cmds...)
	case pane.Trace:
		return m.carryOut(m.trace(i))
	case pane.RunStep:
		m.watchRun(i)
	case pane.Quit:
		return tea.Batch(m.remember(), m.opts.World(i))
	case pane.SearchStore:
		m.store.running[i.ID] = i.Source
		m.logPane().Busy(m.store.words())
	case pane.CancelSearch:
		delete(m.store.running, i.ID)
		m.logPane().Busy(m.store.words())
	}
	return m.opts.World(i)
}

// shown carries out an intent that changes only what the screen shows, and reports
// whether it was one.
func (m *Model) shown(i pane.Intent) bool {
	switch i := i.(type) {
	case pane.Say:
		m.say(text.Decode(i.Reason), false)
	case pane.Select:
		m.choose(i.Ref)
	case pane.Show:
		m.show(i.Kind)
	case pane.CursorAt:
		m.cursor = i.At
	case pane.ConfirmStep:
		m.confirm(i)
	case pane.Jump:
		m.jump(i)
	case pane.AskTarget:
		m.askTarget(i.SLO)
	case pane.Arrange:
		m.take(layout.Preset(i.Preset))
	case pane.Dress:
		m.dress(i)
	default:
		return false
	}
	return true
}

// watchRun opens the pane in which the output of what was just confirmed comes in.
func (m *Model) watchRun(i pane.RunStep) {
	m.choice.Drawer, m.choice.Focus = pane.Runbook, pane.Runbook
	if p, ok := m.panes[pane.Runbook].(*steps.Pane); ok && i.Runbook == pane.AdHoc {
		p.ShowLast(m.frame(0, 0, pane.Runbook))
	}
}

// cancelRun ends what runs for the selected page.
func (m *Model) cancelRun() pane.Intent {
	if r, ok := m.running(); ok {
		return pane.CancelRun{ID: r.ID}
	}
	return pane.Say{Reason: "no step of this page is running"}
}

// running returns what runs for the selected page.
func (m *Model) running() (board.Run, bool) {
	for _, r := range m.board.Runs() {
		if r.Page == m.selected && !r.State.Done() {
			return r, true
		}
	}
	return board.Run{}, false
}

// prepared stamps an action, and holds those that a slip of the hand can start.
func (m *Model) prepared(i pane.Act) pane.Intent {
	i.Action.At = m.now
	switch i.Action.Kind {
	case oncall.Acknowledge, oncall.Resolve, oncall.Escalate, oncall.Reassign, oncall.Merge:
		i.Action.NotBefore = m.now.Add(m.opts.Hold)
	case oncall.Annotate, oncall.Snooze, oncall.Prioritise, oncall.File:
	}
	return i
}

func (m *Model) confirm(c pane.ConfirmStep) {
	if m.opts.ReadOnly {
		m.say(text.Const("no step is run: this cockpit is read-only (read_only in the config)"), false)
		return
	}
	row, _ := m.board.Page(m.selected)
	run := pane.RunStep{
		Page: row.Page, Service: m.scene.Service.Name, Runbook: c.Runbook, Step: c.Step,
		Digest: runbook.Digest(c.Runbook, c.Step.Script, c.Step.Index),
	}
	if d := m.board.Detail(m.selected); !d.Received.IsZero() {
		run.Detail = &d.Value
	}
	m.open(overlay.NewConfirm(run, m.opts.Place), true)
}
