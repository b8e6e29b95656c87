package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/keymap"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// last returns the newest intent of a type.
func last[T pane.Intent](f *fixture) (T, bool) {
	for _, i := range slices.Backward(f.intents) {
		if v, ok := i.(T); ok {
			return v, true
		}
	}
	var zero T
	return zero, false
}

func (f *fixture) screenText() string { return uitest.Plain(f.rows()) }

func (f *fixture) event(e oncall.Event) { f.Update(Events{e}) }

func (f *fixture) wait(d time.Duration) {
	f.clock = f.clock.Add(d)
	f.Update(tickMsg{})
}

func (f *fixture) mustSee(t *testing.T, want string) {
	t.Helper()
	if got := f.screenText(); !strings.Contains(got, want) {
		t.Errorf("the screen does not show %q:\n%s", want, got)
	}
}

// status sends how far an action has come.
func (f *fixture) status(a oncall.Action, s oncall.ActionState, fault *oncall.Fault) {
	f.event(oncall.ActionEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock, Err: fault}, Action: a, State: s})
}

func TestAckIsHeldNamedAndNeverPretended(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("a")
	act, ok := last[pane.Act](f)
	if !ok || act.Action.Target != uitest.Checkout() || act.Action.Kind != oncall.Acknowledge {
		t.Fatalf("the ack names %+v", act)
	}
	if want := f.clock.Add(3 * time.Second); !act.Action.NotBefore.Equal(want) {
		t.Errorf("held until %v, want %v", act.Action.NotBefore, want)
	}
	a := act.Action
	a.ID = "1"
	f.status(a, oncall.Held, nil)
	f.mustSee(t, "ack in 3 s")
	f.mustSee(t, "u cancels")
	n := len(f.intents)
	f.press("a")
	if _, again := last[pane.Act](f); again && len(f.intents) != n {
		t.Error("a second press asked for a second ack")
	}
	f.mustSee(t, "ack in 3 s") // the reason is said behind what is held
	f.press("u")
	if c, ok := last[pane.CancelAct](f); !ok || c.ID != "1" {
		t.Errorf("u asked for %+v", c)
	}
	f.status(a, oncall.Sending, nil)
	f.mustSee(t, "ack: sending")
	if got := f.screenText(); strings.Contains(got, "acked by you") {
		t.Errorf("acked is shown before the server said so:\n%s", got)
	}
	f.status(a, oncall.Confirmed, nil)
	f.wait(10 * time.Second)
	f.mustSee(t, "acked by you")
}

func TestRefusedNoteComesBackWordForWord(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("n")
	for _, r := range "pool again" {
		f.press(string(r))
	}
	f.press("enter")
	act, ok := last[pane.Act](f)
	if !ok || act.Action.Text != "pool again" || act.Action.Target != uitest.Checkout() {
		t.Fatalf("the note is %+v", act)
	}
	if !act.Action.NotBefore.IsZero() {
		t.Error("a note is held; only what a slip of the hand can start is")
	}
	f.status(act.Action, oncall.Refused, &oncall.Fault{Kind: oncall.Rejected, Source: "pd", Op: "note", Detail: "the note is too long"})
	f.mustSee(t, "pool again")
	f.mustSee(t, "the note is too long")
	f.press("x") // typed before the editor could be seen
	if n, ok := f.stack[0].Overlay.(*overlay.Note); !ok {
		t.Fatal("no editor")
	} else if _, draft := n.Draft(); draft != "pool again" {
		t.Errorf("a key meant for something else went into the note: %q", draft)
	}
	f.wait(time.Second)
	f.press("!", "esc", "n")
	if _, draft := f.stack[0].Overlay.(*overlay.Note).Draft(); draft != "pool again!" {
		t.Errorf("the draft is %q", draft)
	}
}

func TestSelectionNeverMovesByItself(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("j") // cron-x
	chosen := f.selected
	if chosen == uitest.Checkout() {
		t.Fatal("j did not move")
	}
	more := append(uitest.Pages(), oncall.Page{
		Ref: oncall.Ref{Source: "pd", ID: "Q9"}, Title: "brand new", Status: oncall.Triggered, CreatedAt: f.clock, Mine: true,
	})
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Pages: more, Complete: true, Every: 10 * time.Second})
	if f.selected != chosen {
		t.Errorf("a new page moved the selection to %v", f.selected)
	}
	f.mustSee(t, "new page: brand new")
	var rest []oncall.Page
	for _, p := range more {
		if p.Ref != chosen {
			rest = append(rest, p)
		}
	}
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock.Add(time.Second)}, Pages: rest, Complete: true, Every: 10 * time.Second})
	if f.selected != chosen {
		t.Errorf("a page that went away moved the selection to %v", f.selected)
	}
	f.press("a")
	if act, ok := last[pane.Act](f); ok && act.Action.Target != chosen {
		t.Errorf("an ack went to %v, which nobody selected", act.Action.Target)
	}
}

