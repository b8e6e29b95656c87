package file

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// maxPath bounds a path inside an error sentence, in characters.
	maxPath = 300
	// rotation is how long a glob may match nothing before that is reported: a
	// rotation renames first and creates then.
	rotation = 2 * time.Second
	// scanShare and maxRest keep directories with very many files from taking
	// all of a processor: after finding files, at least four times as long is
	// rested, up to a quarter of a second.
	scanShare = 4
	maxRest   = 250 * time.Millisecond
	// lastReads bounds, in turns of 4 MiB, how much of a file that lost its name
	// is read before its successor's first line.
	lastReads = 64
)

// match is one name that a glob matched, and the file that it leads to.
type match struct {
	path string
	info fs.FileInfo
	id   identity
}

// scan finds out which files there are, which of them are new, and which have
// lost their name. What was written to a file before its name was given to
// another is read before the other.
func (r *run) scan(now time.Time) {
	found := r.matches(now)
	r.rest = max(pace, min(scanShare*r.o.Now().Sub(now), maxRest))
	fresh := r.reconcile(found, now)
	for _, t := range slices.Clone(r.leaving) {
		t.dirty = true
		for n := 0; n < lastReads && t.dirty && t.f != nil; n++ {
			r.read(t)
		}
	}
	for _, m := range fresh {
		r.begin(m, now)
	}
	r.begun = true
	for _, m := range found {
		t := r.tails[m.path]
		if t == nil || t.id != m.id {
			continue
		}
		if t.f == nil {
			r.resume(t, m.path, now)
		}
		if m.info.Size() != t.place.off || !m.info.ModTime().Equal(t.changed) {
			t.dirty, t.changed = true, m.info.ModTime()
		}
	}
	r.attend()
}

// reconcile gives each known file its present name, sets aside those that have
// none, and returns the names of files that are not known. A file with several
// names is followed under one.
func (r *run) reconcile(found []match, now time.Time) (fresh []match) {
	known := map[identity]*tail{}
	for _, t := range r.all() {
		known[t.id] = t
	}
	next := map[string]*tail{}
	taken := map[identity]bool{}
	for _, m := range found {
		if t := r.tails[m.path]; t != nil && t.id == m.id {
			next[m.path], taken[m.id] = t, true
		}
	}
	for _, m := range found {
		t := known[m.id]
		switch {
		case taken[m.id]:
			continue
		case t == nil:
			fresh = append(fresh, m)
		default:
			t.path, t.left = m.path, time.Time{}
			next[m.path] = t
		}
		taken[m.id] = true
	}
	var leaving []*tail
	for _, t := range r.all() {
		if taken[t.id] && next[t.path] == t {
			continue
		}
		if t.left.IsZero() {
			t.left = now
		}
		if t.f != nil || r.refind(t, now) {
			leaving = append(leaving, t)
		}
	}
	r.tails, r.leaving = next, leaving
	return fresh
}

// refind opens a file that lost its name while nobody was reading it.
func (r *run) refind(t *tail, now time.Time) bool {
	if path, ok := t.find(); ok && t.reopen(path) == nil {
		t.active = now
		return true
	}
	t.split.End(t.lineTo(r.batch, now, false))
	r.batch.Gap(oncall.Dropped{Reason: sources.Printable(t.path, maxPath) + " was replaced while it was not being read; lines may be missing"})
	return false
}

// begin starts to follow a file.
func (r *run) begin(m match, now time.Time) {
	last := -1
	// A file that could not be read at the start counts as having been there.
	if _, failed := r.faults[m.path]; !r.begun || failed {
		last = r.o.Tail
	}
	t, err := openTail(m.path, last, now)
	if err != nil {
		r.refused(m.path, err)
		return
	}
	r.recovered(m.path)
	r.tails[m.path] = t
}

// resume goes on with a file after a pause or a failure.
func (r *run) resume(t *tail, path string, now time.Time) {
	if err := t.reopen(path); err != nil {
		r.refused(path, err)
		return
	}
	t.active = now
	r.recovered(path)
}

// refused reports a file that cannot be opened. One that is gone again is none.
func (r *run) refused(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		r.fault(path, r.faultOf(path, err))
	}
}

