package journald

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/command"
	"conway/internal/sources/tailing"
)

const (
	// searchBack is how far a search goes back whose query does not say, and
	// searchLimit how many entries it finds.
	searchBack  = time.Hour
	searchLimit = 10_000

	opSearch = "search the journal"
)

// Options say which journal to read.
type Options struct {
	// Name is the configured name.
	Name string
	// Argv is how journalctl is started; nil means "journalctl". For another
	// machine it is such as [ssh, web-03, journalctl].
	Argv []string
	// Units and Identifiers choose entries by unit and by syslog identifier; empty
	// means all. Priority is the least severe one to read, such as "warning".
	Units, Identifiers []string
	Priority           string
	// Directory and Files are journals to read instead of this machine's own.
	Directory string
	Files     []string
	// Query is asked when a LogQuery has none; empty means everything.
	Query string
	// Env is the whole environment of journalctl; nil means what command.Env leaves
	// of this program's own.
	Env []string
}

// Source is a sources.Source, sources.Tailer and sources.Searcher.
type Source struct {
	tailing.Aim

	o Options
	// place and cursor are how far the tail has come; only Run touches them.
	place  tailing.Place
	cursor string
}

// New returns a source, or an error that says which option is wrong. It starts
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make journal source: it has no name")
	}
	if len(o.Argv) == 0 {
		o.Argv = []string{"journalctl"}
	}
	if o.Argv[0] == "" {
		return nil, errors.New("make journal source " + o.Name + ": argv names no program; give journalctl or its full path")
	}
	if o.Env == nil {
		o.Env = command.Env(os.Environ())
	}
	o.Env = append(slices.Clone(o.Env), "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0")
	return &Source{o: o}, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Run follows what it is pointed at until ctx ends or journalctl does.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return s.Aim.Run(ctx, s.o.Name, emit, func(ctx context.Context, q oncall.LogQuery, turn int) error {
		return s.tail(ctx, q, turn, emit)
	})
}

// Search finds entries, the newest first. Cancelling ends journalctl and whatever
// it has started.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	none := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return none, tailing.Askable(s.o.Name, opSearch, q, "")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	start, end := tailing.Window(q.Window, searchBack, 0)
	h := hunt{start: start, end: end, limit: limit, found: func(entries []tailing.Entry) {
		found(oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, 0), Done: -1})
	}}
	err := s.hunt(ctx, opSearch, q, &h)
	out := oncall.LogFound{Lines: h.lines, Matched: -1}
	switch {
	case err != nil:
		out.Why = "the search was broken off"
	case h.more:
		out.Why = "the limit of " + strconv.Itoa(limit) + " lines was reached"
	case len(h.hints) > 0:
		// Such as that this user does not see the entries of others.
		out.Why = sources.Printable(h.hints[0], maxWords)
	default:
		out.Complete, out.Matched = true, int64(h.lines)
	}
	return out, err
}

// maxWords bounds journalctl's own words, in characters.
const maxWords = 200

// started returns how journalctl is started with arguments. What comes after an ssh is
// read once more by a shell on its other side, which must see in them nothing but
// words.
func started(argv, args []string) []string {
	out := slices.Clone(argv)
	hops := 0
	for _, word := range argv {
		if filepath.Base(word) == "ssh" {
			hops++
		}
	}
	for _, arg := range args {
		for range hops {
			arg = "'" + strings.ReplaceAll(arg, "'", `'"'"'`) + "'"
		}
		out = append(out, arg)
	}
	return out
}

// args returns the arguments that choose the entries of a query.
func (s *Source) args(q oncall.LogQuery) []string {
	out := []string{"--output=json", "--no-pager", "--all"}
	each := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				out = append(out, flag+"="+v)
			}
		}
	}
	each("--unit", s.o.Units...)
	each("--identifier", s.o.Identifiers...)
	each("--priority", s.o.Priority)
	each("--directory", s.o.Directory)
	each("--file", s.o.Files...)
	query := q.Query
	if query == "" {
		query = s.o.Query
	}
	matches, pattern := split(query)
	each("--grep", pattern)
	return append(out, matches...)
}

// split returns the matches of fields before a pattern, and the pattern.
func split(query string) (matches []string, pattern string) {
	match := regexp.MustCompile(`^[A-Z_][A-Z0-9_]*=\S*`)
	for {
		query = strings.TrimSpace(query)
		m := match.FindString(query)
		if m == "" {
			return matches, query
		}
		matches = append(matches, m)
		query = query[len(m):]
	}
}

// at writes a moment as journalctl reads it, with microseconds.
func at(t time.Time) string {
	us := t.UnixMicro()
	return "@" + strconv.FormatInt(us/1e6, 10) + "." + strconv.FormatInt(1e6+us%1e6, 10)[1:]
}