func TestStepNeedsAnotherKeyAndShowsTheBytes(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("b", "j", "enter")
	f.mustSee(t, "RUN THIS STEP?")
	f.mustSee(t, "ln -sfn releases/v412 current")
	f.mustSee(t, "PROD")
	f.mustSee(t, "ana@bastion")
	f.press("y") // within the grace: typed before it could be read
	if _, ran := last[pane.RunStep](f); ran {
		t.Fatal("a key pressed too early ran the step")
	}
	f.wait(time.Second)
	f.press("enter") // the key that opened it
	if _, ran := last[pane.RunStep](f); ran {
		t.Fatal("the key that opened the question answered it")
	}
	f.press("enter")
	f.wait(time.Second)
	f.press("y")
	run, ok := last[pane.RunStep](f)
	if !ok || string(run.Step.Script) != "ln -sfn releases/v412 current\n" || run.Page.Ref != uitest.Checkout() {
		t.Fatalf("ran %+v", run)
	}
	if want := runbook.Digest(run.Runbook, run.Step.Script, run.Step.Index); run.Digest != want {
		t.Errorf("the approval is %s, want %s", run.Digest, want)
	}
}

func TestStepThatCannotRunSaysWhy(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("b", "j", "j", "enter")
	f.mustSee(t, "cannot run as it is written")
	if len(f.stack) != 0 {
		t.Error("a step with a placeholder can be confirmed")
	}
}

func TestDangerousStepInProductionNeedsItsTargetTyped(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	s := runbook.Step{Title: "wipe", Script: []byte("rm -rf /srv/x\n"), Interpreter: "sh", Effect: runbook.Dangerous}
	f.confirm(pane.ConfirmStep{Runbook: "r.md", Step: s})
	f.wait(time.Second)
	f.press("y", "enter")
	if _, ran := last[pane.RunStep](f); ran {
		t.Fatal("y ran a dangerous step in production")
	}
	f.press("backspace")
	for _, r := range "checkout" {
		f.press(string(r))
	}
	f.mustSee(t, "type checkout and enter: checkout")
	f.press("enter")
	if _, ran := last[pane.RunStep](f); !ran {
		t.Error("the typed target did not run it")
	}
}

func TestLongScriptMustBeReadToItsEnd(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 24)
	s := runbook.Step{Title: "long", Script: []byte(strings.Repeat("echo line\n", 60)), Interpreter: "sh"}
	f.confirm(pane.ConfirmStep{Runbook: "r.md", Step: s})
	f.wait(time.Second)
	f.mustSee(t, "more lines")
	f.press("y")
	if _, ran := last[pane.RunStep](f); ran {
		t.Fatal("a script was run whose end was never on the screen")
	}
	f.press("pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "y")
	if _, ran := last[pane.RunStep](f); !ran {
		t.Error("it cannot be run after its end was shown")
	}
}

func TestReadOnlyRefusesWhatChanges(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.opts.ReadOnly = true
	for _, k := range []string{"a", "n", "R", "s", "!"} {
		f.press(k)
		if _, acted := last[pane.Act](f); acted || len(f.stack) > 0 {
			t.Errorf("%s acts in a read-only cockpit", k)
		}
	}
	f.mustSee(t, "read-only")
	f.press("b", "j", "enter")
	f.mustSee(t, "no step is run: this cockpit is read-only")
	if len(f.stack) > 0 {
		t.Error("a read-only cockpit asks to run a step")
	}
}

func TestKeyThatCannotActSaysWhy(t *testing.T) {
	f := newFixture(t)
	for k, why := range map[string]string{"a": "no page is selected", "u": "nothing is held", "Z": "Z does nothing"} {
		f.press(k)
		f.mustSee(t, why)
	}
}

func TestPasteIsNeverTakenForKeys(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.paste("aRq!\nyyy")
	if _, acted := last[pane.Act](f); acted || len(f.stack) > 0 {
		t.Error("a paste acted")
	}
	f.press("n")
	f.paste("two\nlines")
	if _, draft := f.stack[0].Overlay.(*overlay.Note).Draft(); draft != "two\nlines" {
		t.Errorf("the note holds %q", draft)
	}
}

