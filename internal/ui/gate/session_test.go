package gate_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
	"conway/internal/ui/uitest"
	"conway/themes"
)

// sheet returns a theme.
func sheet(tb testing.TB, name string) style.Sheet {
	tb.Helper()
	data, err := themes.Read(name)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := style.Parse(name, data)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// events are everything that sources and the program's own parts say: those of
// the sample incident, and one of every other kind, with every field filled.
func events() []oncall.Event {
	at, who := uitest.Now(), oncall.Person{ID: "PX", Name: "Xi", Email: "xi@example.com"}
	stamp := func(source string) oncall.Stamp { return oncall.Stamp{Source: source, At: at} }
	fault := &oncall.Fault{Kind: oncall.Rejected, Source: "pd", Op: "list incidents", Status: 400, Detail: "no such thing", Fix: "ask again"}
	failed := stamp("gh")
	failed.Err = fault
	out := append(uitest.Events(), uitest.Series())
	return append(out,
		oncall.PagesEvent{Stamp: stamp("pd"), Complete: true, Every: time.Minute, Pages: append(uitest.Pages(), oncall.Page{
			Ref: oncall.Ref{Source: "pd", ID: "Q9"}, Title: "t", Status: oncall.Triggered, Priority: "P1", Service: oncall.Service{ID: "s", Name: "n"},
			Teams: []string{"team"}, Policy: "policy", CreatedAt: at, Assignees: []oncall.Person{who}, Acks: []oncall.Acknowledgement{{By: who, At: at}},
			Pending: []oncall.Escalation{{Kind: "escalate", At: at.Add(time.Minute)}}, URL: "https://x", Key: "k", Odd: []string{"odd"},
		})},
		oncall.ActionEvent{Stamp: stamp("pd"), State: oncall.Refused, Attempt: 2, Action: oncall.Action{ID: "a1", Kind: oncall.Annotate, Target: uitest.Checkout(), Title: "title", Text: "note", At: at}},
		oncall.ActionEvent{Stamp: stamp("pd"), State: oncall.Unconfirmed, Action: oncall.Action{ID: "a2", Kind: oncall.Acknowledge, Target: uitest.Checkout(), Title: "title", At: at}},
		oncall.RunEvent{
			Stamp: stamp("runner"), Run: oncall.StepRun{ID: "r1", Page: uitest.Checkout(), Runbook: "runbooks/checkout.md", Title: "look", Script: "ls", State: oncall.RunFailed, Started: at, Ended: at, Reason: "why"},
			Output:  []oncall.OutputLine{{At: at, Text: "out"}, {At: at, Stderr: true, Text: "err"}, {At: at, Text: "part", Partial: true}},
			Dropped: oncall.Dropped{Count: 3, Reason: "too fast"},
		},
		oncall.LinesEvent{Stamp: stamp("app"), Lines: uitest.Lines()[:5], Dropped: oncall.Dropped{Count: 7, Reason: "rotated"}},
		oncall.HealthEvent{Stamp: failed, NextTry: at.Add(time.Minute), Attempt: 3},
	)
}

// poison puts raw into every string that v holds, and returns how many there
// were. keep says which fields stay, by the names of their types and their own.
func poison(v reflect.Value, raw string, keep func(typ, field string) bool) int {
	switch v.Kind() { //nolint:exhaustive // the other kinds hold no text
	case reflect.String:
		v.SetString(raw)
		return 1
	case reflect.Pointer:
		if v.IsNil() || v.Type().Elem() == reflect.TypeFor[time.Location]() {
			return 0
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		v.Set(fresh)
		return poison(fresh.Elem(), raw, keep)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice {
			fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(fresh, v)
			v.Set(fresh)
		}
		n := 0
		for i := range v.Len() {
			n += poison(v.Index(i), raw, keep)
		}
		return n
	case reflect.Map:
		fresh := reflect.MakeMap(v.Type())
		n := 0
		for it := v.MapRange(); it.Next(); {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			k.Set(it.Key())
			e.Set(it.Value())
			n += poison(k, raw, keep) + poison(e, raw, keep)
			fresh.SetMapIndex(k, e)
		}
		v.Set(fresh)
		return n
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		n := 0
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && !keep(v.Type().Name(), f.Name) {
				n += poison(v.Field(i), raw, keep)
			}
		}
		return n
	}
	return 0
}

// links are the fields by which one thing finds another. They are kept so that
// every screen has something to show, and poisoned too in a round of their own.
func links(typ, field string) bool {
	return typ == "Ref" || typ == "Stamp" && field == "Source" || typ == "Question" && field == "Scope" ||
		typ == "StepRun" && field == "Runbook" || typ == "Action" && field == "ID" || field == "ID" || field == "PolicyID" || typ == "LogLine" && field == "Source"
}

func nothing(string, string) bool { return false }

// poisoned returns the events with raw in every field, and how many fields that
// are.
func poisoned(raw string, keep func(string, string) bool) ([]oncall.Event, int) {
	var out []oncall.Event
	n := 0
	for _, e := range events() {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		v.Set(reflect.ValueOf(e))
		n += poison(v, raw, keep)
		out = append(out, v.Interface().(oncall.Event))
	}
	return out, n
}

// book is a runbook with raw wherever a runbook has text.
func book(raw string) runbook.Entry {
	src := "# " + raw + "\n\n" + raw + "\n\n- " + raw + "\n\n| a | b |\n|---|---|\n| " + raw + " | x |\n\n> " + raw + "\n\n## " + raw + "\n\n```sh observe\n" + raw + "\n```\n\n```sh change\necho '" + raw + "'\n```\n"
	rb, err := runbook.Parse("runbooks/checkout.md", []byte(src))
	return runbook.Entry{Path: "runbooks/checkout.md", Runbook: rb, Err: err}
}

// session is the program's model with a person at it.
type session struct {
	*ui.Model
	clock time.Time
}

// newSession returns a session in which everything that came from outside is
// raw, or the sample incident when raw is empty.
func newSession(tb testing.TB, raw string, keep func(string, string) bool) (*session, int) {
	tb.Helper()
	keys, err := keymap.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	evs, n := events(), 0
	services, panels, sources, entry := uitest.Services(), uitest.Panels(), uitest.Sources(), uitest.Runbook()
	place := overlay.Place{Environment: "prod", Production: true, Host: "bastion", User: "ana"}
	notice := ""
	if raw != "" {
		evs, n = poisoned(raw, keep)
		entry = book(raw)
		place.Host, place.User, notice = raw, raw, raw
		if keep("Ref", "Source") {
			services[0].Owner = raw
		} else {
			n += poison(reflect.ValueOf(&services).Elem(), raw, keep) + poison(reflect.ValueOf(&panels).Elem(), raw, keep)
			sources = []board.SourceInfo{{Name: raw, Kind: board.KindPages}}
		}
	}
	s := &session{clock: uitest.Now()}
	s.Model = ui.New(ui.Options{
		Board: board.New(board.Options{Me: "ana@example.com", Sources: sources}), Keys: keys, Sheet: sheet(tb, "night"), Preset: layout.Watch,
		Services: follow.NewMap(services), Panels: panels, Library: runbook.Library{entry}, Zone: uitest.Zone(), Hold: 3 * time.Second,
		Place: place, Notice: notice, Now: func() time.Time { return s.clock }, World: func(pane.Intent) tea.Cmd { return nil },
	})
	s.Init()
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	s.Update(ui.Events(evs))
	if raw != "" {
		s.Update(ui.Said{Text: raw, Fault: true})
	}
	return s, n
}

func (s *session) size(w, h int) { s.Update(tea.WindowSizeMsg{Width: w, Height: h}) }

// press presses keys; a name of several letters is a key of that name. Time goes
// on in between, so that a question which has just opened hears them.
func (s *session) press(keys ...string) {
	for _, k := range keys {
		s.clock = s.clock.Add(time.Second)
		r, text := []rune(k)[0], k
		switch k {
		case "enter":
			r, text = tea.KeyEnter, ""
		case "esc":
			r, text = tea.KeyEscape, ""
		case "pgdown":
			r, text = tea.KeyPgDown, ""
		}
		s.Update(tea.KeyPressMsg{Code: r, Text: text})
	}
}

// rows are the screen's rows in plain text.
func (s *session) rows() []string {
	return strings.Split(strings.TrimSuffix(s.Text(), "\n"), "\n")
}

// screen is a screen and the way to it from the first.
type screen struct {
	name string
	keys []string
	// paste is put into what the keys opened.
	paste bool
	// base is true when the tiles are where they are without anything open.
	base bool
}

// screens are all screens there are.
func screens() []screen {
	return []screen{
		{name: "watch", base: true},
		{name: "second page", keys: []string{"j"}, base: true},
		{name: "logs", keys: []string{"L", "w"}, base: true},
		{name: "zoomed logs", keys: []string{"L", "f"}},
		{name: "zoomed metrics", keys: []string{"M", "f", "j"}},
		{name: "zoomed deploys", keys: []string{"D", "f", "j"}},
		{name: "zoomed pages", keys: []string{"P", "f"}},
		{name: "detail", keys: []string{"enter"}},
		{name: "end of detail", keys: []string{"enter", "pgdown", "pgdown"}},
		{name: "runbook", keys: []string{"b"}},
		{name: "confirm a step", keys: []string{"b", "enter"}},
		{name: "confirm the second step", keys: []string{"b", "j", "enter", "pgdown"}},
		{name: "timeline", keys: []string{"t"}},
		{name: "health", keys: []string{"S"}},
		{name: "help", keys: []string{"?"}},
		{name: "palette", keys: []string{":"}, paste: true},
		{name: "note", keys: []string{"n"}, paste: true},
		{name: "filter", keys: []string{"L", "/"}, paste: true},
		{name: "filtered", keys: []string{"P", "/", "x", "enter"}},
		{name: "snooze", keys: []string{"s"}},
		{name: "shell", keys: []string{"!"}, paste: true},
		{name: "held ack", keys: []string{"a"}},
		{name: "quit", keys: []string{"a", "q"}},
		{name: "triage", keys: []string{"v"}},
		{name: "handoff", keys: []string{"v", "v", "v"}},
	}
}
