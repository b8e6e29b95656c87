package s3parquet

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// nearby is how far apart two ranges may be and still be read as one: less
	// time passes reading the bytes between them than asking again.
	nearby = 64 << 10
	// maxRange bounds one request, so that it ends within its time limit.
	maxRange = 8 << 20
	// width is how many ranges of a file are read at once.
	width = 4
)

// span is a range of bytes, the end not part of it.
type span struct{ from, to int64 }

// piece is a part of a file that has been read.
type piece struct {
	at   int64
	data []byte
}

func (p piece) end() int64 { return p.at + int64(len(p.data)) }

// blob is what one search has read of a file. It is safe for concurrent use.
type blob struct {
	store  store
	object object
	count  func(int64)

	mu     sync.Mutex
	pieces []piece
}

// fetch reads ranges of the file that have not been read yet, near ones together
// and some at once.
func (b *blob) fetch(ctx context.Context, spans []span) error {
	spans = merge(b.missing(spans), nearby)
	var cut []span
	for _, s := range spans {
		for ; s.to-s.from > maxRange; s.from += maxRange {
			cut = append(cut, span{s.from, s.from + maxRange})
		}
		cut = append(cut, s)
	}
	if len(cut) == 1 {
		return b.load(ctx, cut[0])
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(width)
	for _, s := range cut {
		g.Go(func() (err error) {
			defer rescue(&err)
			return b.load(ctx, s)
		})
	}
	return g.Wait()
}

func (b *blob) load(ctx context.Context, s span) error {
	p := make([]byte, s.to-s.from)
	if err := b.store.read(ctx, b.object, s.from, p); err != nil {
		return err
	}
	b.count(int64(len(p)))
	b.add(piece{s.from, p})
	return nil
}

func (b *blob) add(p piece) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, _ := slices.BinarySearchFunc(b.pieces, p.at, func(q piece, at int64) int { return int(max(-1, min(1, q.at-at))) })
	b.pieces = slices.Insert(b.pieces, i, p)
}

// missing returns the parts of the spans that no piece holds.
func (b *blob) missing(spans []span) []span {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []span
	for _, s := range merge(spans, 0) {
		s.from, s.to = max(0, s.from), min(b.object.size, s.to)
		for _, p := range b.pieces {
			if p.end() <= s.from || p.at >= s.to {
				continue
			}
			if p.at > s.from {
				out = append(out, span{s.from, p.at})
			}
			s.from = max(s.from, p.end())
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// at copies what has been read from an offset on.
func (b *blob) at(p []byte, off int64) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(p) {
		before := n
		for _, q := range b.pieces {
			if q.at <= off && off < q.end() {
				c := copy(p[n:], q.data[off-q.at:])
				n, off = n+c, off+int64(c)
			}
		}
		if n == before {
			break
		}
	}
	return n
}

// merge sorts ranges and joins those that are no further apart than gap.
func merge(spans []span, gap int64) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return int(max(-1, min(1, a.from-b.from))) })
	var out []span
	for _, s := range spans {
		if s.to <= s.from {
			continue
		}
		if n := len(out); n > 0 && s.from-out[n-1].to <= gap {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// readerFunc reads a file at an offset.
type readerFunc func(p []byte, off int64) (int, error)

// ReadAt returns fewer bytes than asked for, without an error, where only the
// first ones have been read: the decoder asks for whole buffers, of which it may
// need no more than the beginning.
func (f readerFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// reader returns the file as the decoder reads it. What was not fetched before is
// fetched when it is asked for.
func (b *blob) reader(ctx context.Context) io.ReaderAt {
	return readerFunc(func(p []byte, off int64) (int, error) {
		if len(p) == 0 {
			return 0, nil
		}
		if off < 0 || off >= b.object.size {
			return 0, io.EOF
		}
		if n := b.at(p, off); n > 0 {
			return n, nil
		}
		if err := b.fetch(ctx, []span{{off, off + int64(len(p))}}); err != nil {
			return 0, err
		}
		n := b.at(p, off)
		if n == 0 {
			return 0, errors.New("it ends early")
		}
		return n, nil
	})
}

// whole returns a reader that gives all that is asked for.
func (b *blob) whole(ctx context.Context) io.ReaderAt {
	return readerFunc(func(p []byte, off int64) (int, error) {
		if off < 0 || off+int64(len(p)) > b.object.size {
			return 0, io.ErrUnexpectedEOF
		}
		if err := b.fetch(ctx, []span{{off, off + int64(len(p))}}); err != nil {
			return 0, err
		}
		return b.at(p, off), nil
	})
}