func TestQuitAsksWhileSomethingIsUndelivered(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("q")
	if q, ok := last[pane.Quit](f); !ok || q.Flush {
		t.Fatalf("q with nothing undelivered asked for %+v", q)
	}
	f.intents = nil
	f.status(oncall.Action{ID: "7", Kind: oncall.Acknowledge, Target: uitest.Checkout()}, oncall.Sending, nil)
	f.press("q")
	if _, ok := last[pane.Quit](f); ok {
		t.Fatal("q quit without asking")
	}
	f.mustSee(t, "has not been delivered")
	f.wait(time.Second)
	f.press("w")
	if q, ok := last[pane.Quit](f); !ok || !q.Flush {
		t.Errorf("w asked for %+v", q)
	}
}

func TestPanesFollowTheSelectedPage(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.mustSee(t, "DEPLOYS checkout")
	ask, ok := last[pane.Ask](f)
	if !ok || !strings.Contains(ask.Questions["prom"].Queries[0].Query, `service="checkout"`) {
		t.Fatalf("asked %+v", ask)
	}
	f.press("j", "j") // ledger
	f.mustSee(t, "DEPLOYS ledger")
	ask, _ = last[pane.Ask](f)
	if q := ask.Questions["prom"].Queries[0]; !strings.Contains(q.Query, `ledger`) && q.Unfilled == "" {
		t.Errorf("after selecting another page the panels still ask %q", q.Query)
	}
	if d, _ := last[pane.LoadDetail](f); d.Page.Ref.ID != "Q2" {
		t.Errorf("the detail asked for is of %v", d.Page.Ref)
	}
}

func TestTimeWindowIsShared(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("[")
	ask, _ := last[pane.Ask](f)
	if ask.Questions["prom"].End.IsZero() {
		t.Error("[ did not move the window away from now")
	}
	if f.scene.Live {
		t.Error("the scene still says that its end is now")
	}
	f.press(".")
	if !f.scene.Live {
		t.Error(". did not bring it back")
	}
	span := f.scene.Window.Span()
	f.press("-")
	if f.scene.Window.Span() <= span {
		t.Error("- did not widen it")
	}
}

func TestTinyScreenCanStillAck(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(30, 5)
	f.mustSee(t, "open")
	f.mustSee(t, "a ack")
	f.press("a")
	if act, ok := last[pane.Act](f); !ok || act.Action.Target != uitest.Checkout() {
		t.Error("a does not ack on a tiny screen")
	}
}

func TestSnoozeAsksForHowLong(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("s")
	f.mustSee(t, "SNOOZE")
	f.mustSee(t, "to the morning, until 08:00")
	f.wait(time.Second)
	f.press("2")
	act, ok := last[pane.Act](f)
	if want := f.clock.Add(-time.Second).Add(time.Hour); !ok || act.Action.Kind != oncall.Snooze || !act.Action.Until.Equal(want) || act.Action.Target != uitest.Checkout() {
		t.Errorf("asked for %+v, want a snooze until %v", act, want)
	}
	if !act.Action.NotBefore.IsZero() {
		t.Error("a snooze that was chosen with a key of its own is held")
	}
}

// run tells that a command of a page runs, and what it printed.
func (f *fixture) run(id, book string, state oncall.RunState, lines ...string) {
	e := oncall.RunEvent{Stamp: oncall.Stamp{Source: "conway", At: f.clock}, Run: oncall.StepRun{
		ID: id, Page: uitest.Checkout(), Runbook: book, Title: "ad-hoc command", Script: "uptime\n", State: state, Started: f.clock,
	}}
	if state.Done() {
		e.Run.Ended = f.clock
	}
	for _, l := range lines {
		e.Output = append(e.Output, oncall.OutputLine{At: f.clock, Text: l})
	}
	f.event(e)
}

func TestAdHocCommandShowsItsOutput(t *testing.T) {
	for name, library := range map[string]runbook.Library{"with a runbook": {uitest.Runbook()}, "without one": nil} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			f.opts.Library = library
			f.size(120, 40)
			f.press("!")
			for _, r := range "uptime" {
				f.press(string(r))
			}
			f.press("enter")
			f.mustSee(t, "RUN THIS COMMAND?")
			f.wait(time.Second)
			f.press("y")
			if r, ok := last[pane.RunStep](f); !ok || string(r.Step.Script) != "uptime\n" {
				t.Fatalf("ran %+v", r)
			}
			f.run("r1", pane.AdHoc, oncall.RunRunning, "up 3 days")
			f.mustSee(t, "up 3 days")
			f.run("r2", pane.AdHoc, oncall.RunRunning, "the newest one")
			f.mustSee(t, "the newest one")
		})
	}
}

