package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/logs"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// say appends one line a second from a moment on.
func say(b board.Board, source string, from time.Time, words ...string) board.Board {
	e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: source, At: from.Add(time.Hour)}}
	for i, w := range words {
		l := oncall.ParseLine(w, from.Add(time.Duration(i)*time.Second))
		l.Source = source
		e.Lines = append(e.Lines, l)
	}
	return uitest.Fold(b, e)
}

// incident is a log in which, after the page began, something new is said.
func incident() (board.Board, pane.Frame) {
	f := frame()
	f.Width, f.Height = 120, 12
	f.Scene.Page = uitest.Checkout()
	b := uitest.Fold(uitest.Empty(), uitest.Events()[0])
	var words []string
	for i := range 20 {
		words = append(words, fmt.Sprintf("order placed order=%d", i))
	}
	b = say(b, "app", uitest.Now().Add(-10*time.Minute), words...)
	words = nil
	for i := range 5 {
		words = append(words, fmt.Sprintf("connection pool exhausted after %d ms", i), fmt.Sprintf("order placed order=%d", i))
	}
	return say(b, "app", uitest.Now().Add(-time.Minute), words...), f
}

func TestNewPatternsComeFirst(t *testing.T) {
	b, f := incident()
	p := logs.New()
	// Without errors the last row counts the lines: 20 that came one a second before the
	// page, and 10 at its end.
	if got := see(p, f, b); !strings.Contains(got, "█▂    ▅                                      0 errors, 30 lines in window · 1 new pattern") {
		t.Errorf("the last row:\n%s", got)
	}
	p.Handle(keymap.Patterns, f, b)
	got := see(p, f, b)
	if !strings.Contains(got, "2 patterns, 1 of them first seen after the page began at 03:08") {
		t.Errorf("the patterns:\n%s", got)
	}
	rows := strings.Split(got, "\n")
	if !strings.HasPrefix(rows[2], "new      5× 03:11:00 connection pool exhausted after <*> ms") || !strings.HasPrefix(rows[3], "        25× ") {
		t.Errorf("the patterns:\n%s", got)
	}
	p.Handle(keymap.Detail, f, b)
	if got := see(p, f, b); !strings.Contains(got, "5 match") || strings.Contains(got, "order placed") {
		t.Errorf("the lines of a pattern:\n%s", got)
	}
}

// TestGroupsWaitForAKey has new lines put into their groups in the frame after the one
// that a person waits for, and at once where the groups are what is shown.
func TestGroupsWaitForAKey(t *testing.T) {
	b, f := incident()
	p := logs.New()
	see(p, f, b)
	b = say(b, "app", uitest.Now().Add(-30*time.Second), "certificate expired")
	f.Urgent = true
	if got := see(p, f, b); !strings.Contains(got, " · 1 new pattern") {
		t.Errorf("in a frame that a person waits for:\n%s", got)
	}
	f.Urgent = false
	if got := see(p, f, b); !strings.Contains(got, " · 2 new patterns") {
		t.Errorf("in the frame after it:\n%s", got)
	}
	b = say(b, "app", uitest.Now().Add(-20*time.Second), "disk full")
	p.Handle(keymap.Patterns, f, b)
	f.Urgent = true
	if got := see(p, f, b); !strings.Contains(got, "4 patterns, 3 of them first seen") {
		t.Errorf("where the groups are shown:\n%s", got)
	}
}

// TestNewLinesWaitForAKey has new lines come with the frame after the one that a person
// waits for. What that one shows is the page's and the filter's of now all the same.
func TestNewLinesWaitForAKey(t *testing.T) {
	b, f := incident()
	p := logs.New()
	before := see(p, f, b)
	b = say(b, "app", uitest.Now().Add(-30*time.Second), "certificate expired")
	f.Urgent = true
	if got := see(p, f, b); got != before {
		t.Errorf("in a frame that a person waits for:\n%s", got)
	}
	p.Filter("placed")
	if got := see(p, f, b); !strings.Contains(got, "25 match /placed") || strings.Contains(got, "exhausted") {
		t.Errorf("with a filter in force since:\n%s", got)
	}
	p.Filter("")
	p.Asked("store", "all")
	p.Answered([]oncall.LogLine{oncall.ParseLine("from a store", uitest.Now())})
	if got := see(p, f, b); !strings.Contains(got, "from a store") || strings.Contains(got, "placed") {
		t.Errorf("with an answer of a store:\n%s", got)
	}
	f.Urgent = false
	p.Handle(keymap.Back, f, b)
	f.Urgent = true
	if got := see(p, f, b); !strings.Contains(got, "certificate expired") {
		t.Errorf("back from it:\n%s", got)
	}
}

