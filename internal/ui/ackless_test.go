package ui

import (
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/ui/uitest"
)

// TestAckOfAPagerWithoutAcksSaysHereOnly never draws an acknowledgement that no pager
// was told of as one that a pager has.
func TestAckOfAPagerWithoutAcksSaysHereOnly(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	for _, e := range uitest.Events() {
		if e, ok := e.(oncall.PagesEvent); ok {
			e.At = f.clock
			e.Pages = append([]oncall.Page(nil), e.Pages...)
			for i := range e.Pages {
				p := &e.Pages[i]
				p.NoAck, p.Status, p.Acks = true, oncall.Acknowledged, []oncall.Acknowledgement{{By: oncall.Person{Name: "ben@example.com", Email: "ben@example.com"}, At: f.clock}}
			}
			f.event(e)
		}
	}
	f.mustSee(t, "acked here only, by ben")
	if got := f.screenText(); strings.Contains(got, "acked by") {
		t.Errorf("drawn as the pager's own word:\n%s", got)
	}
	f.press("enter")
	f.mustSee(t, "has no acknowledgements and goes on calling")
}
