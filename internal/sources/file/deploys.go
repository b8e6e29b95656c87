package file

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// defaultEvery is how often deploys are told again, changed or not.
	defaultEvery = 30 * time.Second
	// deployLook is how often the file is looked at for a change.
	deployLook = 500 * time.Millisecond
	// maxDeploys and deploySpan bound a snapshot: what is older has either been
	// noticed or does no harm.
	maxDeploys = 200
	deploySpan = 7 * 24 * time.Hour
	// maxDeployBytes is how much of the file's end is read. A deploy is a few
	// hundred bytes, so this is many times what is kept.
	maxDeployBytes = 2 << 20
	// growing is how long after a change a last line without a newline may still
	// be on its way.
	growing = 2 * time.Second
)

// DeployOptions says where deploys are written.
type DeployOptions struct {
	// Name is the configured name of the source.
	Name string
	// Path is the file of JSON lines; the package comment states their shape.
	Path string
	// Every is how often the deploys are told again; 0 means 30 s.
	Every time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Deploys reads deploys from a file. It implements sources.Source and
// sources.Refresher.
type Deploys struct {
	o     DeployOptions
	nudge sources.Nudge
	// asked is true when Refresh was called since the last reading.
	asked atomic.Bool
}

var (
	_ sources.Source    = (*Deploys)(nil)
	_ sources.Refresher = (*Deploys)(nil)
)

// NewDeploys returns a source that reads the file.
func NewDeploys(o DeployOptions) (*Deploys, error) {
	if o.Path == "" {
		return nil, fmt.Errorf("read deploys: path is empty; name the file that deploys are written to")
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Deploys{o: o, nudge: sources.NewNudge()}, nil
}

// Name returns the configured name.
func (d *Deploys) Name() string { return d.o.Name }

// Refresh reads the file again now.
func (d *Deploys) Refresh() {
	d.asked.Store(true)
	d.nudge.Poke()
}

// Run emits a DeploysEvent at once, whenever the file changes, and at each
// interval: the newest 200 deploys of the last seven days, newest first. A line
// that cannot be read makes the event's Err, beside all others' deploys. It
// returns a fault when the file cannot be read.
func (d *Deploys) Run(ctx context.Context, emit sources.Emit) error {
	var last stamp
	var told time.Time
	return sources.Poll(ctx, min(deployLook, d.o.Every), d.nudge, func(context.Context) error {
		now := d.o.Now()
		if !d.asked.Swap(false) && !told.IsZero() && now.Sub(told) < d.o.Every {
			info, err := os.Stat(d.o.Path)
			if err == nil && stampOf(info) == last {
				return nil
			}
		}
		text, at, first, err := d.load()
		if err != nil {
			return openFault(d.o.Name, "read deploys", d.o.Path, err)
		}
		e := d.decode(text, first, now, now.Sub(at.at) < growing)
		e.At, e.Every = now, d.o.Every
		last, told = at, now
		emit(e)
		return nil
	})
}

// stamp tells one state of a file from another.
type stamp struct {
	id   identity
	size int64
	at   time.Time
}

func stampOf(info os.FileInfo) stamp {
	return stamp{id: identityOf(info), size: info.Size(), at: info.ModTime()}
}

// load returns the end of the file and the number of its first line, 0 when the
// file is too long for lines to be numbered from its beginning.
func (d *Deploys) load() (text []byte, at stamp, first int, err error) {
	f, info, err := open(d.o.Path)
	if err != nil {
		return nil, stamp{}, 0, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	from := max(0, info.Size()-maxDeployBytes)
	text, err = io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil {
		return nil, stamp{}, 0, err
	}
	if from == 0 {
		return text, stampOf(info), 1, nil
	}
	// The first line is not whole.
	_, text, _ = bytes.Cut(text, []byte("\n"))
	return text, stampOf(info), 0, nil
}

// decode reads the lines into a snapshot. A last line without a newline in a
// file that has just changed is not held against it.
func (d *Deploys) decode(text []byte, first int, now time.Time, fresh bool) oncall.DeploysEvent {
	var all []oncall.Deploy
	byID := map[string]int{}
	bad, badAt, why := 0, 0, ""
	for n := 0; len(text) > 0; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		if line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff"))); len(line) == 0 {
			continue
		}
		dep, err := decodeDeploy(line, now)
		if err != nil && fresh && !whole {
			break
		}
		if err != nil {
			// The newest is the one that somebody can still mend.
			bad, badAt, why = bad+1, n, err.Error()
			continue
		}
		dep.Ref.Source = d.o.Name
		if i, ok := byID[dep.Ref.ID]; ok {
			all[i] = dep
			continue
		}
		byID[dep.Ref.ID] = len(all)
		all = append(all, dep)
	}
	all = slices.DeleteFunc(all, func(dep oncall.Deploy) bool { return now.Sub(dep.When()) > deploySpan })
	slices.SortStableFunc(all, func(a, b oncall.Deploy) int { return b.When().Compare(a.When()) })
	e := oncall.DeploysEvent{Deploys: all[:min(len(all), maxDeploys)]}
	e.Source = d.o.Name
	if bad > 0 {
		e.Err = d.malformed(bad, badAt+first, first > 0, why)
	}
	return e
}

func (d *Deploys) malformed(bad, line int, numbered bool, why string) *oncall.Fault {
	where := sources.Printable(d.o.Path, maxPath)
	if numbered {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	f := &oncall.Fault{
		Kind: oncall.Malformed, Source: d.o.Name, Op: "read deploys", Detail: where + ": " + why,
		Fix: "mend the line; the others are shown",
	}
	if bad > 1 {
		f.Fix = fmt.Sprintf("mend it and the %d bad lines before it; the others are shown", bad-1)
	}
	return f
}
