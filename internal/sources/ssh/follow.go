package ssh

import (
	"bytes"
	"context"
	"errors"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// firstBytes is how much of a file's end is shown at first.
	firstBytes = 256 << 10
	// againBytes is how much of another file of the same name is looked through for
	// the place that was reached.
	againBytes = 4 << 20
	// keptBytes is how much of what came last is kept to know the place again, and
	// tellingBytes how much is enough for that.
	keptBytes    = 4 << 10
	tellingBytes = 32
)

// errMoved ends a connection to a file that is not the one it seemed to be.
var errMoved = errors.New("the file is another one")

// followed is a file and how far it was read. Only one run touches it at a time.
type followed struct {
	source *Source
	path   string
	// whole is true for a file that came while others were followed, all of which is
	// new.
	whole bool
	split lines.Splitter

	// known is false before the first connection.
	known bool
	// inode is the file's as the last connection found it, and offset how many bytes
	// of it were read.
	inode  string
	offset int64
	// last are the newest bytes.
	last []byte
}

// connection is one stretch of following a file.
type connection struct {
	*followed

	batch *lines.Batch
	// again is true when the bytes that came last are to come first, as a check.
	again bool
	// search is true while the place is looked for in another file, and skip while
	// the first line, of which only the end came, is passed over.
	search, skip bool
	// held is what came before it is known what of it is new.
	held  []byte
	alive bool
}

// follow follows the file until ctx ends or the host is lost.
func (f *followed) follow(ctx context.Context, emit sources.Emit) error {
	batch := lines.NewBatch(f.source.o.Name, time.Now, emit)
	for {
		err := f.connect(ctx, batch)
		fault, isFault := errors.AsType[*oncall.Fault](err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errMoved):
			f.inode = ""
			continue
		case err == nil:
			return &oncall.Fault{
				Kind: oncall.Unavailable, Source: f.source.o.Name, Op: opFollow,
				Detail: "tail ended on " + sources.Printable(f.source.o.Host, maxWords),
			}
		case !isFault || !f.ofFile(fault):
			return err
		}
		// The host is there, and the file is not.
		batch.Fault(fault)
		if err := pause(ctx, f.source.o.Retry); err != nil {
			return err
		}
	}
}

// ofFile reports whether a fault is of this file alone.
func (f *followed) ofFile(fault *oncall.Fault) bool {
	for _, word := range []string{"missing", "unreadable", "special"} {
		if fault.Detail == f.source.missing(opFollow, f.path, word).Detail {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// connect follows the file over one connection, from where the last one ended.
func (f *followed) connect(ctx context.Context, batch *lines.Batch) error {
	c := &connection{followed: f, batch: batch}
	from, near := int64(0), int64(firstBytes)
	inode := f.inode
	if f.known {
		from, near = f.offset-int64(len(f.last)), againBytes
	} else {
		inode = ""
		if f.whole {
			near = againBytes
		}
	}
	mark := newMark()
	err := f.source.run(ctx, opFollow, f.path, followScript(mark, f.path, inode, from, near), mark, func(h header, p []byte) error {
		if !c.alive {
			c.alive = true
			c.begin(h, inode != "" && h.inode == inode && h.from == from)
		}
		return c.take(h, p)
	})
	batch.Flush()
	return err
}

// begin finds out what the first bytes will be.
func (c *connection) begin(h header, same bool) {
	switch {
	case !c.known:
		c.skip = h.from > 0
		if c.skip && c.whole {
			c.batch.Gap(oncall.Dropped{Count: 1, Reason: "the file was already longer than 4 MiB when it was found; what comes before is left out"})
		}
	case same:
		c.again = true
	default:
		c.search = true
	}
	c.batch.Alive()
	if !same {
		c.inode, c.offset = h.inode, h.from
	} else {
		c.offset = h.from
	}
	c.known = true
}

// take takes the next bytes of the file.
func (c *connection) take(h header, p []byte) error {
	now := time.Now()
	c.offset += int64(len(p))
	switch {
	case c.again:
		c.held = append(c.held, p...)
		if len(c.held) < len(c.last) {
			return nil
		}
		if !bytes.HasPrefix(c.held, c.last) {
			return errMoved
		}
		p, c.held, c.again = c.held[len(c.last):], nil, false
	case c.search:
		c.held = append(c.held, p...)
		if c.offset < h.size {
			return nil
		}
		p = c.find(h.from > 0)
	case c.skip:
		_, rest, ok := bytes.Cut(p, []byte("\n"))
		if p = rest; ok {
			c.skip = false
		}
	}
	c.put(p, now)
	return nil
}

// find looks for the place in another file, and returns what is new. What came of the
// file may begin within a line.
func (c *connection) find(within bool) []byte {
	p := c.held
	c.held, c.search = nil, false
	// What was begun in the file before has no end here.
	c.split.End(c.line(time.Now()))
	if len(c.last) >= tellingBytes {
		if i := bytes.Index(p, c.last); i >= 0 {
			return p[i+len(c.last):]
		}
	}
	if len(c.last) > 0 {
		c.batch.Gap(oncall.Dropped{Count: 1, Reason: "the file was replaced while nobody was connected; lines that were written to the one before may be missing"})
	}
	if within {
		_, p, _ = bytes.Cut(p, []byte("\n"))
	}
	return p
}

func (c *connection) line(now time.Time) lines.Line {
	return func(raw string, cut bool) { c.batch.Add(raw, c.path, cut, now) }
}

// put shows bytes of the file as lines.
func (c *connection) put(p []byte, now time.Time) {
	if len(p) > 0 {
		c.last = append(c.last, p...)
		if over := len(c.last) - keptBytes; over > 0 {
			c.last = append(c.last[:0], c.last[over:]...)
		}
		c.split.Add(p, now, c.line(now))
	}
	if held := c.split.Held(); !held.IsZero() && now.Sub(held) > lines.HoldBack {
		c.split.Rest(c.line(now))
	}
	c.batch.Flush()
}
