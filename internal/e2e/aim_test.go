//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// TestEscalateMergeAndPriority goes from the keys to the pager's own word, the answer
// to one write lost on its way; an account without priorities says so.
func TestEscalateMergeAndPriority(t *testing.T) {
	t.Parallel()
	pd, c, id := paged(t, func(s *site) { s.hold(time.Second) })
	parent := pd.checkout(func(i *pdserver.Incident) { i.Title, i.Key, i.Service = "ledger queue depth", "queue", "PLED" })
	c.sees("PAGES 2 open")

	c.press("p")
	c.sees("PRIORITY", "this PagerDuty account has no priorities")
	c.answer("PRIORITY", "Escape")

	c.press("E")
	c.sees("ESCALATE OR REASSIGN", "level 2", "Cem Su", "policy Payments on-call")
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 1, pdserver.Failure{DropAfter: true}))
	c.answer("ESCALATE OR REASSIGN", "Enter")
	c.sees("escalate confirmed: " + title + ", to level 2")
	if st := pd.state(id); st.Level != 2 || strings.Join(st.Assignees, " ") != "PCEM" {
		t.Errorf("it is at level %d with %v", st.Level, st.Assignees)
	}

	// The page is not Ana's any more, so her list has only the other one.
	c.sees("PAGES 1 open")
	pd.Reassign(id, "PANA")
	c.sees("PAGES 2 open")
	c.press("m")
	c.sees("MERGE INTO", "this cannot be undone")
	c.answer("MERGE INTO", "Enter")
	c.sees("merge in", "u cancels")
	c.sees("merge confirmed")
	into := pd.state(parent).MergedInto + pd.state(id).MergedInto
	if into != parent && into != id {
		t.Errorf("nothing was merged into the other: %q", into)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
