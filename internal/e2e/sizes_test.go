//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"conway/internal/drill/pdserver"
)

// second is another page than the one most tests are about.
func second() pdserver.Incident {
	return pdserver.Incident{Title: "ledger queue depth", Service: "PLED", Urgency: "low", Alerts: []pdserver.Alert{{Severity: "warning"}}}
}

func TestEverySizeShowsThePageAndTheWayToAck(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd).hold(0)
	c := s.cockpit(200, 50)
	all := []string{title, "PAGES 1 open", "DEPLOYS", "METRICS", "LOGS", "a ack", "? help"}
	c.sees(all...)
	for _, size := range []struct {
		w, h int
		see  []string
	}{
		{80, 24, []string{title, "triggered", "PAGES 1 open", "a ack", "? help"}},
		{60, 15, []string{title, "PAGES 1 open", "a ack", "? help"}},
		{30, 6, []string{"1 open ●", "a ack"}},
		{10, 2, []string{"1 open"}},
		{1, 1, nil},
		{200, 50, all},
	} {
		c.resize(size.w, size.h)
		text := c.until("a screen of that size with "+strings.Join(size.see, ", "), func(t string) bool {
			if size.w < 40 && strings.Contains(t, "DEPLOYS") {
				return false // not drawn anew yet
			}
			for _, s := range size.see {
				if !strings.Contains(t, s) {
					return false
				}
			}
			return true
		})
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) != size.h {
			t.Errorf("%dx%d: %d rows", size.w, size.h, len(lines))
		}
		if size.w >= 40 {
			// The last row is the footer: nothing has scrolled off the top.
			if !strings.Contains(lines[0], "conway") || !strings.Contains(lines[len(lines)-1], "help") {
				t.Errorf("%dx%d: the title or the footer is not where it belongs:\n%s", size.w, size.h, text)
			}
		}
	}
	c.resize(30, 6)
	c.sees("a ack")
	c.press("a")
	c.until("no way to ack any more", func(t string) bool { return !strings.Contains(t, "a ack") })
	eventually(t, "the pager has the ack", func() bool { return pd.acked(id) == 1 })
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
