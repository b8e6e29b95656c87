package ui

import (
	"reflect"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/text"
	"conway/internal/ui/deploys"
	"conway/internal/ui/handoff"
	"conway/internal/ui/health"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/logs"
	"conway/internal/ui/metrics"
	"conway/internal/ui/nights"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pages"
	"conway/internal/ui/pane"
	"conway/internal/ui/steps"
	"conway/internal/ui/timeline"
)

// Model is the root and the only model of the program.
type Model struct {
	opts  Options
	board board.Board
	panes map[pane.Kind]pane.Pane
	w, h  int
	now   time.Time
	watch watch
	utc   bool
	// urgent is true while a frame is drawn that another one follows soon.
	urgent bool

	choice layout.Choice
	screen layout.Screen
	stack  []layer

	selected oncall.Ref
	// marked are the pages of the next bulk action; bulk is the one under way.
	marked []oncall.Ref
	bulk   bulk
	// window is the shared window; chosen is true once a person moved it.
	window follow.Frame
	cursor time.Time
	pinned map[pane.Kind]bool
	// subject is what the metrics are of; it stays while they are pinned.
	subject subject
	scene   pane.Scene

	asked  map[string]oncall.Question
	tailed tailed
	// searching is true while a step of a search runs beside the screen.
	searching bool
	store     storeSearch
	loaded    map[oncall.Ref]loading
	// sheetAsked is when the ledger was last asked for the sheet.
	sheetAsked time.Time
	drafts     map[oncall.Ref]string
	toast      toast
	strip      strip
	// reminded is when last night's untagged pages were last spoken of.
	reminded time.Time
	// counted is when the ledger was last asked to count.
	counted time.Time
	// hidden is true while a person does not want the ledger's line.
	hidden bool

	// size is how many bytes the last screen took.
	size int

	// theme is the one in force, whichever is being looked at.
	theme string
	past  past
	jumps []place

	// called are the unacknowledged pages of mine, and when a person was last
	// called for each.
	called map[oncall.Ref]time.Time
}

// layer is one overlay and when it was opened.
type layer struct {
	overlay.Overlay
	opened time.Time
	// grace swallows keys for a moment, so that one meant for something else
	// cannot answer a question that has just opened.
	grace bool
}

// subject is what the panels' queries are filled from.
type subject struct {
	service follow.Service
	page    oncall.Page
	detail  *oncall.PageDetail
}

// loading remembers for which state of a page its detail was asked.
type loading struct {
	updated time.Time
	at      time.Time
}

type toast struct {
	text  text.Safe
	fault bool
	// whole lets it cover as many rows as it needs.
	whole bool
	until time.Time
}

const (
	// graceSpan follows the quiet time after which typing counts as ended.
	graceSpan = 425 * time.Millisecond
	// toastSpan is long enough to read a sentence; a fault stays longer.
	toastSpan      = 6 * time.Second
	faultToastSpan = 20 * time.Second
	wholeToastSpan = time.Minute
	// detailEvery is how often the selected page's notes and alerts are read
	// again while nothing points at a change.
	detailEvery = time.Minute
	tickEvery   = time.Second
	// sheetEvery is how often the ledger is read for the handoff.
	sheetEvery = time.Minute
)

// New returns the model.
func New(o Options) *Model {
	m := &Model{
		opts: o, board: o.Board,
		choice: layout.Choice{Preset: o.Preset, Focus: pane.Pages, Custom: o.Custom},
		panes: map[pane.Kind]pane.Pane{
			pane.Pages: pages.New(), pane.Detail: pages.NewDetail(), pane.Deploys: deploys.New(o.Services),
			pane.Metrics: metrics.New(), pane.Logs: logs.New(), pane.Runbook: steps.New(),
			pane.Timeline: timeline.New(o.Services), pane.Health: health.New(), pane.Handoff: handoff.New(),
			pane.Ledger: nights.New(),
		},
		pinned: map[pane.Kind]bool{}, loaded: map[oncall.Ref]loading{}, drafts: map[oncall.Ref]string{},
		called: map[oncall.Ref]time.Time{},
	}
	m.watch = m.look()
	m.now = m.watch.wall
	for _, e := range o.Recalled {
		m.board, _ = m.board.Apply(e)
	}
	for _, r := range m.board.Pages() {
		m.called[r.Page.Ref] = m.now // the first look at them is now
	}
	m.window = follow.Window(time.Time{}, m.now)
	m.theme = o.Theme
	m.recall(o.Memory)
	if o.Notice != "" {
		m.say(text.Decode(o.Notice), false)
	}
	return m
}

// Init starts listening and ticking.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.opts.Listen, m.opts.Later, m.follow(), tick()) }

type tickMsg struct{}

