package ledger

import (
	"os"
	"sync"
	"time"
)

// quiet remembers that nothing follows a cursor, for as long as the files are as
// they were. Several jobs ask that every second of a ledger to which something is
// added a few times in an hour, and a transaction to find out is most of what an
// idle cockpit does with the disk.
type quiet struct {
	mu sync.Mutex
	// end is the last record there was, were what the files looked like before that was
	// read; nil when they say nothing.
	end  Cursor
	were *[2]stamp
}

// watched is a store of which it can be seen that nothing was written.
type watched interface{ files(now time.Time) *[2]stamp }

// stamp is what changes when a file is written to.
type stamp struct {
	size int64
	at   time.Time
}

// quietFor is by how much longer a file must have been left alone than the clock by
// which the system dates it goes from tick to tick, so that nothing can be written
// to it any more at the same date. No system that this runs on takes 100 ms.
const quietFor = time.Second

// files returns what the files of the ledger look like: the database and the log
// that stands before it. It returns nil if a change of them might not be seen.
func (f *fileStore) files(now time.Time) *[2]stamp {
	if f.opts.disk.vfs() != "" {
		return nil // what is written is not in these files
	}
	var out [2]stamp
	for i, name := range [...]string{f.path, f.path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil || now.Sub(info.ModTime()) < quietFor {
			return nil
		}
		out[i] = stamp{info.Size(), info.ModTime()}
	}
	return &out
}

// after reports whether it is known that no record follows the cursor.
func (q *quiet) after(c Cursor, files *[2]stamp) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return files != nil && q.were != nil && *q.were == *files && q.end == c
}

// learn takes in that none follows.
func (q *quiet) learn(c Cursor, files *[2]stamp) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end, q.were = c, files
}
