package lookback

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"conway/internal/oncall"
)

const (
	// grain is how exactly a window is looked up in a file, in bytes.
	grain = 256 << 10
	// probe is how much is read at a place to find a line with a time.
	probe = 64 << 10
)

// packed reports whether a file is compressed.
func packed(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".gz" || ext == ".zst"
}

// bounds returns from where to where a file may hold lines of a window, at
// beginnings of lines or within them.
func (f found) bounds(file *os.File, start, end time.Time) (from, to int64) {
	size := f.info.Size()
	n := int(size/grain) + 1
	at := func(i int) int64 { return min(size, int64(i)*grain) }
	// The last place whose line is too old, and the first whose line is too new.
	low := sort.Search(n, func(i int) bool { return !f.before(file, at(i), start.Add(-beside)) })
	high := low + sort.Search(n-low, func(i int) bool { return !f.before(file, at(low+i), end.Add(beside)) })
	return at(max(0, low-1)), at(min(n, high+1))
}

// before reports whether the first line with a time from a place on is older than
// a moment. Where there is none, nothing is.
func (f found) before(file *os.File, place int64, moment time.Time) bool {
	buf := make([]byte, min(probe, f.info.Size()-place))
	n, err := file.ReadAt(buf, place)
	if err != nil && err != io.EOF {
		return false
	}
	rest := buf[:n]
	if place > 0 {
		if _, rest, _ = bytes.Cut(rest, []byte("\n")); rest == nil {
			return false
		}
	}
	for line := range bytes.Lines(rest) {
		if l := f.parse(string(bytes.TrimRight(line, "\r\n"))); !l.At.IsZero() {
			return l.At.Before(moment)
		}
	}
	return false
}

// parse reads a line. Its time is zero when it has none; one without a zone or a
// year lies near the file's last writing.
func (f found) parse(raw string) oncall.LogLine {
	// No line has this very time of its own.
	near := f.info.ModTime().Local().Truncate(time.Second).Add(1)
	l := oncall.ParseLine(raw, near)
	if l.At.Equal(near) {
		l.At = time.Time{}
	}
	return l
}
