package board

import (
	"time"

	"conway/internal/oncall"
)

// PageRow is one page as the list shows it.
type PageRow struct {
	// Page is the source's word, with our own confirmed actions applied.
	Page oncall.Page
	// Reading is the same page with its age. Draw Quality, which also knows Gone.
	Reading oncall.Reading[oncall.Page]
	// Pending are our actions on it that are not done, oldest first.
	Pending []ActionStatus
	// Others are the actions of other cockpits on it that are not done, oldest
	// first, where this one shares a ledger with them.
	Others []ActionStatus
	// Last is the newest action on it, ours or another cockpit's, nil for none.
	Last *ActionStatus
	// Disputed is a confirmed action of ours that the list did not agree with for
	// a minute; the status shown is the list's. Nil for none.
	Disputed *ActionStatus
	// New is true from its arrival until MarkSeen. Pages that were there at the
	// first answer of their source are not new.
	New bool
	// Gone is true when the source stopped listing it without it having been
	// seen to resolve. Such a row stays for 10 minutes.
	Gone bool
	// GoneSince is when it was first missing, zero unless Gone.
	GoneSince time.Time
	// Left is true for one that is Gone because it is somebody else's now: the
	// Page's assignees, by the source's word when it was missed.
	Left bool
}

// Quality returns how far the row can be believed at now. A row that is Gone is
// stale at best.
func (r PageRow) Quality(now time.Time) oncall.Quality {
	q := r.Reading.Quality(now)
	if r.Gone && q != oncall.Lost {
		return oncall.Stale
	}
	return q
}

// Counts sums up the pages.
type Counts struct {
	Triggered int
	Acked     int
	// Open counts every page that is neither resolved nor Gone, also those whose
	// status is not known.
	Open int
	// Mine counts the open pages assigned to the person at this screen.
	Mine int
	// Gone counts the rows not listed any more and not seen to resolve.
	Gone int
	// OldestUnacked is when the oldest triggered page began, zero for none.
	OldestUnacked time.Time
	// Known is false until every page source has answered completely once.
	Known bool
}

// add counts one row.
func (c *Counts) add(r PageRow) {
	if r.Gone {
		c.Gone++
		return
	}
	if !r.Page.Open() {
		return
	}
	c.Open++
	if r.Page.Mine {
		c.Mine++
	}
	switch r.Page.Status {
	case oncall.Acknowledged:
		c.Acked++
	case oncall.Triggered:
		c.Triggered++
		if at := r.Page.CreatedAt; c.OldestUnacked.IsZero() || at.Before(c.OldestUnacked) {
			c.OldestUnacked = at
		}
	case oncall.StatusUnknown, oncall.Resolved:
	}
}