func TestRunningStepCanBeEndedFromEverywhere(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("x")
	f.mustSee(t, "no step of this page is running")
	f.run("r1", pane.AdHoc, oncall.RunRunning)
	f.press("L", "x")
	if c, ok := last[pane.CancelRun](f); !ok || c.ID != "r1" {
		t.Errorf("x asked for %+v", c)
	}
}

// TestDetailOfAnotherPageStartsAtItsTop reads to the end of one page, and selects
// another.
func TestDetailOfAnotherPageStartsAtItsTop(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 18)
	f.event(oncall.DetailEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Page: oncall.Ref{Source: "pd", ID: "Q3"}, Detail: oncall.PageDetail{
		Notes: []oncall.Note{{ID: "N9", Text: strings.Repeat("a line\n", 30)}},
	}})
	f.press("enter", "G")
	f.mustSee(t, "HISTORY")
	f.press("P", "j")
	f.mustSee(t, "state    triggered · low")
}

// TestPageWithoutANumber has a pager that gives its pages none, as Alertmanager does.
func TestPageWithoutANumber(t *testing.T) {
	all := uitest.Pages()
	all[0].Number = 0
	f := newFixture(t, oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: all, Complete: true, Every: 10 * time.Second})
	for key, title := range map[string]string{"enter": "DETAIL", "t": "TIMELINE CHECKOUT"} {
		f.press(key)
		f.mustSee(t, title)
		if strings.Contains(f.screenText(), "#0") {
			t.Errorf("%s numbers a page that has no number", title)
		}
		f.press("esc")
	}
}

// TestCursorIsInSight goes back to the start of what is longer than its room.
func TestCursorIsInSight(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(60, 15)
	for _, key := range []string{"/", ":", "n"} {
		f.press(key)
		f.Update(tea.PasteMsg{Content: "first " + strings.Repeat("支払い and more ", 40) + "last"})
		f.mustSee(t, "last")
		f.Update(tea.KeyPressMsg{Code: tea.KeyHome})
		f.mustSee(t, "first")
		f.press("esc")
	}
}

// TestCursorKeepsAMarkOnItsLetter has the cursor stand on a letter with an accent of
// its own: the accent is no text by itself.
func TestCursorKeepsAMarkOnItsLetter(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("n")
	f.Update(tea.PasteMsg{Content: "caf" + "e\u0301" + " is"})
	f.Update(tea.KeyPressMsg{Code: tea.KeyHome})
	for range 3 {
		f.Update(tea.KeyPressMsg{Code: tea.KeyRight})
	}
	f.mustSee(t, "caf"+"e\u0301"+" is")
}

// TestHintsOfAnInputAreWhole opens every filter on a small screen.
func TestHintsOfAnInputAreWhole(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 15}} {
		f := newFixture(t, uitest.Events()...)
		f.size(size[0], size[1])
		for _, key := range []string{"P", "D", "L"} {
			f.press(key, "/")
			f.mustSee(t, "earlier")
			f.press("esc")
		}
	}
}

// TestHelpBreaksNoWord reads the whole help on a narrow screen: what every key does is
// there in whole words, and a reason that several keys share once.
func TestHelpBreaksNoWord(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(60, 24)
	f.press("?")
	var all strings.Builder
	for range 40 {
		for l := range strings.SplitSeq(f.screenText(), "\n") {
			all.WriteString(" " + strings.Trim(l, "│ "))
		}
		f.press("j", "j", "j", "j")
	}
	got := strings.Join(strings.Fields(all.String()), " ")
	for _, e := range f.opts.Keys.Entries() {
		for word := range strings.FieldsSeq(e.Does) {
			if !strings.Contains(got, " "+word) {
				t.Errorf("%s: %q is not to be read whole", e.Action, word)
			}
		}
	}
	f.press("g")
	f.size(100, 200)
	if n := strings.Count(f.screenText(), "a tag is for the minute after a resolve"); n != 1 {
		t.Errorf("why the tags do nothing now is told %d times", n)
	}
}

