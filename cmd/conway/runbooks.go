package main

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"conway/internal/config"
	"conway/internal/runbook"
)

const (
	// maxRunbooks bounds a library: a folder named by mistake, such as a home
	// directory, must not be read to its end.
	maxRunbooks = 2000
	// maxRunbookSize is far above any page that a person would read at night.
	maxRunbookSize = 4 << 20
)

// runbooksOf reads every runbook that the config names. A file that cannot be
// read stays in the library with its error.
func runbooksOf(cfg config.Config) runbook.Library {
	var paths []string
	for _, s := range cfg.Services {
		paths = append(paths, s.Runbooks...)
	}
	slices.Sort(paths)
	for _, p := range cfg.Runbooks.Paths {
		paths = append(paths, markdownIn(p)...)
	}
	seen := map[string]bool{}
	var lib runbook.Library
	for _, p := range paths {
		if seen[p] || len(lib) == maxRunbooks {
			continue
		}
		seen[p] = true
		lib = append(lib, readRunbook(p))
	}
	return lib
}

// markdownIn returns the Markdown files below a folder, or the file itself.
func markdownIn(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path} // readRunbook says what is wrong with it
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // a folder that cannot be read hides only its own files
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != path:
			return fs.SkipDir
		case !d.IsDir() && strings.EqualFold(filepath.Ext(p), ".md"):
			out = append(out, p)
		}
		if len(out) >= maxRunbooks {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return []string{path}
	}
	return out
}

func readRunbook(path string) runbook.Entry {
	e := runbook.Entry{Path: path}
	data, err := readBounded(path)
	if err != nil {
		e.Err = err
		return e
	}
	e.Runbook, e.Err = runbook.Parse(path, data)
	return e
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read runbook: %w; check the path in the config", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read runbook %s: it is not a regular file; name a Markdown file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read runbook: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxRunbookSize+1))
	if err != nil {
		return nil, fmt.Errorf("read runbook %s: %w", path, err)
	}
	if len(data) > maxRunbookSize {
		return nil, fmt.Errorf("read runbook %s: it is larger than 4 MiB; name a Markdown file", path)
	}
	return data, nil
}

func sorted[T any, K cmp.Ordered](s []T, key func(T) K) []T {
	slices.SortFunc(s, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return s
}
