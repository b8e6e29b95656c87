//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

func TestSourceThatIsDownIsShownAndRecovers(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	pd.checkout()
	s := newSite(t).pages(pd)
	grow(t, s.path("app.log"), `{"time":"%s","level":"info","msg":"order %d taken"}`)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	c := s.cockpit(160, 40)
	c.sees("PAGES 1 open", title, "order")

	pd.down()
	shown := c.sees("PAGES 1 open STALE", title, "last heard")
	c.matches(`(?m)^ conway .*pd \d+s!!  app 0s *$`)
	if strings.Contains(shown, "nothing is open") || strings.Contains(shown, "PAGES 0 open") {
		t.Errorf("a pager that does not answer is taken for a quiet one:\n%s", shown)
	}
	c.press("S")
	c.sees("connection refused", "stale", "try")
	c.press("S")
	// The other panes go on.
	last := c.matches(`(?s).*order (\d+) taken`)[1]
	c.until("a newer log line", func(t string) bool {
		return strings.Contains(t, "order") && !strings.Contains(t, "order "+last+" taken")
	})

	pd.up()
	pd.Trigger(second())
	// It would look again by itself within a minute; r makes it look now.
	c.press("r")
	c.sees("PAGES 2 open", "ledger queue depth")
	c.lacks("!!")
	c.lacks("STALE")
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
