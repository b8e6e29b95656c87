package ui

import (
	"maps"
	"slices"
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
)

// key gives a key press to the overlay on top, else to what it is bound to.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	if n := len(m.stack); n > 0 {
		return m.overlayKey(m.stack[n-1], k)
	}
	a, ok := m.action(k)
	if !ok {
		if s := k.String(); len(s) == 1 {
			m.say(text.Sprintf("%s does nothing; %s shows the keys", s, m.opts.Keys.Key(keymap.Help)), false)
		}
		return nil
	}
	return m.do(a)
}

func (m *Model) overlayKey(l layer, k tea.KeyPressMsg) tea.Cmd {
	if l.grace && m.now.Sub(l.opened) < graceSpan {
		return nil
	}
	w, h := m.overlayRoom(l)
	before := len(m.stack)
	res := l.Key(k, m.frame(w, h, pane.None), m.board)
	if res.Close {
		m.keepDraft(l.Overlay, res.Intent)
		m.stack = m.stack[:before-1]
	}
	var cmd tea.Cmd
	if res.Action != "" {
		cmd = m.do(res.Action)
	}
	return tea.Batch(cmd, m.carryOut(res.Intent))
}

// keepDraft remembers what was written in a note's editor that is closed
// without sending.
func (m *Model) keepDraft(o overlay.Overlay, sent pane.Intent) {
	n, ok := o.(*overlay.Note)
	if !ok {
		return
	}
	ref, draft := n.Draft()
	if _, yes := sent.(pane.Act); yes || draft == "" {
		delete(m.drafts, ref)
		return
	}
	m.drafts[ref] = draft
	m.say(text.Sprintf("kept as a draft; %s goes on with it", m.opts.Keys.Key(keymap.Note)), false)
}

func (m *Model) paste(s string) {
	if n := len(m.stack); n > 0 {
		m.stack[n-1].Paste(s)
		return
	}
	m.say(text.Const("a paste is not taken for keys; open a note or a filter first"), false)
}

func (m *Model) noteEdited(e NoteEdited) {
	if e.Err != nil {
		m.say(text.Sprintf("$EDITOR: %s; the note is as it was", e.Err), true)
		return
	}
	for _, l := range m.stack {
		if n, ok := l.Overlay.(*overlay.Note); ok {
			if ref, _ := n.Draft(); ref == e.Target {
				n.SetText(e.Text)
				return
			}
		}
	}
	m.drafts[e.Target] = e.Text
}

// do carries out an action of the keymap: the focused pane's first, else the
// screen's. An action that cannot act says why.
func (m *Model) do(a keymap.Action) tea.Cmd {
	focus := m.choice.Focus
	f := m.tileFrame(focus)
	if why := m.reason(a); !why.Empty() {
		m.say(why, false)
		return nil
	}
	if intent, known := m.panes[focus].Handle(a, f, m.board); known {
		return m.carryOut(intent)
	}
	if k, ok := focusOf(a); ok {
		m.focus(k)
		return nil
	}
	if m.moveWindow(a) {
		return nil
	}
	return m.carryOut(m.intent(a))
}

// reason returns why an action cannot act now, or an empty text.
func (m *Model) reason(a keymap.Action) text.Safe {
	e := m.opts.Keys.Entry(a)
	if e.Changes && m.opts.ReadOnly {
		return text.Sprintf("%s: this cockpit is read-only (read_only in the config)", a)
	}
	row, ok := m.board.Page(m.selected)
	switch a {
	case keymap.Ack, keymap.Resolve, keymap.Note, keymap.Detail, keymap.Timeline, keymap.Runbook:
		if a == keymap.Detail && m.choice.Focus == pane.Runbook {
			break
		}
		if !ok {
			return text.Const("no page is selected")
		}
	case keymap.Undo:
		if _, held := m.held(); !held {
			return text.Const("nothing is held; what was sent cannot be taken back")
		}
	}
	if ok {
		if why := pageReason(a, row); !why.Empty() {
			return why
		}
	}
	return m.panes[m.choice.Focus].Reason(a, m.tileFrame(m.choice.Focus), m.board)
}

func pageReason(a keymap.Action, row board.PageRow) text.Safe {
	kind := oncall.Resolve
	switch a {
	case keymap.Ack:
		kind = oncall.Acknowledge
	case keymap.Resolve:
	default:
		return text.Safe{}
	}
	if row.Page.Status == oncall.Resolved {
		return text.Const("this page is resolved already")
	}
	for _, p := range row.Pending {
		if p.Action.Kind == kind {
			return text.Sprintf("this %s is on its way already", kind)
		}
	}
	return text.Safe{}
}

// held returns the newest action that can still be cancelled.
func (m *Model) held() (board.ActionStatus, bool) {
	for _, s := range m.board.Actions() {
		if s.State == oncall.Held {
			return s, true
		}
	}
	return board.ActionStatus{}, false
}

