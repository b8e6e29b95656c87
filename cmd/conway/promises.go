package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"conway/internal/config"
	"conway/internal/documents"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/slo"
)

// maxFiles bounds what one list of patterns may name: a folder named by mistake
// must not be read to its end.
const maxFiles = 2000

// promises are the objectives that the config names, and who counts their events.
type promises struct {
	set    slo.Set
	source string
	// queries are those of the set's objectives by service and name: they are wanted at each
	// look at a page, and do not change.
	queries map[string]oncall.BudgetQuery
	// faults are what of the files cannot be used.
	faults []error
}

// promisesOf reads every file of objectives that the config names.
func promisesOf(cfg config.Config) promises {
	p := promises{source: cfg.SLOs.Source}
	if p.source == "" && len(cfg.Metrics) > 0 {
		p.source = cfg.Metrics[0].SourceName()
	}
	var files []documents.File
	for _, one := range readAll("slos.files", cfg.SLOs.Files, documents.MaxFile) {
		if one.err != nil {
			p.faults = append(p.faults, one.err)
			continue
		}
		files = append(files, documents.File{Name: one.path, Data: one.data})
	}
	objectives, faults := slo.Read(files)
	p.set, p.queries = slo.NewSet(objectives), make(map[string]oncall.BudgetQuery, len(objectives))
	for _, o := range objectives {
		p.queries[key(o)] = o.Query()
	}
	for _, f := range faults {
		p.faults = append(p.faults, f)
	}
	return p
}

func (p promises) none() bool { return len(p.set.Objectives()) == 0 }

// refused says at the start what is not used: the first fault, and how many more
// there are.
func refused(faults []error) string {
	switch n := len(faults); n {
	case 0:
		return ""
	case 1:
		return faults[0].Error()
	default:
		return fmt.Sprintf("%v (and %d more: conway config check)", faults[0], n-1)
	}
}

// unmet returns what of the agreements in the config cannot be kept: one that ends
// with a budget of which no file says anything never ends by it.
func (p promises) unmet(cfg config.Config) (faults []error) {
	for _, name := range slices.Sorted(maps.Keys(cfg.Services)) {
		e := cfg.Services[name].Engagement
		if e == nil || e.SLO == "" || p.none() {
			continue
		}
		ids := make([]string, 0, len(p.set.Objectives()))
		found := false
		for _, o := range p.set.Objectives() {
			ids = append(ids, o.ID())
			found = found || o.ID() == e.SLO || o.Name == e.SLO && serviceOf(cfg, o) == name
		}
		if !found {
			faults = append(faults, fmt.Errorf("services.%s.engagement.slo: no file under slos has an objective %q; they have %s", name, e.SLO, strings.Join(ids, ", ")))
		}
	}
	return faults
}

// budgets returns what to ask of the error budgets of a service: that which the
// page's alert is of first, then the others.
func (p promises) budgets(s follow.Service, d *oncall.PageDetail) []oncall.BudgetQuery {
	spent, rest := p.of(s, d)
	var out []oncall.BudgetQuery
	if spent != nil {
		out = append(out, *spent)
	}
	for _, o := range rest {
		out = append(out, p.query(o))
	}
	return out
}

// query returns the question about an objective's budget.
func (p promises) query(o slo.Objective) oncall.BudgetQuery {
	if q, ok := p.queries[key(o)]; ok && o.Format != slo.Recorded {
		return q
	}
	return o.Query()
}

func key(o slo.Objective) string { return o.Service + "\x00" + o.Name }

// of returns the budget that a page's alert is of, nil for none, and the other
// objectives of its service.
func (p promises) of(s follow.Service, d *oncall.PageDetail) (spent *oncall.BudgetQuery, rest []slo.Objective) {
	if p.source == "" {
		return nil, nil
	}
	rest = p.set.Of(s.Named)
	if d == nil {
		return nil, rest
	}
	o, named, known := p.set.Spent(d.Labels)
	if !named {
		return nil, rest
	}
	q := oncall.BudgetQuery{SLO: o.Name, Unasked: "no file under slos describes it"}
	if known {
		q = p.query(o)
	}
	q.Spends = true
	return &q, slices.DeleteFunc(rest, o.Same)
}

// readFile is a file that was read, or why it was not.
type readFile struct {
	path string
	data []byte
	err  error
}

// readAll reads the files of patterns, each once, in the order of their names. The
// field is what the config calls the patterns.
func readAll(field string, patterns []string, limit int64) []readFile {
	var out []readFile
	seen := map[string]bool{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			out = append(out, readFile{path: pattern, err: fmt.Errorf("%s: no file is %s; check the path in the config", field, pattern)})
			continue
		}
		slices.Sort(paths)
		for _, path := range paths {
			if seen[path] {
				continue
			}
			seen[path] = true
			if len(seen) > maxFiles {
				return append(out, readFile{path: path, err: fmt.Errorf("%s: it names more than %d files, and only those are read; name fewer", field, maxFiles)})
			}
			data, err := readLimited(path, limit)
			out = append(out, readFile{path, data, err})
		}
	}
	return out
}

// readLimited reads a regular file up to one byte more than the limit, so that
// whoever reads it further can tell that it is too large.
func readLimited(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read: %w; check the path in the config", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is not a regular file; name one in the config", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read: %w; check the path in the config", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; check the path in the config", path, err)
	}
	return data, nil
}
