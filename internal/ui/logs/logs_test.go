package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/logs"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// add appends n lines of one origin to a board; every tenth is an error.
func add(b board.Board, origin string, from, n int) board.Board {
	var lines []oncall.LogLine
	for i := from; i < from+n; i++ {
		level := "info"
		if i%10 == 0 {
			level = "error"
		}
		l := oncall.ParseLine(fmt.Sprintf(`{"level":%q,"msg":"line %d"}`, level, i), uitest.Now().Add(time.Duration(i)*time.Millisecond))
		l.Source, l.Origin = "app", origin
		lines = append(lines, l)
	}
	return uitest.Fold(b, oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: uitest.Now()}, Lines: lines})
}

func frame() pane.Frame {
	return pane.Frame{Width: 60, Height: 5, Now: uitest.Now(), Focused: true, Scene: pane.Scene{
		Window: oncall.Window{Start: uitest.Now().Add(-time.Hour), End: uitest.Now().Add(time.Hour)},
	}}
}

func see(p *logs.Pane, f pane.Frame, b board.Board) string {
	return uitest.Plain(pane.Block{p.Title(f, b)}) + uitest.Plain(p.View(f, b).Fit(f.Width, f.Height))
}

func TestPauseKeepsTheLinesAndCountsTheUnseen(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 100), logs.New(), frame()
	p.Handle(keymap.Pause, f, b)
	before := uitest.Plain(p.View(f, b).Fit(f.Width, f.Height))
	b = add(b, "a.log", 100, 250)
	if after := uitest.Plain(p.View(f, b).Fit(f.Width, f.Height)); after != before {
		t.Errorf("a paused view moved:\n%s\n%s", before, after)
	}
	if got := see(p, f, b); !strings.Contains(got, "250 unseen below") {
		t.Errorf("the title does not count the unseen lines:\n%s", got)
	}
	p.Handle(keymap.Bottom, f, b)
	if got := see(p, f, b); !strings.Contains(got, "line 349") || !strings.Contains(got, "following") {
		t.Errorf("the end is not shown:\n%s", got)
	}
}

// TestUnseenLinesAreThoseThatMatch pauses under a filter, which shows a tenth of what
// comes.
func TestUnseenLinesAreThoseThatMatch(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 100), logs.New(), frame()
	f.Width = 120
	p.Filter("level>=error")
	p.Handle(keymap.Pause, f, b)
	b = add(b, "a.log", 100, 250)
	if got := see(p, f, b); !strings.Contains(got, "paused, 25 unseen below") {
		t.Errorf("of 250 lines 25 are errors, and it says\n%s", got)
	}
}

func TestPausedViewStaysPutWhileLinesAreEvicted(t *testing.T) {
	b := board.New(board.Options{LineCap: 200, Sources: uitest.Sources()})
	b = add(b, "a.log", 0, 200)
	p, f := logs.New(), frame()
	for range 50 {
		p.Handle(keymap.Up, f, b)
	}
	before := uitest.Plain(p.View(f, b).Fit(f.Width, f.Height))
	b = add(b, "a.log", 200, 50)
	if after := uitest.Plain(p.View(f, b).Fit(f.Width, f.Height)); after != before {
		t.Errorf("the view moved:\n%s\n%s", before, after)
	}
}

// TestMessageIsShownOnce has lines as VictoriaLogs keeps them, whose text holds more
// than the message.
func TestMessageIsShownOnce(t *testing.T) {
	for raw, want := range map[string]string{
		`{"_time":"2026-03-02T11:04:31Z","_msg":"payment declined","level":"error","order":"7"}`:                               "payment declined order=7",
		`{"_time":"2026-03-02T11:04:31Z","_msg":"level=error msg=\"payment declined\" order=7","order":"7"}`:                   "payment declined order=7",
		`{"_time":"2026-03-02T11:04:31Z","_msg":"{\"msg\":\"payment declined\",\"order\":7,\"status\":502}","app":"checkout"}`: "payment declined order=7 status=502 app=checkout",
	} {
		l := oncall.LogLine{Source: "vl", At: uitest.Now(), Raw: raw, Message: "payment declined", Level: oncall.LevelError}
		b := uitest.Fold(uitest.Empty(), oncall.LinesEvent{Stamp: oncall.Stamp{Source: "vl", At: uitest.Now()}, Lines: []oncall.LogLine{l}})
		f := frame()
		f.Width = 120
		got := see(logs.New(), f, b)
		if !strings.Contains(got, want) || strings.Count(got, "payment declined") != 1 || strings.Count(got, "order") != 1 || strings.Contains(got, "_time") {
			t.Errorf("%s is shown as\n%s\nwant %q", raw, got, want)
		}
	}
}

func TestNextAndPreviousError(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 1, 60), logs.New(), frame()
	i, _ := p.Handle(keymap.PrevError, f, b)
	if c, ok := i.(pane.CursorAt); !ok || !c.At.Equal(uitest.Now().Add(60*time.Millisecond)) {
		t.Errorf("the newest error is %+v", i)
	}
	p.Handle(keymap.PrevError, f, b)
	if got := see(p, f, b); !strings.Contains(got, "line 50") {
		t.Errorf("the error before is not in sight:\n%s", got)
	}
	p.Handle(keymap.NextError, f, b)
	if i, _ := p.Handle(keymap.NextError, f, b); i != (pane.Say{Reason: "no further error this way"}) {
		t.Errorf("beyond the last error: %+v", i)
	}
}