// matches returns what the globs match now, by name. It reports globs that match
// nothing and names that lead to something that is not a file.
func (r *run) matches(now time.Time) []match {
	seen := map[string]match{}
	for _, pattern := range r.o.Paths {
		// NewLogs has excluded the only error there is.
		paths, _ := filepath.Glob(pattern)
		n := 0
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil {
				r.refused(path, err)
				continue
			}
			n++
			switch {
			case info.Mode().IsRegular():
				if path == pattern || !compressed(path) {
					seen[path] = match{path: path, info: info, id: identityOf(info)}
				}
			case !info.IsDir() || path == pattern:
				r.refused(path, errIrregular)
			}
		}
		r.matched(pattern, n, now)
	}
	out := make([]match, 0, len(seen))
	for _, path := range sortedKeys(seen) {
		out = append(out, seen[path])
	}
	return out
}

func (r *run) matched(pattern string, n int, now time.Time) {
	if n > 0 {
		delete(r.missing, pattern)
		r.recovered(globKey(pattern))
		return
	}
	if r.missing[pattern].IsZero() {
		r.missing[pattern] = now
		if !r.begun {
			r.missing[pattern] = now.Add(-rotation)
		}
	}
	if now.Sub(r.missing[pattern]) < rotation {
		return
	}
	dir := fixedDir(pattern)
	if f, err := os.Open(dir); err == nil {
		_ = f.Close()
	} else if errors.Is(err, fs.ErrPermission) {
		r.fault(globKey(pattern), r.faultOf(dir, err))
		return
	}
	r.fault(globKey(pattern), &oncall.Fault{
		Kind: oncall.Rejected, Source: r.o.Name, Op: "follow files",
		Detail: "no file matches " + sources.Printable(pattern, maxPath) + " yet",
		Fix:    "it is followed as soon as it is there; else correct paths",
	})
}

// globKey keeps the fault of a glob apart from that of a file of the same name.
func globKey(pattern string) string { return "glob " + pattern }

// attend watches the directories of all files and globs, and notes under which
// names the system will speak of each file.
func (r *run) attend() {
	dirs := map[string]bool{}
	for _, pattern := range r.o.Paths {
		dirs[fixedDir(pattern)] = true
	}
	clear(r.names)
	for _, t := range r.all() {
		for _, name := range []string{t.path, t.real} {
			r.names[name] = t
			dirs[filepath.Dir(name)] = true
		}
	}
	if r.floods < floodLooks {
		r.watch.set(dirs)
	}
}

// faultOf says what keeps a file from being followed, and what helps.
func (r *run) faultOf(path string, err error) *oncall.Fault {
	return openFault(r.o.Name, "follow a file", path, err)
}

func openFault(source, op, path string, err error) *oncall.Fault {
	path = sources.Printable(path, maxPath)
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: source, Op: op, Cause: err}
	switch {
	case errors.Is(err, errIrregular):
		f.Kind, f.Detail = oncall.Rejected, path+" is not a regular file"
		f.Fix = "name a file, or read a pipe or device with a command source such as [cat, " + path + "]"
	case errors.Is(err, fs.ErrPermission):
		f.Kind, f.Detail = oncall.Auth, path+" may not be read"
		f.Fix = "give this user read permission on it and on the directories above, for example by adding the user to the file's group"
	case errors.Is(err, fs.ErrNotExist):
		f.Detail = path + " does not exist"
		f.Fix = "correct path, or let the writer create it"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		f.Detail = path + " is one file too many to have open"
		f.Fix = "raise the limit (ulimit -n) or name fewer files in paths"
	default:
		cause := err
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			cause = pe.Err
		}
		f.Detail = path + ": " + sources.Printable(cause.Error(), maxPath)
	}
	return f
}

// fixedDir returns the deepest directory of a glob above its first wildcard.
func fixedDir(pattern string) string {
	dir := filepath.Dir(pattern)
	for strings.ContainsAny(dir, `*?[\`) {
		dir = filepath.Dir(dir)
	}
	return dir
}

// compressed reports whether a name is that of a rotated and packed log, whose
// lines were read before it was packed.
func compressed(path string) bool {
	switch filepath.Ext(path) {
	case ".gz", ".zst", ".bz2", ".xz", ".lz4", ".Z", ".zip":
		return true
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
