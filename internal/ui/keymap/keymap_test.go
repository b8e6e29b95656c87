package keymap_test

import (
	"strings"
	"testing"

	"conway/internal/ui/keymap"
)

type pressed string

func (p pressed) String() string { return string(p) }

func TestEveryDefaultKeyDoesOneThing(t *testing.T) {
	seen := map[string]keymap.Action{}
	for _, e := range keymap.Entries() {
		if e.Does == "" || e.Group == "" {
			t.Errorf("%s is not described", e.Action)
		}
		for _, k := range e.Keys {
			if other, ok := seen[k]; ok {
				t.Errorf("%q does %s and %s", k, other, e.Action)
			}
			seen[k] = e.Action
			if err := keymap.Check(k); err != nil {
				t.Errorf("%s: %v", e.Action, err)
			}
		}
	}
	// Keys that a terminal, a multiplexer or a person's habit has taken.
	for _, k := range []string{"ctrl+s", "ctrl+q", "ctrl+a", "ctrl+b", "ctrl+h"} {
		if a, ok := seen[k]; ok {
			t.Errorf("%s is on %s", a, k)
		}
	}
}

func TestRebindAndUnbind(t *testing.T) {
	m, err := keymap.New(map[string][]string{"ack": {"A", "f5"}, "resolve": {}, "note": {"r"}})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]keymap.Action{"A": keymap.Ack, "f5": keymap.Ack, "a": "", "R": "", "r": keymap.Note} {
		if got, _ := m.Action(pressed(k)); got != want {
			t.Errorf("%s does %q, want %q", k, got, want)
		}
	}
	if m.Key(keymap.Refresh) != "" {
		t.Error("refresh still says that it is on r, which note has now")
	}
	if !strings.Contains(m.Table(), "| `A` `f5` |") {
		t.Errorf("the table does not show the keys in force:\n%s", m.Table())
	}
}

func TestBadBindings(t *testing.T) {
	for want, changes := range map[string]map[string][]string{
		`"x" is given to both ack and note`: {"ack": {"x"}, "note": {"x"}},
		`there is no action "akc"`:          {"akc": {"x"}},
	} {
		if _, err := keymap.New(changes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, k := range []string{"", " ", "ab", "ctrl", "hyper+x"} {
		if keymap.Check(k) == nil {
			t.Errorf("%q passes for a key", k)
		}
	}
}
