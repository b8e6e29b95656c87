package s3parquet

import (
	"container/list"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// tailSize is how much of a file's end is read at first: the footer of most
	// files, and often the page indexes before it.
	tailSize = 32 << 10
	// maxFooter bounds a footer. A file may claim any length.
	maxFooter = 64 << 20
	// keptFooters is how many footers are kept from search to search.
	keptFooters = 256
)

// corruptError reports a file that cannot be read as what it should be.
type corruptError struct {
	key  string
	what string
}

// Error names the file, and says what is wrong with it.
func (e *corruptError) Error() string {
	return sources.Printable(e.key, maxName) + ": " + sources.Printable(e.what, maxName)
}

// corrupt names the file of an error of its content. An error of the store, or of
// the context, stays what it is.
func corrupt(o object, err error) error {
	if g, ok := errors.AsType[*goneError](err); ok {
		return g
	}
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &corruptError{key: o.key, what: err.Error()}
}

// rescue turns a panic of the decoder, which files from outside may cause, into
// an error.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it cannot be decoded: %v", p)
	}
}

// file is a file whose footer has been read.
type file struct {
	object object
	pq     *parquet.File
	schema *schema
	placed placed
	// indexed are the row group and column of each page index that is known.
	indexed sync.Map
}

// cache keeps footers, the newest ones.
type cache struct {
	mu    sync.Mutex
	order *list.List
	byKey map[string]*list.Element
}

func newCache() *cache { return &cache{order: list.New(), byKey: map[string]*list.Element{}} }

func (c *cache) get(o object) *file {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[o.key]
	if e == nil {
		return nil
	}
	f, _ := e.Value.(*file)
	if f.object.version != o.version || f.object.size != o.size {
		return nil
	}
	c.order.MoveToFront(e)
	return f
}

func (c *cache) put(f *file) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[f.object.key]; e != nil {
		c.order.Remove(e)
	}
	c.byKey[f.object.key] = c.order.PushFront(f)
	if c.order.Len() > keptFooters {
		last := c.order.Back()
		old, _ := last.Value.(*file)
		delete(c.byKey, old.object.key)
		c.order.Remove(last)
	}
}

// open reads the footer of a file, unless it is known.
func (l *Lake) open(ctx context.Context, b *blob) (f *file, err error) {
	if f := l.cache.get(b.object); f != nil {
		return f, nil
	}
	defer func() {
		if err != nil {
			err = corrupt(b.object, err)
		}
	}()
	defer rescue(&err)
	size := b.object.size
	if size < 12 {
		return nil, errors.New("it is too short to be a Parquet file")
	}
	if err := b.fetch(ctx, []span{{size - tailSize, size}}); err != nil {
		return nil, err
	}
	var end [8]byte
	b.at(end[:], size-8)
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	switch {
	case string(end[4:]) == "PARE":
		return nil, errors.New("it is encrypted")
	case string(end[4:]) != "PAR1":
		return nil, errors.New("it does not end as a Parquet file does; it may be cut short or something else")
	case length > maxFooter || length+8 > size:
		return nil, errors.New("it says that its footer is longer than it can be")
	}
	pq, err := parquet.OpenFile(b.whole(ctx), size, parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	s, err := schemaOf(pq.Root(), l.o.Columns)
	if err != nil {
		return nil, err
	}
	f = &file{object: b.object, pq: pq, schema: s, placed: place(b.object.key)}
	l.cache.put(f)
	return f, nil
}
