package lookback

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// readSize is how much is read between two looks at whether it is still wanted.
	readSize = 256 << 10
	// maxUnpacked bounds what is read of one compressed file: a small one may claim
	// any size.
	maxUnpacked = 4 << 30
	// maxWindow bounds the memory that unpacking takes.
	maxWindow = 64 << 20
)

// hunt is one search.
type hunt struct {
	name, text string
	start, end time.Time
	limit      int

	lines []oncall.LogLine
	bytes int64
	// over is true once there were more lines than wanted, and short says what was
	// not read.
	over  bool
	short string
}

// enough reports whether a file that was last written to at a moment, and all older
// ones, can hold none of the newest lines that are wanted.
func (h *hunt) enough(written time.Time) bool {
	h.keep()
	if len(h.lines) < h.limit || !written.Add(beside).Before(h.lines[0].At) {
		return false
	}
	h.over = true // what is there was not looked for
	return true
}

// keep leaves the newest lines.
func (h *hunt) keep() {
	slices.SortStableFunc(h.lines, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	if over := len(h.lines) - h.limit; over > 0 {
		h.over = true
		h.lines = slices.Delete(h.lines, 0, over)
	}
}

// read reads what a file holds of the window. A file that cannot be read is named,
// and the others are read.
func (h *hunt) read(ctx context.Context, f found) error {
	file, err := os.Open(f.path)
	if err != nil {
		h.unread(f, err)
		return nil
	}
	defer file.Close() //nolint:errcheck // it was read
	if now, err := file.Stat(); err != nil || !os.SameFile(now, f.info) || now.Size() < f.info.Size() {
		// Its lines are in a file now that was passed over by its name, or nowhere.
		h.short = sources.Printable(f.path, maxWords) + " was rotated while it was searched; search again"
		return nil
	}
	switch filepath.Ext(f.path) {
	case ".gz":
		err = h.gzip(ctx, f, file)
	case ".zst":
		err = h.zstd(ctx, f, file)
	default:
		from, to := f.bounds(file, h.start, h.end)
		err = h.scan(ctx, f, io.NewSectionReader(file, from, to-from), from == 0)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		h.unread(f, err)
	}
	return nil
}

func (h *hunt) unread(f found, err error) {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err
	}
	h.short = sources.Printable(f.path, maxWords) + " could not be read: " + sources.Printable(err.Error(), maxWords)
}

func (h *hunt) gzip(ctx context.Context, f found, file io.Reader) error {
	in, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	return h.scan(ctx, f, io.LimitReader(in, maxUnpacked), true)
}

func (h *hunt) zstd(ctx context.Context, f found, file io.Reader) error {
	in, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer in.Close()
	return h.scan(ctx, f, io.LimitReader(in, maxUnpacked), true)
}

// scan takes the lines of one file, from where a line begins or from within one.
func (h *hunt) scan(ctx context.Context, f found, in io.Reader, begun bool) error {
	var split lines.Splitter
	at := f.info.ModTime()
	timed := false
	line := func(raw string, cut bool) {
		l := f.parse(raw)
		if !l.At.IsZero() {
			at, timed = l.At, true
		}
		if l.At = at; !timed && !begun {
			return // it belongs to a line before the window
		}
		if at.Before(h.start) || !at.Before(h.end) || !strings.Contains(raw, h.text) {
			return
		}
		l.Source, l.Origin, l.Cut = h.name, f.path, cut
		h.lines = append(h.lines, l)
	}
	buf := make([]byte, readSize)
	skip := !begun
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := in.Read(buf)
		h.bytes += int64(n)
		b := buf[:n]
		if skip {
			_, rest, ok := bytes.Cut(b, []byte("\n"))
			if b = rest; ok {
				skip = false
			}
		}
		split.Add(b, time.Time{}, line)
		// A file of many lines that match is not held as a whole.
		if len(h.lines) > 2*h.limit+lines.MaxBatch {
			h.keep()
		}
		if errors.Is(err, io.EOF) {
			split.End(line)
			return nil
		}
		if err != nil {
			return err
		}
	}
}
