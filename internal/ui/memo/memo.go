// Package memo is what a screen remembers of itself from one start to the next:
// where a person was and how they had arranged it. It holds names, ids, counts,
// times and what the person typed into a filter or the palette, never the text of a
// page, a log or a note.
package memo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// Version is the shape that this program writes. A file of a higher one was
// written by a newer program and is left alone.
const Version = 1

const (
	// MaxBytes bounds a file; a full one is about a tenth of it.
	MaxBytes = 256 << 10
	// MaxEarlier bounds how many filters are kept for each pane, and how many
	// choices and words of the palette: more than anybody scrolls back.
	MaxEarlier = 50
	// maxText bounds one text of a person's own, in bytes.
	maxText = 400
	// maxEntries bounds each table; there are fewer panes, and nobody has as many
	// presets.
	maxEntries = 64
)

// Ref names a page.
type Ref struct {
	Source string `json:"source,omitempty"`
	ID     string `json:"id,omitempty"`
}

// Sizes is what was changed about one arrangement; see the layout package.
type Sizes struct {
	Left   int            `json:"left,omitempty"`
	Bottom int            `json:"bottom,omitempty"`
	Grown  map[string]int `json:"grown,omitempty"`
}

// Window is the shared window of time, if a person moved it.
type Window struct {
	Span time.Duration `json:"span,omitempty"`
	// End is zero for now.
	End time.Time `json:"end,omitzero"`
}

// Memory is one screen.
type Memory struct {
	Version int `json:"version"`
	// Page is the selected page.
	Page Ref `json:"page,omitzero"`
	// Preset and Theme are what was chosen, and PresetOf and ThemeOf what the
	// config said then: a config that says something else since is the newer word.
	Preset   string `json:"preset,omitempty"`
	PresetOf string `json:"preset_of,omitempty"`
	Theme    string `json:"theme,omitempty"`
	ThemeOf  string `json:"theme_of,omitempty"`
	// Focus and Drawer are names of panes.
	Focus  string `json:"focus,omitempty"`
	Drawer string `json:"drawer,omitempty"`
	Zoom   bool   `json:"zoom,omitempty"`
	UTC    bool   `json:"utc,omitempty"`
	// Pinned are the panes that do not follow the page.
	Pinned []string  `json:"pinned,omitempty"`
	Window Window    `json:"window,omitzero"`
	Cursor time.Time `json:"cursor,omitzero"`
	// Reading is the time of the log line that was read, zero while new ones were
	// followed.
	Reading time.Time `json:"reading,omitzero"`
	// Reminded is when last night's untagged pages were last spoken of.
	Reminded time.Time `json:"reminded,omitzero"`
	// Sizes is by arrangement.
	Sizes map[string]Sizes `json:"sizes,omitempty"`
	// Filters is the filter in force, Places the position in the list, by pane.
	Filters map[string]string `json:"filters,omitempty"`
	Places  map[string]int    `json:"places,omitempty"`
	// Earlier are the filters of each pane, the newest first.
	Earlier map[string][]string `json:"earlier,omitempty"`
	// Found is what was chosen in the palette, Asked what was typed there, the
	// newest first.
	Found []string `json:"found,omitempty"`
	Asked []string `json:"asked,omitempty"`
}

// Encode returns the memory as a file.
func (m Memory) Encode() ([]byte, error) {
	m.Version = Version
	data, err := json.Marshal(m.bounded())
	if err != nil {
		return nil, fmt.Errorf("encode the screen's state: %w", err)
	}
	return append(data, '\n'), nil
}

// Decode reads a file. The error says in a few words what is wrong with it; the
// memory is empty then.
func Decode(data []byte) (Memory, error) {
	if len(data) > MaxBytes {
		return Memory{}, errors.New("it is far too large")
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Memory{}, errors.New("it is damaged")
	}
	switch {
	case head.Version > Version:
		return Memory{}, fmt.Errorf("it was written by a newer conway (version %d, this one knows %d)", head.Version, Version)
	case head.Version < 1:
		return Memory{}, errors.New("it is damaged")
	}
	var m Memory
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&m); err != nil {
		return Memory{}, errors.New("it is damaged")
	}
	return m.bounded(), nil
}

// bounded cuts everything to what a screen can use, so that neither a file nor a
// long session can grow without end.
func (m Memory) bounded() Memory {
	m.Pinned = list(m.Pinned)
	m.Found, m.Asked = list(m.Found), list(m.Asked)
	m.Filters, m.Places, m.Sizes, m.Earlier = table(m.Filters), table(m.Places), table(m.Sizes), table(m.Earlier)
	for k, v := range m.Earlier {
		m.Earlier[k] = list(v)
	}
	for k, v := range m.Filters {
		if len(v) > maxText {
			delete(m.Filters, k)
		}
	}
	for k, v := range m.Sizes {
		v.Grown = table(v.Grown)
		m.Sizes[k] = v
	}
	return m
}

func list(all []string) []string {
	out := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" || len(s) > maxText || !utf8.ValidString(s) })
	return out[:min(len(out), MaxEarlier)]
}

func table[V any](all map[string]V) map[string]V {
	out := maps.Clone(all)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if len(out) <= maxEntries && len(k) <= maxText {
			continue
		}
		delete(out, k)
	}
	return out
}

// Push puts a text before earlier ones, without the copy that may be among them.
func Push(earlier []string, s string) []string {
	if s == "" || len(s) > maxText {
		return earlier
	}
	out := append([]string{s}, slices.DeleteFunc(slices.Clone(earlier), func(o string) bool { return o == s })...)
	return out[:min(len(out), MaxEarlier)]
}
