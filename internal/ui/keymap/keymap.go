// Package keymap declares every key once. The help, the footer, the palette and
// the table in the README are made from this declaration; a person can re-bind
// or unbind each of them in the config by the action's name.
package keymap

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
)

// Action is something a key does. Its value is the name used in the config.
type Action string

// The actions.
const (
	Ack         Action = "ack"
	Undo        Action = "undo"
	Note        Action = "note"
	Resolve     Action = "resolve"
	Snooze      Action = "snooze"
	Escalate    Action = "escalate"
	Merge       Action = "merge"
	Priority    Action = "priority"
	Mark        Action = "mark"
	Detail      Action = "detail"
	Runbook     Action = "runbook"
	Timeline    Action = "timeline"
	Health      Action = "health"
	Handoff     Action = "handoff"
	Ledger      Action = "ledger"
	Shell       Action = "shell"
	Open        Action = "open"
	Copy        Action = "copy"
	Refresh     Action = "refresh"
	Filter      Action = "filter"
	Palette     Action = "palette"
	Help        Action = "help"
	Back        Action = "back"
	Quit        Action = "quit"
	Next        Action = "next_pane"
	Prev        Action = "previous_pane"
	FocusPages  Action = "pages"
	FocusDeploy Action = "deploys"
	FocusMetric Action = "metrics"
	FocusLogs   Action = "logs"
	Zoom        Action = "zoom"
	Layout      Action = "layout"
	Narrower    Action = "narrower"
	Wider       Action = "wider"
	Shorter     Action = "shorter"
	Taller      Action = "taller"
	UsualSizes  Action = "usual_sizes"
	JumpBack    Action = "jump_back"
	Up          Action = "up"
	Down        Action = "down"
	PageUp      Action = "page_up"
	PageDown    Action = "page_down"
	Top         Action = "top"
	Bottom      Action = "bottom"
	Left        Action = "left"
	Right       Action = "right"
	PanBack     Action = "window_back"
	PanForward  Action = "window_forward"
	ZoomOut     Action = "window_wider"
	ZoomIn      Action = "window_narrower"
	Now         Action = "now"
	Follow      Action = "follow"
	Pause       Action = "pause"
	Wrap        Action = "wrap"
	NextError   Action = "next_error"
	PrevError   Action = "previous_error"
	CancelStep  Action = "cancel_step"
	Patterns    Action = "patterns"
	Trace       Action = "trace"
	Save        Action = "save"
	Query       Action = "query"
	Older       Action = "older"
	Zone        Action = "utc"

	TagNeeded      Action = "tag_needed"
	TagWait        Action = "tag_wait"
	TagNoise       Action = "tag_noise"
	TagPreventable Action = "tag_preventable"
	TagDeploy      Action = "tag_deploy"
	TagFollowUp    Action = "tag_followup"
	TagMemory      Action = "tag_memory"
	TagNight       Action = "tag"
	DropNight      Action = "drop"
	HideLine       Action = "hide_line"
	Recommend      Action = "recommend"
	RecommendSLO   Action = "recommend_slo"
)

// Group says where an action stands in the help.
type Group string

// The groups, in the order of the help.
const (
	GroupPage   Group = "the page"
	GroupTags   Group = "after a resolve"
	GroupLook   Group = "looking"
	GroupTime   Group = "time"
	GroupLogs   Group = "logs and output"
	GroupMove   Group = "moving"
	GroupScreen Group = "the screen"
)

// Entry is the declaration of one action.
type Entry struct {
	Action Action
	Keys   []string
	// Does is what it does, in the few words of a help line.
	Does  string
	Group Group
	// Footer is the single word that the footer shows, empty for none.
	Footer string
	// Changes is true when it changes something outside this screen. Read-only
	// mode disables these.
	Changes bool
}

// Entries returns the declaration of every action, in the order of the help.
func Entries() []Entry { return slices.Concat(pageEntries(), lookEntries(), screenEntries()) }

