//go:build e2e

package e2e

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// title is the page that most tests are about.
const title = "checkout 5xx above 5%"

// paged starts the cockpit on a pager with one open page, and waits for it.
func paged(tb testing.TB, change func(*site), env ...string) (*pager, *screen, string) {
	tb.Helper()
	pd := newPager(tb)
	id := pd.checkout()
	s := newSite(tb).pages(pd)
	if change != nil {
		change(s)
	}
	c := s.cockpit(120, 40, env...)
	c.sees("PAGES 1 open", title, "triggered")
	return pd, c, id
}

func TestAckIsCancelledWithU(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, func(s *site) { s.hold(30 * time.Second) })
	c.press("a")
	c.sees("ack in", "u cancels")
	c.press("u")
	c.sees("ack cancelled, nothing was sent")
	if w := pd.writes(); len(w) != 0 {
		t.Errorf("the pager was asked to change something: %+v", w)
	}
	if st := pd.state(id); st.Status != "triggered" {
		t.Errorf("the page is %s", st.Status)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
}

func TestRefusedAckSaysWhy(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, func(s *site) { s.hold(0) })
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 0, pdserver.Failure{
		Status: http.StatusBadRequest, Body: `{"error":{"message":"Incident Already Resolved","code":1001}}`,
	}))
	c.press("a")
	c.sees("ack refused", "ack refused: pd: acknowledge "+id+": refused (HTTP 400): Incident Already Resolved")
	if text := c.text(); strings.Contains(text, "acked by") || !strings.Contains(text, "triggered") {
		t.Errorf("the screen takes a refused ack for one:\n%s", text)
	}
	if n := len(pd.writes()); n != 1 {
		t.Errorf("what was refused was sent %d times", n)
	}
	// It can be tried again by hand, and then it is one.
	pd.Fail(nil)
	c.press("a")
	c.sees("acked by you")
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements, want 1", n)
	}
}

func TestForbiddenAckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, func(s *site) { s.hold(0) })
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 0, pdserver.Failure{
		Status: http.StatusForbidden, Body: `{"error":{"message":"Access Denied","code":2010}}`,
	}))
	c.press("a")
	c.sees("ack waits, next try in", "1 undelivered")
	c.press("Enter")
	text := c.sees("DETAIL", "Access")
	want := "pd: acknowledge " + id + ": not authorised (HTTP 403): Access Denied; give the token of pd this permission"
	if !strings.Contains(unwrapped(text), want) {
		t.Errorf("the detail does not say %q:\n%s", want, text)
	}
	if st := pd.state(id); st.Status != "triggered" || strings.Contains(text, "acked by") {
		t.Errorf("the pager says %s, the screen:\n%s", st.Status, text)
	}
	c.press("q")
	c.answer("QUIT?", "y")
	if code := c.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestRefusedNoteStaysInTheEditorWordForWord(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, nil)
	pd.Fail(pdserver.On(http.MethodPost, "/incidents", 1, pdserver.Failure{
		Status: http.StatusBadRequest, Body: `{"error":{"message":"Invalid Input Provided","code":2001,"errors":["Content is odd"]}}`,
	}))
	c.press("n")
	c.sees("NOTE on " + title)
	c.typed("first line – naïve ‘quotes’")
	c.press("C-j")
	c.typed("second line; a q R ! keys")
	c.press("Enter")
	text := c.sees("NOTE on "+title, "refused (HTTP 400): Invalid Input Provided: Content is odd",
		"first line – naïve ‘quotes’", "second line; a q R ! keys")
	if strings.Contains(text, "note confirmed") {
		t.Errorf("a refused note is called confirmed:\n%s", text)
	}
	// The editor opened by itself and swallows keys for a moment.
	c.answer("NOTE on ", "Enter")
	c.sees("note confirmed")
	want := []string{"PANA: first line – naïve ‘quotes’\nsecond line; a q R ! keys"}
	if got := pd.written(id); !slices.Equal(got, want) {
		t.Errorf("the pager's notes are %q, want %q", got, want)
	}
}

func TestQuitAsksWhileAnAckIsUndelivered(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, func(s *site) { s.hold(0) })
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 0, pdserver.Failure{Status: http.StatusServiceUnavailable}))
	c.press("a")
	c.sees("1 undelivered")
	c.press("q")
	c.sees("QUIT?", "1 of what you asked for has not been delivered.", "send it now, quit when it has arrived", "quit all the same")
	c.answer("QUIT?", "Escape")
	c.sees(title, "1 undelivered")
	pd.Fail(nil)
	// It may be delivered at any moment now, and then q asks nothing.
	c.press("q")
	if text := c.until("the question or the end", func(t string) bool {
		return strings.Contains(t, "QUIT?") || strings.Contains(t, "\nexit ")
	}); strings.Contains(text, "QUIT?") {
		c.answer("QUIT?", "w")
	}
	if code := c.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements, want 1", n)
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	var home string
	pd, c, id := paged(t, func(s *site) {
		home = s.home
		s.add("read_only: true")
		s.runbook("# Checkout\n\n```sh\ntouch " + s.path("ran") + "\n```\n")
	})
	c.sees("READ-ONLY")
	for _, key := range []string{"a", "n", "R", "s", "!"} {
		c.press(key)
		c.sees("this cockpit is read-only (read_only in the config)")
		c.press("Escape")
		c.lacks("this cockpit is read-only")
	}
	c.press("b")
	c.sees("RUNBOOK Checkout", "step 1")
	c.press("Enter")
	if text := c.sees("this cockpit is read-only"); strings.Contains(text, "RUN THIS STEP?") {
		t.Errorf("a read-only cockpit asks to run a step:\n%s", text)
	}
	mustNotExist(t, filepath.Join(home, "ran"))
	if w := pd.writes(); len(w) != 0 || pd.state(id).Status != "triggered" {
		t.Errorf("a read-only cockpit wrote: %+v", w)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// unwrapped joins the lines inside the right pane of a screen, where a sentence
// that is too long for one was broken at a space.
func unwrapped(text string) string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		parts := strings.Split(strings.TrimRight(l, " "), "│")
		if len(parts) >= 2 {
			l = parts[len(parts)-2]
		}
		out = append(out, strings.TrimSpace(l))
	}
	return strings.Join(out, " ")
}
