package s3parquet

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/awsauth"
)

const (
	// maxName bounds names and words from outside inside a sentence.
	maxName = 160
	// defaultEvery is how often new files are looked for. Lakes are written every
	// minute at best, and listings cost money.
	defaultEvery = 30 * time.Second
	// defaultBeside is how far rows may lie beside the time that their folder
	// names: events come late, and files are named when they are begun.
	defaultBeside = time.Hour
	// maxListed bounds the files that one search looks at.
	maxListed = 200_000
)

// Options says where a lake is and what its columns are.
type Options struct {
	// Name is the configured name of the source.
	Name string
	// URL is the S3 API, such as https://s3.eu-west-1.amazonaws.com; empty means
	// Amazon's in the region.
	URL string
	// Region is what requests are signed for; empty means us-east-1.
	Region string
	// Bucket and Prefix are the folder of the lake. Without a bucket, Path is a local
	// folder.
	Bucket, Prefix, Path string
	// AccessKey, SecretKey and Session are as in package awsauth, and so is Anonymous.
	AccessKey, SecretKey, Session sources.Secret
	Anonymous                     bool
	// Columns names the columns that mean something.
	Columns Columns
	// Fields are the other columns to show; empty means all of a narrow file.
	Fields []string
	// Every is how often new files are looked for; 0 means 30 s.
	Every time.Duration
	// Beside is how far rows may lie beside the time that their folder names; 0
	// means an hour.
	Beside time.Duration
	// UserAgent, Timeout and Transport are as in sources.HTTP.
	UserAgent string
	Timeout   time.Duration
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Lake is logs in Parquet files. It implements sources.Source, sources.Tailer,
// sources.Searcher, sources.Estimator and sources.Refresher.
type Lake struct {
	o     Options
	store store
	cache *cache
	nudge sources.Nudge

	mu sync.Mutex
	// q is what is followed, nil before the first Follow, and changed is closed by
	// the next one.
	q       *oncall.LogQuery
	changed chan struct{}
	// taken are the files whose rows were emitted, listed is when there was a listing
	// last, and failed are the versions of those that could not be read. Only Run uses
	// them.
	taken  map[string]took
	listed time.Time
	failed map[string]string
	// of is the query that they belong to, and since the beginning of its tail.
	of    *oncall.LogQuery
	since time.Time
}

var (
	_ sources.Source    = (*Lake)(nil)
	_ sources.Tailer    = (*Lake)(nil)
	_ sources.Searcher  = (*Lake)(nil)
	_ sources.Estimator = (*Lake)(nil)
	_ sources.Refresher = (*Lake)(nil)
)

// New returns a source of a lake's logs. The error says what is wrong with the
// options.
func New(o Options) (*Lake, error) {
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Beside <= 0 {
		o.Beside = defaultBeside
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	l := &Lake{o: o, cache: newCache(), nudge: sources.NewNudge(), changed: make(chan struct{})}
	switch {
	case (o.Bucket == "") == (o.Path == ""):
		return nil, errors.New("read a log lake: give either bucket, for S3, or path, for a local folder")
	case o.Path != "":
		l.store = folder{source: o.Name, root: filepath.Clean(o.Path)}
		return l, nil
	}
	auth, err := awsauth.New(awsauth.Options{
		Service: "s3", Region: o.Region, AccessKey: o.AccessKey, SecretKey: o.SecretKey, Session: o.Session, Anonymous: o.Anonymous,
	})
	if err != nil {
		return nil, err
	}
	if o.URL == "" {
		o.URL = "https://s3." + o.Region + ".amazonaws.com"
	}
	l.store, err = newBucket(sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Timeout: o.Timeout, Transport: o.Transport, Authorize: auth.Sign,
	}, o.URL, o.Bucket, o.Prefix)
	return l, err
}

// Name returns the configured name.
func (l *Lake) Name() string { return l.o.Name }

// Refresh looks for new files now.
func (l *Lake) Refresh() { l.nudge.Poke() }

// walk lists the files that may hold rows of a window for a filter.
func (l *Lake) walk(ctx context.Context, w oncall.Window, f filter) ([]object, error) {
	var out []object
	for level := []string{""}; len(level) > 0; {
		found := make([]within, len(level))
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(width)
		for i, in := range level {
			g.Go(func() (err error) {
				defer rescue(&err)
				found[i], err = l.look(ctx, in, w, f)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, oncall.AsFault(err, l.o.Name, "list files")
		}
		level = nil
		for _, x := range found {
			level, out = append(level, x.folders...), append(out, x.objects...)
		}
		if len(out)+len(level) > maxListed {
			return nil, &oncall.Fault{
				Kind: oncall.Rejected, Source: l.o.Name, Op: "list files", Detail: "more than 200,000 files may hold such lines",
				Fix: "search a shorter time, or set prefix to a folder that is parted by date",
			}
		}
	}
	slices.SortFunc(out, func(a, b object) int { return strings.Compare(a.key, b.key) })
	return out, nil
}

// within is what of a folder may hold rows that match.
type within struct {
	folders []string
	objects []object
}

func (l *Lake) look(ctx context.Context, in string, w oncall.Window, f filter) (within, error) {
	folders, objects, err := l.store.list(ctx, in)
	if err != nil {
		return within{}, err
	}
	return within{
		slices.DeleteFunc(folders, func(d string) bool { return hidden(d) || !f.admits(place(d), w, l.o.Beside) }),
		slices.DeleteFunc(objects, func(o object) bool {
			return !data(o.key, o.size) || !f.admits(place(o.key), w, l.o.Beside)
		}),
	}, nil
}

// admits reports whether files in a folder may hold rows that match.
func (f filter) admits(p placed, w oncall.Window, beside time.Duration) bool {
	if !p.within(w, beside) {
		return false
	}
	for _, t := range f {
		for _, c := range p.columns {
			if strings.EqualFold(c.name, t.column) && t.level == oncall.LevelNone && !t.numeric && !t.matchText(c.value) {
				return false
			}
		}
	}
	return true
}

// parse reads a query, or says why it cannot be asked.
func (l *Lake) parse(op string, q oncall.LogQuery) (filter, error) {
	refuse := func(why string) error {
		return &oncall.Fault{Kind: oncall.Rejected, Source: l.o.Name, Op: op, Detail: sources.Printable(why, 2*maxName)}
	}
	if q.Unfilled != "" {
		return nil, refuse(q.Unfilled)
	}
	f, err := parseFilter(q.Query)
	if err != nil {
		return nil, refuse(err.Error())
	}
	return f, nil
}