func tick() tea.Cmd {
	// By the beat that jobs which only look from time to time keep to.
	return tea.Every(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

// Hurry says whether the next frame may leave what has no part in what a person just
// did as it was: then another one follows soon. It does as it is told.
func (m *Model) Hurry(on bool) bool {
	m.urgent = on
	return on
}

// Update routes a message to what it concerns.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	open := len(m.stack)
	woken := m.advance()
	var cmd tea.Cmd
	m.urgent = false
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		// A key that was meant for a question which is closed is meant for nothing.
		if len(m.stack) == open {
			cmd = m.key(msg)
		}
	case tea.PasteMsg:
		m.paste(msg.Content)
	case tea.MouseClickMsg:
		cmd = m.click(msg.X, msg.Y)
	case tea.MouseWheelMsg:
		cmd = m.wheel(msg)
	case Events:
		cmd = m.fold(board.Together{Events: msg})
	case board.Together:
		cmd = m.fold(msg)
	case Said:
		m.say(text.Decode(msg.Text), msg.Fault)
		if msg.Whole {
			m.toast.whole, m.toast.until = true, m.now.Add(wholeToastSpan)
		}
	case NoteEdited:
		m.noteEdited(msg)
	case Tagged:
		m.tagsKept(msg)
	case foundMsg:
		m.found(msg)
	case StorePart:
		cmd = m.storePart(msg)
	case tickMsg:
		cmd = tea.Batch(tick(), m.remember())
	default:
		return m, woken
	}
	m.screen = layout.Divide(m.w, m.h, m.choice)
	return m, tea.Batch(woken, cmd, m.follow(), m.call(), m.search())
}

// fold applies events, tells a person what they may want to hear of, and listens for
// more.
func (m *Model) fold(t board.Together) tea.Cmd {
	var changes []board.Change
	m.board, changes = m.board.ApplyTogether(t)
	for _, e := range t.Events {
		if e, ok := e.(oncall.LinesEvent); ok && e.Free != nil {
			e.Free() // the board has copied what it keeps
		}
	}
	for _, c := range changes {
		m.changed(c)
	}
	m.remind()
	return m.opts.Listen
}

func (m *Model) changed(c board.Change) {
	switch c := c.(type) {
	case board.PageOpened:
		if c.First {
			m.called[c.Ref] = m.now // it is on the screen that was just opened
			return
		}
		r, _ := m.board.Page(c.Ref)
		m.say(text.Sprintf("new page: %s", r.Page.Title), false)
	case board.PageResolved:
		if r, ok := m.board.Page(c.Ref); ok {
			m.say(text.Sprintf("resolved: %s", r.Page.Title), false)
		}
	case board.SourceFailed:
		if s, ok := m.paneless(c.Name); ok && s.Reading.Fault != nil {
			m.say(text.Decode(s.Reading.Fault.Error()), true)
		}
	case board.SourceRecovered:
		if s, ok := m.paneless(c.Name); ok {
			m.say(text.Sprintf("%s: works again", s.Name), false)
		}
	case board.ActionSettled:
		m.settled(c)
	case board.RunEnded:
		if r, ok := m.board.Run(c.ID); ok {
			f := pane.Frame{Now: m.now}
			name := text.Sprintf("step %d %s", r.Step+1, r.Title)
			if r.Runbook == pane.AdHoc {
				name = text.Decode(r.Title)
			}
			m.say(text.Sprintf("%s: %s", name, steps.Outcome(r, f).Text), r.State != oncall.RunExited || r.Exit != 0)
		}
	}
}

// paneless returns a source that no pane is about, such as the ledger: nothing
// else says in words that it failed.
func (m *Model) paneless(name string) (board.SourceState, bool) {
	for _, s := range m.board.Sources() {
		if s.Name == name {
			return s, s.Kind == ""
		}
	}
	return board.SourceState{}, false
}

func (m *Model) say(t text.Safe, fault bool) {
	span := toastSpan
	if fault {
		span = faultToastSpan
	}
	m.toast = toast{text: t, fault: fault, until: m.now.Add(span)}
}

// open puts an overlay on the stack. Grace is for what opens by itself, and for
// what must not be answered by a key that was pressed too early.
func (m *Model) open(o overlay.Overlay, grace bool) {
	m.stack = append(m.stack, layer{o, m.now, grace})
}

// follow makes the scene from the board and the selection, and asks for what
// it lacks.
func (m *Model) follow() tea.Cmd {
	m.land()
	m.prune()
	row, ok := m.board.Page(m.selected)
	sc := pane.Scene{Page: m.selected, Marked: m.marked, Pinned: m.pinned, Cursor: m.cursor, Me: m.board.Roster().Value.Me}
	sc.Window, sc.Live = m.window.At(m.plotted()), m.window.End.IsZero()
	var detail *oncall.PageDetail
	if ok {
		if r := m.board.Detail(m.selected); !r.Received.IsZero() {
			detail = &r.Value
		}
		sc.Service, sc.Why, _ = m.opts.Services.Resolve(row.Page, detail)
		sc.Suspects = follow.Suspects(m.board.Deploys(), sc.Service, m.opts.Services, row.Page.CreatedAt, m.now, labelsOf(detail))
		sc.Runbook, sc.RunbookWhy = m.runbook(row.Page, detail, sc.Service)
	}
	m.scene = sc
	m.putBack()
	return tea.Batch(m.countNights(), m.load(row, ok), m.sheet(), m.ask(row.Page, detail), m.tail(row.Page, detail))
}

