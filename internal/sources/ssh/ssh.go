package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/command"
)

const (
	// retryFile is how often a file is looked for that is not there, or that may not
	// be read; the others go on meanwhile.
	retryFile = 30 * time.Second
	// answerIn is how long it may take to log in and find the file.
	answerIn = 30 * time.Second

	opFollow = "follow a file"
	opSearch = "search a file"
)

// Options say which files to read, and where.
type Options struct {
	// Name is the configured name.
	Name string
	// Host is what ssh is given: a name, an alias of its config, or user@host.
	Host string
	// Paths are the files on the other host, whole paths. One with * or ? stands for
	// the files that match when it is looked, as a shell there has it; those that
	// come later are found within Retry.
	Paths []string
	// Argv is how ssh is started, with options of one's own; nil means "ssh".
	Argv []string
	// Env is ssh's whole environment; nil means what command.Env leaves of this
	// program's own.
	Env []string
	// Retry is how often a file is looked for that cannot be read, and files that
	// match; 0 means 30 s.
	Retry time.Duration
	// Timeout is how long it may take to log in; 0 means 30 s.
	Timeout time.Duration
}

// Source is a sources.Source, sources.Searcher and sources.Estimator.
type Source struct {
	o     Options
	files []*followed
	globs []*globbed
}

var (
	_ sources.Searcher  = (*Source)(nil)
	_ sources.Estimator = (*Source)(nil)
)

// New returns a source, or an error that says which option is wrong. It starts
// nothing yet.
func New(o Options) (*Source, error) {
	if err := check(o); err != nil {
		return nil, fmt.Errorf("make ssh source %s: %w", o.Name, err)
	}
	if len(o.Argv) == 0 {
		o.Argv = []string{"ssh"}
	}
	if o.Env == nil {
		o.Env = command.Env(os.Environ())
	}
	if o.Retry <= 0 {
		o.Retry = retryFile
	}
	if o.Timeout <= 0 {
		o.Timeout = answerIn
	}
	s := &Source{o: o}
	for _, p := range o.Paths {
		if strings.ContainsAny(p, wildcards) {
			s.globs = append(s.globs, &globbed{source: s, pattern: p, files: map[string]*followed{}, renamed: map[string]listed{}})
			continue
		}
		s.files = append(s.files, &followed{source: s, path: p})
	}
	return s, nil
}

func odd(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

func check(o Options) error {
	switch {
	case o.Name == "":
		return errors.New("it has no name")
	case o.Host == "" || o.Host[0] == '-' || odd(o.Host) || strings.ContainsAny(o.Host, " \t"):
		return errors.New("host must be a name that ssh knows, such as web-03 or ana@web-03")
	case len(o.Paths) == 0:
		return errors.New("paths is empty; name a file on " + o.Host)
	case slices.Contains(o.Argv, ""):
		return errors.New("argv has an empty word; write it as [ssh, -J, bastion]")
	}
	for _, p := range o.Paths {
		switch {
		case !strings.HasPrefix(p, "/"):
			return fmt.Errorf("path %q is not whole; begin it with /", p)
		case odd(p) || strings.Contains(p, `\`):
			return fmt.Errorf("path %q has a backslash or a control character, which not every shell takes; link the file to another name", p)
		}
	}
	return nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Run follows every file until ctx ends or the other host cannot be reached.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	asked := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var follows []func(context.Context, sources.Emit) error
	for _, f := range s.files {
		follows = append(follows, f.follow)
	}
	for _, g := range s.globs {
		follows = append(follows, g.follow)
	}
	var wg sync.WaitGroup
	for _, follow := range follows {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					cancel(s.panicked(p))
				}
			}()
			// One that ends has lost the host, and the others have with it.
			cancel(follow(ctx, emit))
		})
	}
	wg.Wait()
	if err := asked.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (s *Source) panicked(p any) *oncall.Fault {
	return &oncall.Fault{Kind: oncall.Malformed, Source: s.o.Name, Op: opFollow, Detail: fmt.Sprintf("panic: %v", p)}
}

// where names a file on its host, for a person.
func (s *Source) where(path string) string {
	return sources.Printable(s.o.Host+":"+path, maxWords)
}

// missing says why a file cannot be read, by the other host's word for it.
func (s *Source) missing(op, path, word string) *oncall.Fault {
	f := &oncall.Fault{Kind: oncall.Rejected, Source: s.o.Name, Op: op}
	switch word {
	case "missing":
		f.Detail, f.Fix = s.where(path)+" is not there", "correct paths, or wait until it is written"
	case "unreadable":
		f.Kind, f.Detail, f.Fix = oncall.Auth, s.where(path)+" may not be read by this user", "let them read it, such as through the group adm"
	case "special":
		f.Detail, f.Fix = s.where(path)+" is no file", "name a file; folders, pipes and devices are not read"
	default:
		f.Kind, f.Detail = oncall.Malformed, s.where(path)+": the other host's answer was not understood"
		f.Fix = "check that sh, ls, wc and tail are there"
	}
	return f
}
