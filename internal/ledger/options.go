package ledger

import (
	"context"
	"errors"
	"time"
)

// Options say which ledger to open and for whom.
type Options struct {
	// Path is the ledger's file. Its folder is made when it is missing and must be
	// closed to others; both must be on a local disk. With a URL it holds nothing
	// but what each source last said, and may be empty for a handle that has no use
	// for that.
	Path string
	// URL is the address of a team's PostgreSQL database that holds the records,
	// without a password; empty for a ledger in a file.
	URL string
	// Password returns the database's password each time it is connected to; nil
	// leaves it to PGPASSWORD and the password file.
	Password func(context.Context) (string, error)
	// Elapsed tells the time since some fixed moment by a clock that nobody sets and
	// that runs on while a machine sleeps; nil means Go's monotonic one.
	Elapsed func() time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Actor is who is at this screen; records that name nobody get it.
	Actor string
	// ReadOnly opens a ledger that exists already and changes nothing in it.
	// Everything that writes fails with ErrReadOnly.
	ReadOnly bool

	// disk is what the files are on; nil means the operating system's.
	disk disk
	// failpoint is called with the name of each place where a process may die;
	// nil means that nothing is.
	failpoint func(name string)
	// checkpoint is after how many pages the log is copied into the file; 0 means
	// SQLite's own number.
	checkpoint int
	// grace is how long a write is waited for after its context's end; 0 means
	// commitGrace.
	grace time.Duration
	// remote names the network file system of a folder; nil asks the system.
	remote func(dir string) (string, error)
}

func (o Options) filled() (Options, error) {
	if o.Path == "" && o.URL == "" {
		return o, errors.New("no path is set")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		start := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(start) }
	}
	if o.disk == nil {
		o.disk = localDisk{}
	}
	if o.failpoint == nil {
		o.failpoint = func(string) {}
	}
	if o.grace <= 0 {
		o.grace = commitGrace
	}
	if o.remote == nil {
		o.remote = remote
	}
	return o, nil
}