// TestWhatBeganIsPartOfTheStory has it also while nobody looks at the lines, and
// never of lines that are another's.
func TestWhatBeganIsPartOfTheStory(t *testing.T) {
	b, f := incident()
	b = say(b, "app", uitest.Now().Add(board.PatternsWithin), "said much later")
	p := logs.New()
	got := p.Began(f, b)
	if len(got) != 1 || got[0].Kind != board.MomentPattern || got[0].Text != "connection pool exhausted after <*> ms" || got[0].State != "5 lines" ||
		!got[0].At.Equal(uitest.Now().Add(-time.Minute)) {
		t.Errorf("the story has %+v", got)
	}
	f.Scene.Pinned = map[pane.Kind]bool{pane.Logs: true}
	if got := p.Began(f, b); len(got) != 0 {
		t.Errorf("of lines that follow no page: %+v", got)
	}
	f.Scene.Pinned, f.Scene.Page = nil, oncall.Ref{}
	if got := p.Began(f, b); len(got) != 0 {
		t.Errorf("of no page: %+v", got)
	}
}

func TestNothingIsCalledNewWithoutABefore(t *testing.T) {
	f := frame()
	f.Width, f.Height = 120, 12
	f.Scene.Page = uitest.Checkout()
	b := say(uitest.Fold(uitest.Empty(), uitest.Events()[0]), "app", uitest.Now().Add(-time.Minute), "pool exhausted")
	p := logs.New()
	p.Handle(keymap.Patterns, f, b)
	if got := see(p, f, b); strings.Contains(got, "new pattern") || !strings.Contains(got, "no line from before the page began at 03:08 is held") {
		t.Errorf("without a before:\n%s", got)
	}
}

func TestLineOpensItsFieldsAndWhatIsAroundIt(t *testing.T) {
	f := frame()
	f.Width, f.Height = 90, 14
	b := say(uitest.Empty(), "app", uitest.Now(), "before", `{"msg":"declined","order":"A-1","nested":{"a": 1}}`, "behind")
	p := logs.New()
	p.Handle(keymap.Up, f, b)
	p.Handle(keymap.Detail, f, b)
	got := see(p, f, b)
	for _, want := range []string{"from app", "order A-1", `nested {"a":1}`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the opened line:\n%s", want, got)
		}
	}
	if strings.Contains(got, "around it") {
		t.Errorf("what stands around it anyhow is repeated:\n%s", got)
	}
	if _, known := p.Handle(keymap.Back, f, b); !known {
		t.Error("back does not close the line")
	}
	p.Filter("declined")
	p.Handle(keymap.Detail, f, b)
	if got := see(p, f, b); !strings.Contains(got, "around it") || !strings.Contains(got, "before") || !strings.Contains(got, "behind") {
		t.Errorf("the filtered line's surroundings:\n%s", got)
	}
}

func TestTraceIsFollowedAcrossSources(t *testing.T) {
	f := frame()
	f.Width, f.Height = 100, 14
	b := say(uitest.Empty(), "app", uitest.Now(), `trace_id=4bf92f35 msg="in app"`, `trace_id=00aa msg=other`)
	b = say(b, "edge", uitest.Now(), `{"traceId":"4bf92f35","msg":"in edge"}`)
	b = say(b, "app", uitest.Now().Add(time.Minute), `request.id=4bf92f35 msg=last`)
	p := logs.New()
	i, _ := p.Handle(keymap.Trace, f, b)
	if want := (pane.Trace{Key: "request.id", ID: "4bf92f35", Held: 3}); i != want {
		t.Errorf("intent %+v, want %+v", i, want)
	}
	if i, _ = p.Handle(keymap.Trace, f, b); i != (pane.Trace{Key: "request.id", ID: "4bf92f35", Held: 3, Again: true}) {
		t.Errorf("again: intent %+v", i)
	}
	got := see(p, f, b)
	for _, want := range []string{"in app", "in edge", "last", "3 match"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q:\n%s", want, got)
		}
	}
	p.Filter("other")
	p.Handle(keymap.Trace, f, b)
	if i, _ := logs.New().Handle(keymap.Trace, f, say(uitest.Empty(), "app", uitest.Now(), "plain")); i != (pane.Say{Reason: "this line has no trace_id, request_id or the like"}) {
		t.Errorf("a line without an id: %+v", i)
	}
}

