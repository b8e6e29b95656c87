package faults

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/drill/pdserver"
)

// pass lets time go by in steps, with a scrape every 15 seconds and a tick of the
// screen at least every 5.
func (d *desk) pass(total time.Duration) {
	const scrapeEvery = 15 * time.Second
	for total > 0 {
		left := scrapeEvery - time.Duration(time.Now().UnixNano())%scrapeEvery
		step := min(total, left, 5*time.Second)
		time.Sleep(step)
		total -= step
		if step == left {
			d.scrape()
		}
		d.wait()
		d.update(screenSize())
	}
}

// until passes seconds until the screen shows a pattern, and returns how long it
// took; it fails after limit.
func (d *desk) until(limit time.Duration, pattern string) time.Duration {
	d.Helper()
	re := regexp.MustCompile(pattern)
	for waited := time.Duration(0); ; waited += time.Second {
		if re.MatchString(d.screen()) {
			return waited
		}
		if waited > limit {
			d.Fatalf("after %v the screen does not show %q:\n%s", waited, pattern, d.screen())
		}
		d.pass(time.Second)
	}
}

func (d *desk) update(msg tea.Msg) {
	d.mu.Lock()
	d.model.Update(msg)
	d.mu.Unlock()
	d.wait()
}

func (d *desk) press(keys ...string) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		switch k {
		case "enter":
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			msg = tea.KeyPressMsg{Code: tea.KeyEscape}
		}
		d.update(msg)
	}
}

func (d *desk) screen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.model.Update(screenSize())
	return d.model.Text()
}

// see fails unless the screen shows all of these.
func (d *desk) see(words ...string) {
	d.Helper()
	got := d.screen()
	for _, w := range words {
		if !strings.Contains(got, w) {
			d.Errorf("the screen does not show %q:\n%s", w, got)
			return
		}
	}
}

// unseen fails if the screen shows any of these.
func (d *desk) unseen(words ...string) {
	d.Helper()
	got := d.screen()
	for _, w := range words {
		if strings.Contains(got, w) {
			d.Errorf("the screen shows %q:\n%s", w, got)
			return
		}
	}
}

// title returns the first line, where the age of every source is.
func (d *desk) title() string {
	line, _, _ := strings.Cut(d.screen(), "\n")
	return line
}

// well fails unless these sources are shown as live.
func (d *desk) well(names ...string) {
	d.Helper()
	for _, n := range names {
		if !regexp.MustCompile(`\b`+n+` \d+[smh]\d*( clock\S+)?( |$)`).MatchString(d.title()) || strings.Contains(d.title(), n+" LOST") {
			d.Errorf("%s is not live: %s\n%s", n, d.title(), d.screen())
		}
	}
}

// begin waits until all three have answered.
func (d *desk) begin() {
	d.Helper()
	d.pass(20 * time.Second)
	d.see("checkout 5xx above 5%", "triggered", "7.5%", "v413")
	d.well("pd", "prom", "gh")
}

// state is the incident as the pager has it.
func (d *desk) state() pdserver.State {
	d.Helper()
	s, ok := d.pd.State(d.page)
	if !ok {
		d.Fatal("the incident is gone")
	}
	return s
}

// logged counts the acks in the pager's own history.
func (d *desk) logged() int {
	n := 0
	for _, h := range d.state().Log {
		if h.Kind == "acknowledge" {
			n++
		}
	}
	return n
}

// answers puts an answer in the place of the pager's to requests that match.
func (d *desk) answers(method, prefix string, h http.HandlerFunc) {
	f := func(w http.ResponseWriter, r *http.Request) bool {
		if method != "" && r.Method != method || !strings.HasPrefix(r.URL.Path, prefix) {
			return false
		}
		h(w, r)
		return true
	}
	d.tamper.Store(&f)
}

// bubble runs a test in a bubble of time.
func bubble(t *testing.T, name string, s setup, f func(*desk)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { f(newDesk(t, s)) })
	})
}

// wait lets everything happen that is due now.
func (d *desk) wait() {
	if !d.real {
		synctest.Wait()
	}
}

// screenSize has room for whole sentences.
func screenSize() tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: 220, Height: 30} }
