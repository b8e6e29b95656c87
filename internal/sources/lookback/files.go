package lookback

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// searchBack is how far a search goes back whose query does not say, and
	// searchLimit how many lines it finds.
	searchBack  = time.Hour
	searchLimit = 10_000
	// beside is how far lines may lie from where their time belongs: of several
	// writers to a file, the clock of one may be minutes off.
	beside = tailing.Behind
	// maxWords bounds names and words from outside in a sentence, in characters.
	maxWords = 200

	opSearch = "search files"
)

// Files are the log files that globs match.
type Files struct {
	name  string
	globs []string
}

// New returns the files of a source. The globs are as in path/filepath.
func New(name string, globs []string) (*Files, error) {
	if name == "" || len(globs) == 0 {
		return nil, errors.New("search files: name and paths are needed")
	}
	for _, g := range globs {
		if _, err := filepath.Match(g, ""); err != nil {
			return nil, fmt.Errorf("search files: %q is no pattern: %w", sources.Printable(g, maxWords), err)
		}
	}
	return &Files{name: name, globs: globs}, nil
}

// found is one file that may hold lines of a window.
type found struct {
	path string
	info fs.FileInfo
}

// rotated is what goes on the name of a file that was rotated away.
func rotated() *regexp.Regexp {
	return regexp.MustCompile(`^[.-](\d{1,14}|\d{4}-\d\d-\d\d([T_-]\d\d[0-9:.-]*)?)(\.gz|\.zst)?$`)
}

// list returns the files that may hold lines since a moment, the one that was
// written to last first, each once whatever its names.
func (s *Files) list(since time.Time) ([]found, error) {
	var paths []string
	for _, glob := range s.globs {
		matches, err := filepath.Glob(glob)
		if err != nil {
			return nil, oncall.AsFault(err, s.name, opSearch)
		}
		paths = append(paths, matches...)
	}
	if len(paths) == 0 {
		return nil, &oncall.Fault{
			Kind: oncall.Rejected, Source: s.name, Op: opSearch,
			Detail: "no file matches " + sources.Printable(s.globs[0], maxWords), Fix: "correct paths, or wait until one is written",
		}
	}
	var out []found
	for _, path := range append(paths, siblings(paths)...) {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(since.Add(-beside)) {
			continue // it is gone since it was listed, no file, or too old
		}
		if !slices.ContainsFunc(out, func(f found) bool { return os.SameFile(f.info, info) }) {
			out = append(out, found{path, info})
		}
	}
	slices.SortStableFunc(out, func(a, b found) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	return out, nil
}

// siblings returns the files that were rotated away from these. Folders are read
// rather than matched: a name may hold what a pattern has a meaning for.
func siblings(paths []string) (out []string) {
	suffix := rotated()
	entries := map[string][]os.DirEntry{}
	for _, path := range paths {
		dir, name := filepath.Split(path)
		if _, known := entries[dir]; !known {
			// A folder that may not be read has none, and its file is read all the same.
			entries[dir], _ = os.ReadDir(filepath.Clean(dir))
		}
		for _, e := range entries[dir] {
			if rest, ok := strings.CutPrefix(e.Name(), name); ok && suffix.MatchString(rest) {
				out = append(out, filepath.Join(dir, e.Name()))
			}
		}
	}
	return out
}

// Search finds the newest lines that hold the query's text.
func (s *Files) Search(ctx context.Context, q oncall.LogQuery, take func(oncall.LogPart)) (oncall.LogFound, error) {
	out := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return out, tailing.Askable(s.name, opSearch, q, "")
	}
	h := &hunt{name: s.name, text: q.Query, limit: q.Limit}
	if h.limit <= 0 {
		h.limit = searchLimit
	}
	h.start, h.end = tailing.Window(q.Window, searchBack, 0)
	files, err := s.list(h.start)
	if err != nil {
		return out, err
	}
	for i, f := range files {
		if err = ctx.Err(); err != nil || h.enough(f.info.ModTime()) {
			break
		}
		if err = h.read(ctx, f); err != nil {
			break
		}
		take(oncall.LogPart{Done: float64(i+1) / float64(len(files)+1), Scanned: h.bytes})
	}
	h.keep()
	out.Lines, out.Scanned = len(h.lines), h.bytes
	if len(h.lines) > 0 {
		take(oncall.LogPart{Lines: h.lines, Done: 1, Scanned: h.bytes})
	}
	switch {
	case err != nil:
		out.Why = "the search was broken off"
	case h.over:
		out.Why = fmt.Sprintf("the limit of %d lines was reached", h.limit)
	case h.short != "":
		out.Why = h.short
	default:
		out.Complete, out.Matched = true, int64(out.Lines)
	}
	return out, err
}

// Estimate says how much a search reads at most.
func (s *Files) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	none := oncall.LogCost{Bytes: -1, Lines: -1}
	if q.Unfilled != "" {
		return none, tailing.Askable(s.name, opSearch, q, "")
	}
	start, end := tailing.Window(q.Window, searchBack, 0)
	files, err := s.list(start)
	if err != nil {
		return none, err
	}
	cost := oncall.LogCost{Lines: -1, Parts: len(files), PartName: "files", Bound: true}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return none, err
		}
		cost.Bytes += f.span(start, end)
	}
	return cost, nil
}

// span is how many bytes of a file are read for a window, none of one that cannot
// be.
func (f found) span(start, end time.Time) int64 {
	if packed(f.path) {
		return f.info.Size()
	}
	file, err := os.Open(f.path)
	if err != nil {
		return 0
	}
	defer file.Close() //nolint:errcheck // it was read
	from, to := f.bounds(file, start, end)
	return to - from
}