func TestOlderLinesAreLoadedAbove(t *testing.T) {
	f := frame()
	f.Width, f.Height = 100, 14
	b := say(uitest.Empty(), "app", uitest.Now(), "held one", "held two")
	p := logs.New()
	see(p, f, b)
	at := p.Oldest(b, "app")
	if len(at) == 0 || !at[0].At.Equal(uitest.Now()) {
		t.Fatalf("the oldest line is of %v", at)
	}
	p.Handle(keymap.Up, f, b)
	old := oncall.ParseLine("loaded", uitest.Now().Add(-time.Minute))
	old.Source = "app"
	if !p.LoadedOlder([]oncall.LogLine{old}) {
		t.Fatal("there is no room")
	}
	got := see(p, f, b)
	if i, j := strings.Index(got, "loaded"), strings.Index(got, "held one"); !strings.Contains(got, "1 older line loaded") || i < 0 || j < i {
		t.Errorf("above:\n%s", got)
	}
	i, _ := p.Handle(keymap.Copy, f, b)
	if c, ok := i.(pane.Copy); !ok || c.Raw != "held one" {
		t.Errorf("the selected line is now %+v", i)
	}
	if at = p.Oldest(b, "app"); len(at) != 1 || !at[0].At.Equal(old.At) {
		t.Errorf("the oldest line is of %v", at)
	}
	if p.LoadedOlder(make([]oncall.LogLine, 50_000)) {
		t.Error("more lines than fit were loaded")
	}
	p.Handle(keymap.Bottom, f, b)
	if got := see(p, f, b); strings.Contains(got, "loaded") {
		t.Errorf("at the end again:\n%s", got)
	}
}

func TestSelectedLineHasASign(t *testing.T) {
	b, p, f := add(uitest.Empty(), "a.log", 0, 5), logs.New(), frame()
	if got := see(p, f, b); strings.Contains(got, "▶") {
		t.Errorf("nothing is selected while following:\n%s", got)
	}
	p.Handle(keymap.Pause, f, b)
	p.Handle(keymap.Up, f, b)
	for row := range strings.SplitSeq(see(p, f, b), "\n") {
		if strings.Contains(row, "▶") != strings.Contains(row, "line 3") {
			t.Errorf("the sign is not at the selected line: %s", row)
		}
	}
}

func TestAnswerOfAStoreStandsInPlaceOfTheTail(t *testing.T) {
	f := frame()
	f.Width, f.Height = 100, 14
	b := say(uitest.Empty(), "app", uitest.Now(), "held")
	p := logs.New()
	p.Asked("splunk", "index=x")
	p.Answered([]oncall.LogLine{{Raw: "second", Message: "second", At: uitest.Now()}})
	p.Answered([]oncall.LogLine{{Raw: "first", Message: "first", At: uitest.Now().Add(-time.Hour)}})
	got := see(p, f, b)
	if i, j := strings.Index(got, "first"), strings.Index(got, "second"); i < 0 || j < i || strings.Contains(got, "held") || !strings.Contains(got, "2 lines of splunk: index=x") {
		t.Errorf("the answer:\n%s", got)
	}
	p.Handle(keymap.Up, f, b)
	for range 2 {
		title := uitest.Plain(pane.Block{p.Title(f, b)})
		if !strings.Contains(title, "2 lines of splunk: index=x") || strings.Contains(title, "following") || strings.Contains(title, "paused") || strings.Contains(title, "/s") {
			t.Errorf("an answer is neither followed nor paused: %s", title)
		}
		p.Handle(keymap.Pause, f, b)
	}
	p.Handle(keymap.Back, f, b)
	if got := see(p, f, b); !strings.Contains(got, "held") || strings.Contains(got, "first") {
		t.Errorf("back at the tail:\n%s", got)
	}
}

// TestSelectionStaysWhenLinesComeAmongOldOnes: a source that is heard for the
// first time brings what it had, and the selected line stays selected.
func TestSelectionStaysWhenLinesComeAmongOldOnes(t *testing.T) {
	f := frame()
	f.Width, f.Height = 100, 14
	b := say(uitest.Empty(), "app", uitest.Now(), "one", "two", "three", "four")
	p := logs.New()
	p.Handle(keymap.Up, f, b)
	p.Handle(keymap.Up, f, b)
	see(p, f, b)
	b = say(b, "edge", uitest.Now().Add(-time.Minute), "old", "older")
	if got := see(p, f, b); !strings.Contains(got, "old") {
		t.Fatalf("the lines did not come:\n%s", got)
	}
	i, _ := p.Handle(keymap.Copy, f, b)
	if c, ok := i.(pane.Copy); !ok || c.Raw != "two" {
		t.Errorf("selected is %+v", i)
	}
}