func labelsOf(d *oncall.PageDetail) map[string]string {
	if d == nil {
		return nil
	}
	return d.Labels
}

func (m *Model) runbook(p oncall.Page, d *oncall.PageDetail, s follow.Service) (*runbook.Entry, string) {
	hint := runbook.ServiceHint{Name: s.Name, Runbooks: s.Runbooks, Labels: s.Labels}
	e, why, ok := runbook.Match(p, d, hint, m.opts.Library)
	if ok {
		return &e, why
	}
	if d != nil && d.Runbook != "" {
		return nil, "no file here for the runbook of this page: " + d.Runbook + " (" + m.opts.Keys.Way(keymap.Open) + " opens it)"
	}
	return nil, "no runbook for this page: name one under services." + s.Name + ".runbooks in the config, or link one from the alert"
}

// choose selects a page and puts the window around its start.
func (m *Model) choose(ref oncall.Ref) {
	m.selected = ref
	m.cursor, m.past.panned = time.Time{}, false
	row, _ := m.board.Page(ref)
	m.window = follow.Window(row.Page.CreatedAt, m.now)
	m.board = m.board.MarkSeen(ref)
}

// load asks for the selected page's detail when it is new, has changed, or was
// read some time ago.
func (m *Model) load(row board.PageRow, ok bool) tea.Cmd {
	if !ok {
		return nil
	}
	ref := row.Page.Ref
	was, asked := m.loaded[ref]
	if asked && was.updated.Equal(row.Page.UpdatedAt) && m.now.Sub(was.at) < detailEvery {
		return nil
	}
	m.loaded[ref] = loading{row.Page.UpdatedAt, m.now}
	return m.opts.World(pane.LoadDetail{Page: row.Page})
}

// sheet asks for what the ledger holds for the next person while that is on the
// screen.
func (m *Model) sheet() tea.Cmd {
	shown := slices.ContainsFunc(m.screen.Tiles, func(t layout.Tile) bool { return t.Kind == pane.Handoff })
	if !shown || m.now.Sub(m.sheetAsked) < sheetEvery {
		return nil
	}
	m.sheetAsked = m.now
	return m.opts.World(pane.LoadSheet{})
}

// ask puts the panels' queries to the metrics sources when they differ from
// what was asked last.
func (m *Model) ask(p oncall.Page, d *oncall.PageDetail) tea.Cmd {
	if !m.pinned[pane.Metrics] {
		m.subject = subject{m.scene.Service, p, d}
	}
	s := m.subject
	qs := follow.Questions(m.opts.Panels, s.service, s.page, s.detail, m.window.Span, m.window.End, m.plotWidth())
	if m.opts.Budgets != nil {
		follow.Budgets(qs, m.opts.Budgeter, m.opts.Budgets(s.service, s.detail), s.service, s.page, m.window.Span, m.window.End, m.plotWidth())
	}
	if reflect.DeepEqual(qs, m.asked) {
		return nil
	}
	m.asked = qs
	m.board = m.board.Follow(follow.Scope(s.service, s.page))
	return m.opts.World(pane.Ask{Questions: qs})
}

// plotWidth is about how many points a plot can show. It is coarse, so that a
// resize does not ask anew for every column.
func (m *Model) plotWidth() int {
	const grain = 40
	return max(grain, (m.w/2)/grain*grain)
}

// Frame returns the frame for a room of w by h cells.
func (m *Model) frame(w, h int, k pane.Kind) pane.Frame {
	zone := m.opts.Zone
	if m.utc {
		zone = time.UTC
	}
	sc := m.scene
	if k == pane.Metrics && m.pinned[k] && m.subject.page.Ref != sc.Page {
		// Another page's deploys say nothing of these.
		sc.Service, sc.Suspects = m.subject.service, nil
	}
	f := pane.Frame{
		Width: max(0, w), Height: max(0, h), Now: m.now, Zone: zone, Keys: m.opts.Keys,
		Focused: k == m.choice.Focus && len(m.stack) == 0, Scene: sc, Urgent: m.urgent,
	}
	if k == pane.Timeline {
		f.Scene.Patterns = m.logPane().Began(f, m.board)
	}
	return f
}

// tileFrame returns the frame of a pane's tile, or a small one for a pane that
// has none at this size.
func (m *Model) tileFrame(k pane.Kind) pane.Frame {
	for _, t := range m.screen.Tiles {
		if t.Kind == k {
			in := t.Inner()
			return m.frame(in.W, in.H, k)
		}
	}
	return m.frame(m.w, 1, k)
}

// Board returns what is known now.
func (m *Model) Board() board.Board { return m.board }

func (m *Model) action(k tea.KeyPressMsg) (keymap.Action, bool) { return m.opts.Keys.Action(k) }