// TestFilterKeepsTheSelectedLine finds a line, and looks at what stands around it.
func TestFilterKeepsTheSelectedLine(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 100), logs.New(), frame()
	p.Filter("7")
	p.Handle(keymap.Up, f, b)
	p.Handle(keymap.Top, f, b)
	if got := see(p, f, b); !strings.Contains(got, "▶ERROR line 7") && !strings.Contains(got, "▶INFO  line 7") {
		t.Fatalf("the first that matches is not selected:\n%s", got)
	}
	p.Filter("")
	b = add(b, "a.log", 100, 150)
	got := see(p, f, b)
	if !strings.Contains(got, "line 6 ") || !strings.Contains(got, "▶INFO  line 7") || !strings.Contains(got, "paused") {
		t.Errorf("without the filter the line is not among its neighbours:\n%s", got)
	}
	p.Filter("line 1")
	if got := see(p, f, b); !strings.Contains(got, "paused") || !strings.Contains(got, "▶ERROR line 10 ") {
		t.Errorf("a filter ends the pause:\n%s", got)
	}
	p.Handle(keymap.Bottom, f, b)
	if got := see(p, f, b); !strings.Contains(got, "following") || !strings.Contains(got, "line 241") {
		t.Errorf("not followed at the end:\n%s", got)
	}
}

func TestFilter(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 100), logs.New(), frame()
	p.Filter("LINE 77")
	got := see(p, f, b)
	if !strings.Contains(got, "line 77") || strings.Contains(got, "line 99") || !strings.Contains(got, "1 match") {
		t.Errorf("filtered:\n%s", got)
	}
	p.Filter("absent")
	if got := see(p, f, b); !strings.Contains(got, "100 lines held, none matches /absent") {
		t.Errorf("nothing matches, and it says:\n%s", got)
	}
}

func TestFollowsTheServiceByItsOrigin(t *testing.T) {
	b := add(add(uitest.Empty(), "/var/log/checkout.log", 0, 20), "/var/log/ledger.log", 20, 20)
	p, f := logs.New(), frame()
	f.Scene.Page = uitest.Checkout()
	f.Scene.Service = follow.Service{Name: "checkout"}
	if got := see(p, f, b); !strings.Contains(got, "line 19") || strings.Contains(got, "line 39") {
		t.Errorf("following checkout:\n%s", got)
	}
	f.Scene.Service = follow.Service{Name: "search"}
	if got := see(p, f, b); !strings.Contains(got, "line 39") {
		t.Errorf("a service without an origin of its own hides the log:\n%s", got)
	}
	f.Scene.Service = follow.Service{Name: "checkout"}
	f.Scene.Pinned = map[pane.Kind]bool{pane.Logs: true}
	if got := see(p, f, b); !strings.Contains(got, "line 39") {
		t.Errorf("a pinned pane still follows:\n%s", got)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	b := add(uitest.Empty(), "a.log", 0, 3)
	b = uitest.Fold(b, oncall.LinesEvent{
		Stamp:   oncall.Stamp{Source: "app", At: uitest.Now()},
		Lines:   []oncall.LogLine{oncall.ParseLine("after the gap", uitest.Now())},
		Dropped: oncall.Dropped{Count: 12, Exact: true, Reason: "too fast"},
	})
	p, f := logs.New(), frame()
	f.Height = 9
	got := see(p, f, b)
	if !strings.Contains(got, "16 received = 4 shown + 12 left out") {
		t.Errorf("nothing says where the lines are:\n%s", got)
	}
	p.Filter("after")
	if filtered := see(p, f, b); !strings.Contains(filtered, "16 received = 1 shown + 3 filtered + 12 left out") {
		t.Errorf("with a filter the numbers do not add up:\n%s", filtered)
	}
	if !strings.Contains(got, "12 left out") || !strings.Contains(got, "12 lines left out: too fast") {
		t.Errorf("the gap is silent:\n%s", got)
	}
}

func TestSidewaysAndWrap(t *testing.T) {
	b := uitest.Fold(uitest.Empty(), oncall.LinesEvent{
		Stamp: oncall.Stamp{Source: "app", At: uitest.Now()},
		Lines: []oncall.LogLine{oncall.ParseLine(strings.Repeat("0123456789", 12)+"END", uitest.Now())},
	})
	p, f := logs.New(), frame()
	if got := see(p, f, b); strings.Contains(got, "END") {
		t.Fatalf("the line is not long enough for this test:\n%s", got)
	}
	for range 6 {
		p.Handle(keymap.Right, f, b)
	}
	if got := see(p, f, b); !strings.Contains(got, "END") {
		t.Errorf("scrolled to the right:\n%s", got)
	}
	p.Handle(keymap.Wrap, f, b)
	if got := see(p, f, b); !strings.Contains(got, "END") {
		t.Errorf("wrapped:\n%s", got)
	}
}

// BenchmarkView draws a frame while 10,000 lines arrive with each.
func BenchmarkView(b *testing.B) {
	bd, p, f := add(uitest.Empty(), "a.log", 0, 90_000), logs.New(), frame()
	f.Width, f.Height = 198, 24
	for b.Loop() {
		bd = add(bd, "a.log", 0, 1000)
		p.View(f, bd)
	}
}