// TestUnboundKeysAreNotPointedAt unbinds what sentences point at: they say how the
// palette is asked for it.
func TestUnboundKeysAreNotPointedAt(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	keys, err := keymap.New(map[string][]string{"help": {}, "jump_back": {}, "undo": {}})
	if err != nil {
		t.Fatal(err)
	}
	f.opts.Keys = keys
	f.mustSee(t, ":help help")
	f.press("ф") // another layout's letter is told of too
	f.mustSee(t, "ф does nothing; :help shows the keys")
	f.press("u")
	f.mustSee(t, "u does nothing; :help shows the keys")
	f.press(":")
	f.word("service ledger")
	f.press("enter")
	f.mustSee(t, ":jump_back goes back")
	f.do(keymap.JumpBack)
	f.mustSee(t, "back where you were")
	f.press("a")
	act, _ := last[pane.Act](f)
	act.Action.ID = "1"
	f.status(act.Action, oncall.Held, nil)
	f.mustSee(t, ":undo cancels")
}

// TestFooterTellsTheNearestKeys opens what lies over the other panes on a small
// screen: how to go on and how to come back is there.
func TestFooterTellsTheNearestKeys(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(60, 15)
	foot := func() string {
		rows := f.rows()
		return strings.TrimRight(uitest.Plain(rows[len(rows)-1:]), " \n")
	}
	always := foot()
	f.press("b")
	if got := foot(); !strings.HasPrefix(got, " enter run  esc back  a ack") || !strings.HasSuffix(got, "? help") {
		t.Errorf("in the runbook: %q", got)
	}
	book := uitest.Runbook()
	f.event(oncall.RunEvent{Stamp: oncall.Stamp{Source: "conway", At: f.clock}, Run: oncall.StepRun{
		ID: "r1", Page: uitest.Checkout(), Runbook: book.Path, State: oncall.RunRunning, Started: f.clock,
	}})
	if got := foot(); !strings.HasPrefix(got, " enter run  x end  esc back") {
		t.Errorf("while a step runs: %q", got)
	}
	f.press("t")
	if got := foot(); !strings.HasPrefix(got, " esc back  a ack") {
		t.Errorf("in the timeline: %q", got)
	}
	f.press("esc")
	if got := foot(); got != always {
		t.Errorf("back at the pages: %q", got)
	}
	f.press("f")
	if got := foot(); !strings.HasPrefix(got, " esc back  a ack") {
		t.Errorf("zoomed: %q", got)
	}
	f.press("esc")
	if f.choice.Zoom || foot() != always {
		t.Errorf("esc leaves %q", foot())
	}
}

// TestFilterThatHidesTheOnlyPage counts one page as one.
func TestFilterThatHidesTheOnlyPage(t *testing.T) {
	f := newFixture(t, oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: uitest.Pages()[:1], Complete: true, Every: 10 * time.Second})
	f.press("/")
	f.word("zzz")
	f.press("enter")
	f.mustSee(t, "1 page, which does not match /zzz; esc shows all")
}

// TestDetailOfNoPageWaitsForNothing has no page that anything could be asked about.
func TestDetailOfNoPageWaitsForNothing(t *testing.T) {
	f := newFixture(t, oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Complete: true, Every: 10 * time.Second})
	f.press("v") // triage
	f.mustSee(t, "DETAIL ")
	if got := f.screenText(); strings.Contains(got, "DETAIL not answered yet") {
		t.Error("an answer is waited for although nothing was asked")
	}
}

// TestLastNoteTakesTheRoomThereIs has a note that just fits beside who is next.
func TestLastNoteTakesTheRoomThereIs(t *testing.T) {
	events := uitest.Events()
	for i, e := range events {
		if d, ok := e.(oncall.DetailEvent); ok {
			d.Detail.History.Fix = "rolled back v398: the pool is too small"
			events[i] = d
		}
	}
	f := newFixture(t, events...)
	f.size(80, 24)
	f.mustSee(t, "3× in 30 d, last “rolled back v398: the pool is too small”  next: Ben in 11:02")
}

// TestTitlesOfQuestionsAreWhole opens what has keys in its title at the sizes that
// people have.
func TestTitlesOfQuestionsAreWhole(t *testing.T) {
	for _, size := range [][2]int{{200, 50}, {80, 24}, {60, 15}, {44, 12}} {
		for key, title := range map[string]string{":": "COMMAND", "?": "HELP", "E": "ESCALATE OR REASSIGN", "m": "MERGE"} {
			f := newFixture(t, uitest.Events()...)
			f.size(size[0], size[1])
			f.press(key)
			for l := range strings.SplitSeq(f.screenText(), "\n") {
				if strings.Contains(l, "┌ "+title) && strings.Contains(l, "…") {
					t.Errorf("%dx%d: %s", size[0], size[1], l)
				}
			}
			f.mustSee(t, "┌ "+title)
		}
	}
}

