package board

import (
	"sync"

	"conway/internal/oncall"
)

// room has lists for lines that are being put in order. Where several sources take
// turns, each line takes part in that more than once, and lists that were made each
// time would be most of the garbage. It is safe for concurrent use, and nil is a room
// that keeps none.
type room struct {
	lists sync.Pool // of *[]oncall.LogLine
}

// list returns an empty list for n lines.
func (r *room) list(n int) []oncall.LogLine {
	if r != nil {
		if l, ok := r.lists.Get().(*[]oncall.LogLine); ok && n <= cap(*l) {
			return (*l)[:0]
		}
	}
	return make([]oncall.LogLine, 0, n+n/4)
}

// back takes a list that nobody looks at any more.
func (r *room) back(l []oncall.LogLine) {
	if r != nil && cap(l) > 0 {
		clear(l) // nothing has to be found through it meanwhile, nor is kept by it
		l = l[:0]
		r.lists.Put(&l)
	}
}