// pageEntries are about the page and what it was worth.
func pageEntries() []Entry {
	return []Entry{
		{Ack, []string{"a"}, "acknowledge, held for a moment", GroupPage, "ack", true},
		{Undo, []string{"u"}, "cancel what is still held", GroupPage, "", false},
		{Note, []string{"n"}, "write a note (ctrl+e opens $EDITOR)", GroupPage, "note", true},
		{Resolve, []string{"R"}, "resolve, held for a moment", GroupPage, "", true},
		{Snooze, []string{"s"}, "snooze: choose for how long", GroupPage, "", true},
		{Escalate, []string{"E"}, "escalate to a level, or reassign to a person or policy; held for a moment", GroupPage, "", true},
		{Merge, []string{"m"}, "merge into another open page, held for a moment", GroupPage, "", true},
		{Priority, []string{"p"}, "set the priority", GroupPage, "", true},
		{Mark, []string{"space"}, "mark, to acknowledge, resolve or snooze several", GroupPage, "", false},
		{Detail, []string{"enter"}, "everything about the page; in a runbook, run the step; in the logs, a line's fields", GroupPage, "", false},
		{Runbook, []string{"b"}, "runbook of the page", GroupPage, "runbook", false},
		{Timeline, []string{"t"}, "timeline of the page", GroupPage, "timeline", false},
		{Shell, []string{"!"}, "ad-hoc command, kept in the timeline as unreviewed", GroupPage, "", true},
		{Open, []string{"o"}, "open the URL, or show it where nothing can open it", GroupPage, "", false},
		{Copy, []string{"y"}, "copy, and show what was copied", GroupPage, "", false},

		{TagNeeded, []string{"1"}, "tag: it needed me before the morning", GroupTags, "", true},
		{TagWait, []string{"2"}, "tag: somebody had to act, but it could wait", GroupTags, "", true},
		{TagNoise, []string{"3"}, "tag: nobody had to act", GroupTags, "", true},
		{TagPreventable, []string{"4"}, "tag: a known fix or ordinary care would have stopped it", GroupTags, "", true},
		{TagDeploy, []string{"5"}, "tag: the deploy before it was the cause; again: it was not", GroupTags, "", true},
		{TagFollowUp, []string{"6"}, "tag: something has to change; asks for a line", GroupTags, "", true},
		{TagMemory, []string{"7"}, "leave a line for when this alert wakes anyone again", GroupTags, "", true},
		{TagNight, nil, "tag last night's pages one after another, about 20 s", GroupTags, "", true},
		{DropNight, nil, "leave last night's pages without a tag, and ask no more", GroupTags, "", true},
		{Recommend, nil, "recommend something to the team whose code the service is", GroupTags, "", true},
		{RecommendSLO, nil, "recommend an objective for the service, to the team whose code it is", GroupTags, "", true},
	}
}

// lookEntries are about what is looked at, and when.
func lookEntries() []Entry {
	return []Entry{
		{HideLine, []string{"h"}, "hide what the ledger says of a page, or show it again", GroupLook, "", false},
		{FocusPages, []string{"P"}, "focus the pages", GroupLook, "", false},
		{FocusDeploy, []string{"D"}, "focus the deploys", GroupLook, "", false},
		{FocusMetric, []string{"M"}, "focus the metrics", GroupLook, "", false},
		{FocusLogs, []string{"L"}, "focus the logs", GroupLook, "", false},
		{Health, []string{"S"}, "health of every source", GroupLook, "", false},
		{Handoff, []string{"H"}, "what whoever is on call next has to know", GroupLook, "", false},
		{Ledger, []string{"C"}, "what the ledger counts: your nights, whose code woke whom", GroupLook, "", false},
		{Filter, []string{"/"}, "filter this pane", GroupLook, "filter", false},
		{Palette, []string{":"}, "find any action, page, service, deploy, theme or layout", GroupLook, "command", false},
		{JumpBack, []string{"ctrl+o"}, "back to where you were before a jump", GroupLook, "", false},
		{Follow, []string{"F"}, "pin this pane, or let it follow the page again", GroupLook, "", false},
		{Refresh, []string{"r"}, "look again now; always harmless", GroupLook, "", false},

		{PanBack, []string{"["}, "shared time window: earlier", GroupTime, "", false},
		{PanForward, []string{"]"}, "shared time window: later", GroupTime, "", false},
		{ZoomOut, []string{"-"}, "shared time window: wider", GroupTime, "", false},
		{ZoomIn, []string{"+"}, "shared time window: narrower", GroupTime, "", false},
		{Now, []string{"."}, "shared time window: back to now", GroupTime, "", false},
		{Zone, []string{"U"}, "UTC or local time", GroupTime, "", false},

		{Pause, []string{"="}, "pause a tail; the buffer still fills", GroupLogs, "", false},
		{NextError, []string{"}"}, "next error", GroupLogs, "", false},
		{PrevError, []string{"{"}, "previous error", GroupLogs, "", false},
		{Wrap, []string{"w"}, "wrap long lines", GroupLogs, "", false},
		{Patterns, []string{"N"}, "patterns of the log, new ones first, and back", GroupLogs, "", false},
		{Trace, []string{"T"}, "follow a line's trace or request id across all sources; again, search the log stores for it", GroupLogs, "", false},
		{Older, []string{"O"}, "load older lines from the log store", GroupLogs, "", false},
		{Query, []string{"Q"}, "ask a log store in its own language", GroupLogs, "", false},
		{Save, []string{"W"}, "write the shown lines to a private file", GroupLogs, "", false},
		{CancelStep, []string{"x"}, "end the running step and all its children", GroupLogs, "", true},
	}
}