func focusOf(a keymap.Action) (pane.Kind, bool) {
	switch a {
	case keymap.FocusPages:
		return pane.Pages, true
	case keymap.FocusDeploy:
		return pane.Deploys, true
	case keymap.FocusMetric:
		return pane.Metrics, true
	case keymap.FocusLogs:
		return pane.Logs, true
	}
	return pane.None, false
}

// focus moves the focus; a pane that the drawer hides closes the drawer.
func (m *Model) focus(k pane.Kind) {
	m.choice.Focus = k
	if !layout.Divide(m.w, m.h, m.choice).Visible(k) {
		m.choice.Drawer = pane.None
	}
	if k != m.choice.Drawer && !layout.Divide(m.w, m.h, m.choice).Visible(k) {
		m.choice.Preset = layout.Watch
	}
}

// cycle moves the focus among the panes that are on the screen, or, where not
// all fit, through all four, of which the focused one is always shown.
func (m *Model) cycle(by int) {
	kinds := []pane.Kind{pane.Pages, pane.Deploys, pane.Metrics, pane.Logs}
	if m.choice.Drawer != pane.None {
		kinds = []pane.Kind{pane.Pages, m.choice.Drawer}
	} else if !m.screen.Stacked && !m.choice.Zoom {
		kinds = kinds[:0]
		for _, t := range m.screen.Tiles {
			kinds = append(kinds, t.Kind)
		}
	}
	i := max(0, slices.Index(kinds, m.choice.Focus))
	m.choice.Focus = kinds[(i+by+len(kinds))%len(kinds)]
}

// moveWindow moves the shared window; it reports whether the action is about it.
func (m *Model) moveWindow(a keymap.Action) bool {
	switch a {
	case keymap.PanBack:
		m.window = m.window.Pan(-1, m.now)
	case keymap.PanForward:
		m.window = m.window.Pan(1, m.now)
	case keymap.ZoomOut:
		m.window = m.window.Zoom(1, m.now)
	case keymap.ZoomIn:
		m.window = m.window.Zoom(-1, m.now)
	case keymap.Now:
		m.window, m.cursor = m.window.Now(), time.Time{}
	default:
		return false
	}
	return true
}

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
	case keymap.Undo:
		s, _ := m.held()
		return pane.CancelAct{ID: s.Action.ID}
	case keymap.Note:
		m.open(overlay.NewNote(row.Page.Ref, row.Page.Title, m.drafts[row.Page.Ref], nil), false)
	case keymap.Detail:
		return pane.Show{Kind: pane.Detail}
	case keymap.Runbook:
		return pane.Show{Kind: pane.Runbook}
	case keymap.Timeline:
		return pane.Show{Kind: pane.Timeline}
	case keymap.Health:
		return pane.Show{Kind: pane.Health}
	case keymap.Shell:
		m.shell()
	case keymap.Open:
		return m.openURL(row)
	case keymap.Copy:
		return pane.Copy{What: "the page's address", Raw: row.Page.URL}
	case keymap.Refresh:
		return pane.Refresh{}
	case keymap.Filter:
		m.filter()
	case keymap.Palette:
		m.open(overlay.NewPalette(m.items()), false)
	case keymap.Help:
		m.open(overlay.NewHelp(m.opts.Keys, m.reason), false)
	case keymap.Quit:
		return m.quit()
	default:
		m.arrange(a)
	}
	return nil
}

// arrange changes how the screen is divided.
func (m *Model) arrange(a keymap.Action) {
	switch a {
	case keymap.Zoom:
		m.choice.Zoom = !m.choice.Zoom
	case keymap.Layout:
		all := m.presets()
		for i, p := range all {
			if p == m.choice.Preset {
				m.choice.Preset = all[(i+1)%len(all)]
				break
			}
		}
		m.say(text.Sprintf("layout %s", string(m.choice.Preset)), false)
		if !layout.Divide(m.w, m.h, m.choice).Visible(m.choice.Focus) {
			m.choice.Focus = pane.Pages
		}
	case keymap.Next:
		m.cycle(1)
	case keymap.Prev:
		m.cycle(-1)
	case keymap.Zone:
		m.utc = !m.utc
	case keymap.Follow:
		m.pinned[m.choice.Focus] = !m.pinned[m.choice.Focus]
		word := text.Const("follows the page again")
		if m.pinned[m.choice.Focus] {
			word = text.Const("is pinned: it no longer follows the page")
		}
		m.say(text.Sprintf("%s %s", m.choice.Focus, word), false)
	case keymap.Back:
		m.back()
	}
}

// presets are the built-in ones and then the person's own, by name.
func (m *Model) presets() []layout.Preset {
	return append(layout.Presets(), slices.Sorted(maps.Keys(m.opts.Custom))...)
}

