//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestTagOfAResolvedPageIsCounted(t *testing.T) {
	t.Parallel()
	var s *site
	pd, c, id := paged(t, func(made *site) { s = made.hold(0) })
	c.press("R")
	c.sees("1 needed me  2 could wait  3 noise │ 4 preventable  5 deploy  6 follow-up", "resolve confirmed")
	c.press("1")
	c.sees("1✓needed me", "recorded: needed me · "+title)
	if st := pd.state(id); st.Status != "resolved" {
		t.Errorf("the page is %s", st.Status)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if got := s.run("ledger", "export", "--all").stdout; strings.Count(got, `"name":"verdict","value":"needed"`) != 1 {
		t.Errorf("the ledger holds:\n%s", got)
	}
	var report struct {
		Now struct {
			Verdicts struct {
				Coverage, Needed struct{ K, N int }
			}
		}
	}
	r := s.run("report", "--since", "2d", "--until", time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly), "--format", "json")
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	if v := report.Now.Verdicts; v.Coverage.K != 1 || v.Coverage.N != 1 || v.Needed.K != 1 {
		t.Errorf("counted %+v of\n%s", v, r.stdout)
	}
}