// TestNoteGrowsWithItsText writes one long line: as much of it is in sight as the
// screen has room for.
func TestNoteGrowsWithItsText(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 24)
	f.press("n")
	f.Update(tea.PasteMsg{Content: "first " + strings.Repeat("word ", 120) + "last"})
	f.mustSee(t, "first")
	f.mustSee(t, "last")
	f.mustSee(t, "enter sends")
}

// TestNamesOfSourcesAreTold has a source whose name is longer than most.
func TestNamesOfSourcesAreTold(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	at := oncall.Stamp{Source: "alertmanager-eu", At: f.clock}
	f.event(oncall.PagesEvent{Stamp: at, Complete: true, Every: 10 * time.Second})
	f.size(60, 15)
	f.press("S", "f")
	f.mustSee(t, "alertmanager-eu pages")
	f.mustSee(t, "let go for newer")
	f.mustSee(t, "left out")
}

// TestAddressIsShownWhole shows an address that nothing can open: a person copies it
// by eye or by hand.
func TestAddressIsShownWhole(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(60, 15)
	address := "https://grafana.example.com/alerting/" + strings.Repeat("a1b2c3d4e5/", 25) + "END"
	f.Update(Said{Text: "open it where you have a browser: " + address, Whole: true})
	for range 30 {
		f.wait(time.Second)
	}
	var got strings.Builder
	for l := range strings.SplitSeq(f.screenText(), "\n") {
		got.WriteString(strings.Trim(l, " "))
	}
	if !strings.Contains(got.String(), address) {
		t.Errorf("the address is not there:\n%s", f.screenText())
	}
	f.mustSee(t, "CHECKOUT 5xx") // the brief is not covered
	f.press("esc")
	if strings.Contains(f.screenText(), "END") {
		t.Error("esc does not take it off")
	}
}

// TestTitlesOfWhatIsNotConfigured has no source but the pager: the other panes are of
// no service and of no time.
func TestTitlesOfWhatIsNotConfigured(t *testing.T) {
	f := newFixture(t)
	o := f.opts
	o.Board = board.New(board.Options{Sources: uitest.Sources()[:1]})
	f.Model = New(o)
	f.size(200, 50)
	f.Update(Events(uitest.Events()[:1]))
	f.mustSee(t, "METRICS not configured ─")
	f.mustSee(t, "DEPLOYS not configured ─")
}

// TestNoPagerIsNotWaitedFor has logs and no pager: nothing will ever answer.
func TestNoPagerIsNotWaitedFor(t *testing.T) {
	f := newFixture(t)
	o := f.opts
	o.Board = board.New(board.Options{Sources: slices.DeleteFunc(uitest.Sources(), func(s board.SourceInfo) bool { return s.Kind == board.KindPages })})
	f.Model = New(o)
	f.size(60, 15)
	f.mustSee(t, "no pager is asked: name one under pages: in the config")
	if got := f.screenText(); strings.Contains(got, "waiting for the first answer") {
		t.Errorf("a pager is waited for that is not there:\n%s", got)
	}
}

// TestMarksPointAtThePalette unbinds what acts on marked pages.
func TestMarksPointAtThePalette(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	keys, err := keymap.New(map[string][]string{"snooze": {}})
	if err != nil {
		t.Fatal(err)
	}
	f.opts.Keys = keys
	f.press("space")
	f.mustSee(t, "a, R and :snooze act on it")
}

// TestWhatAPagerCannotIsSaidBefore has a pager that knows acknowledging alone, as
// Alertmanager nearly does: nothing is asked of it, held, or written in vain.
func TestWhatAPagerCannotIsSaidBefore(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.opts.Able = func(_ string, kind oncall.ActionKind) bool { return kind == oncall.Acknowledge }
	for key, action := range map[string]string{"R": "resolve", "s": "snooze", "n": "note", "m": "merge", "E": "escalate"} {
		f.press(key)
		f.mustSee(t, action+": pd has no way to do that")
		if len(f.stack) > 0 {
			t.Errorf("%s opens something", key)
		}
	}
	if act, ok := last[pane.Act](f); ok {
		t.Errorf("asked for %+v", act)
	}
	f.press("a")
	if _, ok := last[pane.Act](f); !ok {
		t.Error("what it can is refused")
	}
}
