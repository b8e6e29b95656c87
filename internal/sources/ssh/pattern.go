package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// mostFiles is how many files of one pattern are read, each over a connection of
	// its own: an sshd refuses some when ten log in at once.
	mostFiles = 8
	// maxListing bounds what the other host says of the files that match.
	maxListing = 256 << 10
	// wildcards are what a path may hold in the place of other characters.
	wildcards = "*?"
)

// errListing reports a listing that is longer than any of so few files.
var errListing = errors.New("the listing does not end")

// listed is one file that matches a pattern.
type listed struct {
	path, inode string
	size        int64
}

// expand writes a pattern for a shell: all of it is quoted but the wildcards.
func expand(pattern string) string {
	var b strings.Builder
	for pattern != "" {
		i := strings.IndexAny(pattern, wildcards)
		switch {
		case i < 0:
			i = len(pattern)
			fallthrough
		case i > 0:
			b.WriteString(quote(pattern[:i]))
		default:
			i = 1
			b.WriteString(pattern[:1])
		}
		pattern = pattern[i:]
	}
	return b.String()
}

// listScript prints the mark, and of each file that matches its inode, its size
// and its path, the one that was written to last first. A file whose name holds a
// control character is left out.
func listScript(mark, pattern string, most int) string {
	return wrap(`set --; for f in ` + expand(pattern) + `; do case "$f" in *[[:cntrl:]]*) continue;; esac; [ -f "$f" ] && set -- "$@" "$f"; done; ` +
		`echo "` + mark + ` 0 0 0"; [ $# -gt 0 ] || exit 0; ` +
		`ls -1dt -- "$@" | head -n ` + strconv.Itoa(most) + ` | while IFS= read -r f; do ` +
		`i=$(ls -dLi -- "$f" 2>/dev/null) || continue; set -- $i; s=$(wc -c <"$f" 2>/dev/null) || s=0; ` +
		`printf '%s %s %s\n' "$1" "$((s))" "$f"; done`)
}

// list returns the files that match a pattern, the one that was written to last
// first, and whether there are more than are read.
func (s *Source) list(ctx context.Context, op, pattern string) (found []listed, more bool, err error) {
	mark := newMark()
	var all []byte
	err = s.run(ctx, op, pattern, listScript(mark, pattern, mostFiles+1), mark, func(_ header, p []byte) error {
		if all = append(all, p...); len(all) > maxListing {
			return &oncall.Fault{Kind: oncall.Malformed, Source: s.o.Name, Op: op, Detail: s.where(pattern) + ": " + errListing.Error(), Cause: errListing}
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	for line := range bytes.Lines(all) {
		if f, ok := readListed(strings.TrimRight(string(line), "\r\n"), pattern); ok {
			found = append(found, f)
		}
	}
	if len(found) > mostFiles {
		return found[:mostFiles], true, nil
	}
	return found, false, nil
}

// readListed reads one line of a listing. What does not match the pattern was not
// asked for.
func readListed(line, pattern string) (f listed, ok bool) {
	inode, rest, ok1 := strings.Cut(line, " ")
	size, name, ok2 := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok1 || !ok2 || err != nil || odd(name) {
		return f, false
	}
	// Brackets mean nothing here; elsewhere they would.
	matches, err := path.Match(strings.ReplaceAll(pattern, "[", `\[`), name)
	return listed{path: name, inode: inode, size: n}, err == nil && matches
}

// noMatch says that no file matches.
func (s *Source) noMatch(op, pattern string) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Rejected, Source: s.o.Name, Op: op, Detail: "no file matches " + s.where(pattern),
		Fix: "correct paths, or wait until one is written",
	}
}

// globbed is the files of a pattern. Only one run touches it at a time.
type globbed struct {
	source  *Source
	pattern string

	// known is false before the first listing.
	known bool
	// files are those that were ever followed, by path, and renamed those that are
	// others under a new name, as they were under the former one.
	files   map[string]*followed
	renamed map[string]listed
	// before is the last listing, by inode, and earlier the one before it: a file that
	// is renamed while the names are looked up is in neither.
	before, earlier map[string]listed
}

// reading is a file that is being followed.
type reading struct {
	stop  context.CancelFunc
	ended chan struct{}
}

// follow follows the files that match until ctx ends or the host is lost, and
// looks again and again for others.
func (g *globbed) follow(ctx context.Context, emit sources.Emit) error {
	batch := lines.NewBatch(g.source.o.Name, time.Now, emit)
	ctx, cancel := context.WithCancelCause(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel(nil)
	at := map[string]*reading{}
	told := false
	for {
		found, more, err := g.source.list(ctx, opFollow, g.pattern)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		switch {
		case len(found) == 0:
			batch.Fault(g.source.noMatch(opFollow, g.pattern))
		case more && !told:
			told = true
			batch.Gap(oncall.Dropped{Count: 1, Reason: fmt.Sprintf(
				"more than %d files match %s; only those that were written to last are followed", mostFiles, g.source.where(g.pattern),
			)})
		}
		wanted := g.wanted(found)
		for path, r := range at {
			if !g.there(path, found) {
				r.stop()
				<-r.ended
				delete(at, path)
			}
		}
		for _, f := range wanted {
			if at[f.path] == nil {
				at[f.path] = f.start(ctx, &readers, cancel, emit)
			}
		}
		if err := pause(ctx, g.source.o.Retry); err != nil {
			return context.Cause(ctx)
		}
	}
}

// start follows a file until it is stopped. One that ends otherwise has lost the
// host, and the others have with it.
func (f *followed) start(ctx context.Context, readers *sync.WaitGroup, lost context.CancelCauseFunc, emit sources.Emit) *reading {
	r := &reading{ended: make(chan struct{})}
	mine, stop := context.WithCancel(ctx)
	r.stop = stop
	readers.Go(func() {
		defer close(r.ended)
		defer stop()
		defer func() {
			if p := recover(); p != nil {
				lost(f.source.panicked(p))
			}
		}()
		if err := f.follow(mine, emit); mine.Err() == nil {
			lost(err)
		}
	})
	return r
}

// wanted returns the files of a listing that are to be followed: all but those
// that were renamed since the last one, which are read to their end under their
// former name.
func (g *globbed) wanted(found []listed) []*followed {
	var out []*followed
	now := make(map[string]listed, len(found))
	for _, l := range found {
		now[l.inode] = l
		if g.renamed[l.path].inode == l.inode {
			continue
		}
		delete(g.renamed, l.path)
		f := g.files[l.path]
		if f == nil {
			was, there := g.before[l.inode]
			if !there {
				was, there = g.earlier[l.inode]
			}
			if there && was.path != l.path && l.size >= was.size {
				g.renamed[l.path] = was
				continue
			}
			f = &followed{source: g.source, path: l.path, whole: g.known}
			g.files[l.path] = f
		}
		out = append(out, f)
	}
	g.before, g.earlier, g.known = now, g.before, true
	return out
}

// there reports whether a file is in a listing, be it under a new name, while no
// other has its own: it may still be written to.
func (g *globbed) there(path string, found []listed) bool {
	return slices.ContainsFunc(found, func(f listed) bool {
		was := g.renamed[f.path]
		return f.path == path || was.path == path && was.inode == f.inode
	})
}
