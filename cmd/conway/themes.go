package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/charmbracelet/colorprofile"

	"conway/internal/config"
	"conway/internal/ui"
	"conway/internal/ui/style"
	"conway/themes"
)

const (
	// maxTheme bounds a theme file; the shipped ones are 1 KiB.
	maxTheme = 64 << 10
	// maxThemes bounds how many files of a person's own are offered.
	maxThemes = 64
)

// themeDir is where a person's own themes are, empty when no home is known.
func (a *app) themeDir() string {
	path, _ := config.Path("", func(name string) string {
		if name == "CONWAY_CONFIG" {
			return "" // themes are the person's, whichever config is used
		}
		return a.getenv(name)
	})
	if path == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(path), "themes")
}

// ownThemes returns the files of a person's own themes by name.
func (a *app) ownThemes() map[string]string {
	out := map[string]string{}
	dir := a.themeDir()
	if dir == "" {
		return out
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return out // there are none; one that is asked for by name is missed then
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".yaml")
		if !ok || name == "" || len(out) == maxThemes {
			continue
		}
		out[name] = filepath.Join(dir, e.Name())
	}
	return out
}

// themeNames are the names that a config may use.
func (a *app) themeNames() []string {
	all := themes.Names()
	for name := range a.ownThemes() {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// themes are all that can be chosen, in the colours of a terminal. A person's own
// takes the place of a shipped one of the same name. Each is read when it is first
// looked at.
func (a *app) themes(p colorprofile.Profile) []ui.Theme {
	own := a.ownThemes()
	var out []ui.Theme
	for _, name := range a.themeNames() {
		read := func() (style.Sheet, error) { return shippedSheet(name) }
		if path, ok := own[name]; ok {
			read = func() (style.Sheet, error) { return ownSheet(name, path) }
		}
		out = append(out, ui.Theme{Name: name, Sheet: sync.OnceValues(func() (style.Sheet, error) {
			s, err := read()
			return s.In(p), err
		})})
	}
	return out
}

func shippedSheet(name string) (style.Sheet, error) {
	data, err := themes.Read(name)
	if err != nil {
		return style.Sheet{}, fmt.Errorf("theme %s: %w; the themes are %v", name, err, themes.Names())
	}
	return style.Parse(name, data)
}

// ownSheet reads a person's own theme, with every fault in it at once.
func ownSheet(name, path string) (style.Sheet, error) {
	data, err := readTheme(path)
	if err != nil {
		return style.Sheet{}, fmt.Errorf("read theme %s: %w", path, err)
	}
	o, shipped, err := themeOptions()
	if err != nil {
		return style.Sheet{}, err
	}
	t, err := config.ParseTheme(path, data, o)
	if err != nil {
		return style.Sheet{}, err
	}
	own := style.Theme{Palette: map[string]string{}, Roles: map[string]style.Ink{}}
	for c, v := range t.Palette {
		own.Palette[c] = string(v)
	}
	for r, l := range t.Roles {
		own.Roles[r] = style.Ink(l)
	}
	return shipped[t.Extends].Over(own).Sheet(name)
}

// themeOptions is what a theme may name, and the themes that it may extend.
func themeOptions() (config.ThemeOptions, map[string]style.Theme, error) {
	o := config.ThemeOptions{Shipped: map[string]map[string]string{}}
	for _, r := range style.Roles() {
		o.Roles = append(o.Roles, r.String())
	}
	shipped := map[string]style.Theme{}
	for _, name := range themes.Names() {
		data, err := themes.Read(name)
		if err != nil {
			return o, nil, err
		}
		t, err := style.Read(name, data)
		if err != nil {
			return o, nil, err
		}
		shipped[name], o.Shipped[name] = t, t.Palette
	}
	return o, shipped, nil
}

// readTheme reads a file, and does not wait for one that is a pipe.
func readTheme(path string) (data []byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("it is not a regular file"))
	}
	if data, err = io.ReadAll(io.LimitReader(f, maxTheme+1)); err == nil && len(data) > maxTheme {
		err = errors.New("it is larger than 64 KiB, which no theme is")
	}
	return data, err
}
