package feed

import (
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
)

// watchFor is how long a note that was sent more than once is looked at after it
// was confirmed: a copy that took longer than the settle time may come yet.
const watchFor = time.Hour

// watch looks for a second copy of a note. It delays nothing and does not
// outlive the outbox; whoever reads the page's notes knows a copy by its marker.
type watch struct {
	d      *delivery
	flying bool
	due    moment
	// pause is how long the next look waits after this one, until the end.
	pause time.Duration
	until moment
}

// beware begins to watch a confirmed note if an earlier copy of it may still
// come, or says at once that there are several.
func (o *Outbox) beware(d *delivery, copies int) *oncall.Fault {
	if copies > 1 {
		return repeated(d.action, copies)
	}
	if d.action.Kind.Once() && d.doubtful && (d.attempt > 1 || d.adopted) {
		now := o.opts.Elapsed()
		o.watches = append(o.watches, &watch{d: d, due: now + o.opts.Settle, pause: o.opts.Settle, until: now + watchFor})
	}
	return nil
}

// watched takes the outcome of a look. One that failed says nothing.
func (o *Outbox) watched(w *watch, copies int, err error) {
	w.flying = false
	now := o.opts.Elapsed()
	several := err == nil && copies > 1
	if several {
		o.emit(w.d, oncall.Confirmed, repeated(w.d.action, copies), 0)
	}
	if several || now >= w.until {
		o.watches = slices.DeleteFunc(o.watches, func(p *watch) bool { return p == w })
		return
	}
	w.pause *= 2
	w.due = min(now+w.pause, max(now, w.until))
}

// repeated is the fault of a note that is there more than once.
func repeated(a oncall.Action, copies int) *oncall.Fault {
	what := "note"
	if a.Kind == oncall.File {
		what = "issue"
	}
	return &oncall.Fault{
		Kind: oncall.Repeated, Source: a.Target.Source, Op: a.Kind.String() + " " + a.Target.ID,
		Detail: fmt.Sprintf("the %s is there %d times: one came later than it should have", what, copies),
		Fix:    "nothing is lost",
	}
}