// back undoes the last thing that narrows the view.
func (m *Model) back() {
	f, ok := m.panes[m.choice.Focus].(pane.Filterable)
	switch {
	case ok && f.Filtered() != "":
		f.Filter("")
	case !m.cursor.IsZero():
		m.cursor = time.Time{}
	case m.choice.Drawer != pane.None:
		m.choice.Drawer = pane.None
		m.choice.Focus = pane.Pages
	case m.choice.Zoom:
		m.choice.Zoom = false
	default:
		m.toast = toast{}
	}
}

func (m *Model) filter() {
	f, ok := m.panes[m.choice.Focus].(pane.Filterable)
	if !ok {
		m.say(text.Sprintf("there is nothing to filter in %s", m.choice.Focus), false)
		return
	}
	was := f.Filtered()
	m.open(overlay.NewInput(
		text.Sprintf("FILTER %s", m.choice.Focus), text.Const("every word must occur · enter keeps it · esc drops it"), was,
		f.Filter,
		func(v string, keep bool) pane.Intent {
			if !keep {
				v = ""
			}
			f.Filter(v)
			return nil
		}), false)
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
		return pane.Say{Reason: "this page has no address"}
	}
	return pane.OpenURL{URL: row.Page.URL}
}

func (m *Model) quit() pane.Intent {
	n := m.board.Undelivered()
	running := 0
	for _, r := range m.board.Runs() {
		if !r.State.Done() {
			running++
		}
	}
	if n == 0 && running == 0 {
		return pane.Quit{}
	}
	var words []text.Safe
	var options []overlay.Option
	if n > 0 {
		words = append(words, text.Sprintf("%d of what you asked for has not been delivered.", n))
		options = append(options, overlay.Option{Key: "w", Words: text.Const("send it now, quit when it has arrived"), Intent: pane.Quit{Flush: true}})
	}
	if running > 0 {
		words = append(words, text.Sprintf("%d runbook step is still running; quitting ends it and all its children.", running))
	}
	options = append(options, overlay.Option{Key: "y", Words: text.Const("quit all the same"), Intent: pane.Quit{}})
	m.open(overlay.NewChoice(text.Const("QUIT?"), words, options...), true)
	return nil
}

// items is what the palette can find: every action, page, service and deploy.
func (m *Model) items() []overlay.Item {
	var out []overlay.Item
	for _, e := range m.opts.Keys.Entries() {
		out = append(out, overlay.Item{Words: string(e.Action) + ": " + e.Does, Hint: m.opts.Keys.Key(e.Action), Reason: m.reason(e.Action), Action: e.Action})
	}
	for _, r := range m.board.Pages() {
		out = append(out, overlay.Item{Words: "page " + r.Page.Title, Hint: r.Page.Status.String(), Intent: pane.Select{Ref: r.Page.Ref}})
	}
	for _, s := range m.opts.Services.Services() {
		for _, r := range m.board.Pages() {
			if svc, _, ok := m.opts.Services.Resolve(r.Page, nil); ok && svc.Name == s.Name {
				out = append(out, overlay.Item{Words: "service " + s.Name, Hint: "its page", Intent: pane.Select{Ref: r.Page.Ref}})
				break
			}
		}
	}
	for _, d := range m.board.Deploys() {
		out = append(out, overlay.Item{Words: "deploy " + d.Service + " " + d.Version + " " + d.Author, Intent: pane.CursorAt{At: d.When()}})
	}
	return out
}

// carryOut does what an intent asks: the screen's part here, the world's part
// by the one function for it.
func (m *Model) carryOut(i pane.Intent) tea.Cmd {
	switch i := i.(type) {
	case nil:
		return nil
	case pane.Say:
		m.say(text.Decode(i.Reason), false)
		return nil
	case pane.Select:
		m.choose(i.Ref)
		return nil
	case pane.Show:
		m.show(i.Kind)
		return nil
	case pane.CursorAt:
		m.cursor = i.At
		return nil
	case pane.ConfirmStep:
		m.confirm(i)
		return nil
	case pane.Act:
		return m.opts.World(m.prepared(i))
	}
	return m.opts.World(i)
}

// prepared stamps an action, and holds those that a slip of the hand can start.
func (m *Model) prepared(i pane.Act) pane.Intent {
	i.Action.At = m.now
	if i.Action.Kind != oncall.Annotate {
		i.Action.NotBefore = m.now.Add(m.opts.Hold)
	}
	return i
}

func (m *Model) show(k pane.Kind) {
	if m.choice.Drawer == k {
		m.choice.Drawer, m.choice.Focus = pane.None, pane.Pages
		return
	}
	m.choice.Drawer, m.choice.Focus = k, k
}

func (m *Model) confirm(c pane.ConfirmStep) {
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