// screenEntries are about moving, and the screen itself.
func screenEntries() []Entry {
	return []Entry{
		{Down, []string{"j", "down"}, "down", GroupMove, "", false},
		{Up, []string{"k", "up"}, "up", GroupMove, "", false},
		{PageDown, []string{"pgdown", "ctrl+d"}, "a screenful down", GroupMove, "", false},
		{PageUp, []string{"pgup", "ctrl+u"}, "a screenful up", GroupMove, "", false},
		{Top, []string{"g", "home"}, "to the start", GroupMove, "", false},
		{Bottom, []string{"G", "end"}, "to the end", GroupMove, "", false},
		{Left, []string{"left", "<"}, "left; in metrics, move the time cursor", GroupMove, "", false},
		{Right, []string{"right", ">"}, "right; in metrics, move the time cursor", GroupMove, "", false},

		{Next, []string{"tab"}, "next pane", GroupScreen, "", false},
		{Prev, []string{"shift+tab"}, "previous pane", GroupScreen, "", false},
		{Zoom, []string{"f"}, "zoom the pane, and back", GroupScreen, "", false},
		{Layout, []string{"v"}, "next layout", GroupScreen, "", false},
		{Narrower, []string{"("}, "make the pane narrower", GroupScreen, "", false},
		{Wider, []string{")"}, "make the pane wider", GroupScreen, "", false},
		{Shorter, []string{"K"}, "make the pane shorter", GroupScreen, "", false},
		{Taller, []string{"J"}, "make the pane taller", GroupScreen, "", false},
		{UsualSizes, []string{"0"}, "all panes of this layout as large as they come", GroupScreen, "", false},
		{Help, []string{"?"}, "this help", GroupScreen, "help", false},
		{Back, []string{"esc"}, "back", GroupScreen, "", false},
		{Quit, []string{"q", "ctrl+c"}, "quit (asks while an action is undelivered)", GroupScreen, "", false},
	}
}

// Names returns every action's name, for checking a config.
func Names() []string {
	var out []string
	for _, e := range Entries() {
		out = append(out, string(e.Action))
	}
	return out
}

// Map is the declaration with a person's changes applied.
type Map struct {
	entries  []Entry
	bindings []key.Binding
}

// New returns the declaration with keys changed by action name; an empty list
// unbinds. Taking a key that another action has by default moves the key. Two
// changed actions on one key are an error naming both.
func New(changes map[string][]string) (Map, error) {
	entries := Entries()
	taken := map[string]Action{}
	for i, e := range entries {
		keys, ok := changes[string(e.Action)]
		if !ok {
			continue
		}
		entries[i].Keys = slices.Clone(keys)
		for _, k := range keys {
			if other, ok := taken[k]; ok {
				return Map{}, fmt.Errorf("bind keys: %q is given to both %s and %s; give one of them another key", k, other, e.Action)
			}
			taken[k] = e.Action
		}
	}
	for name := range changes {
		if !slices.Contains(Names(), name) {
			return Map{}, fmt.Errorf("bind keys: there is no action %q; the actions are %s", name, strings.Join(Names(), ", "))
		}
	}
	m := Map{entries: entries}
	for i, e := range entries {
		entries[i].Keys = slices.DeleteFunc(slices.Clone(e.Keys), func(k string) bool {
			owner, ok := taken[k]
			return ok && owner != e.Action
		})
		m.bindings = append(m.bindings, key.NewBinding(key.WithKeys(entries[i].Keys...)))
	}
	return m, nil
}

// Action returns what the key does.
func (m Map) Action(pressed fmt.Stringer) (Action, bool) {
	for i, b := range m.bindings {
		if key.Matches(pressed, b) {
			return m.entries[i].Action, true
		}
	}
	return "", false
}

// Entries returns the entries in the order of the help, with the keys in force.
func (m Map) Entries() []Entry { return m.entries }

// Entry returns one action's entry.
func (m Map) Entry(a Action) Entry {
	for _, e := range m.entries {
		if e.Action == a {
			return e
		}
	}
	return Entry{Action: a}
}

// Key returns the first key of an action as it is written on screen, or an
// empty string when it is unbound.
func (m Map) Key(a Action) string {
	if e := m.Entry(a); len(e.Keys) > 0 {
		return Label(e.Keys[0])
	}
	return ""
}

// Way returns how an action is reached: by its first key, or by its name in the
// palette when it is unbound.
func (m Map) Way(a Action) string {
	if k := m.Key(a); k != "" {
		return k
	}
	return m.Key(Palette) + string(a)
}

// Label returns a key's name as a person would write it.
func Label(k string) string {
	switch k {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	}
	return k
}

// Table returns the keys as a Markdown table, for the README.
func (m Map) Table() string {
	var b strings.Builder
	b.WriteString("| key | does | name in the config |\n| --- | --- | --- |\n")
	for _, e := range m.entries {
		var keys []string
		for _, k := range e.Keys {
			keys = append(keys, "`"+Label(k)+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", strings.Join(keys, " "), e.Does, e.Action)
	}
	return b.String()
}

// Check says why a text in a config is no key, or returns nil.
func Check(k string) error {
	if r := []rune(k); len(r) == 1 && r[0] > ' ' {
		return nil
	}
	base := k
	for _, mod := range []string{"ctrl+", "alt+", "shift+"} {
		base = strings.TrimPrefix(base, mod)
	}
	if r := []rune(base); base != k && len(r) == 1 {
		return nil
	}
	if slices.Contains([]string{
		"enter", "esc", "tab", "space", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "pgup", "pgdown",
		"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
	}, base) {
		return nil
	}
	return fmt.Errorf("%q is no key; write one letter or sign, or a name such as enter, tab, pgup, f5, with ctrl+, alt+ or shift+ before it", k)
}
