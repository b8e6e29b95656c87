package drill

import (
	"fmt"
	"time"

	"conway/internal/drill/pdserver"
)

// next writes who would have been woken next, and one sentence of judgement by
// facts.
func (f *debrief) next() {
	if len(f.pages) == 0 {
		return
	}
	f.head("Who was next")
	p := f.pages[0]
	wait := max(f.d.pace.wall(f.d.scenario.EscalateAfter), time.Second)
	second := p.CreatedAt.Add(wait)
	f.line("  %s at %s, then %s at %s, if nobody had acknowledged",
		nameOf(secondID), offset(wait), nameOf(thirdID), offset(2*wait))
	f.line("  %s", judge(p, second, f.now))
	if f.d.scenario.End.Nobody {
		f.line("  %s", f.needless())
	}
}

// judge says in one sentence what became of a page that would have woken the
// next person at a moment.
func judge(p pdserver.State, second, now time.Time) string {
	ben := nameOf(secondID)
	for _, h := range p.Log {
		switch h.Kind {
		case "escalate":
			return fmt.Sprintf("%s was woken, because nobody had acknowledged the page by then.", ben)
		case "acknowledge":
			return fmt.Sprintf("The page was acknowledged %s before %s would have been woken.", length(second.Sub(h.At)), ben)
		case "resolve":
			how := "it was resolved by hand"
			if h.By != meID {
				how = "it resolved by itself"
			}
			return fmt.Sprintf("Nobody acknowledged the page; %s %s before %s would have been woken.", how, length(second.Sub(h.At)), ben)
		}
	}
	return fmt.Sprintf("Nobody has acknowledged the page; %s will be woken in %s.", ben, length(second.Sub(now)))
}

// needless says what was done about a page that needed nothing.
func (f *debrief) needless() string {
	if n := len(f.deeds()); n > 0 {
		return fmt.Sprintf("Nothing needed doing; you did %d things, and the alert would have gone without them.", n)
	}
	return "Nothing needed doing, and you did nothing."
}
