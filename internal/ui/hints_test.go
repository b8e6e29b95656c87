package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/keymap"
	"conway/internal/ui/logs"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// elsewhereBound is the declaration with each action on a key that nobody has by
// default.
func elsewhereBound(t *testing.T) keymap.Map {
	t.Helper()
	changes := map[string][]string{}
	for i, name := range keymap.Names() {
		changes[name] = []string{string(rune('Ѐ' + i))}
	}
	return bound(t, changes)
}

func bound(t *testing.T, changes map[string][]string) keymap.Map {
	t.Helper()
	keys, err := keymap.New(changes)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// hints are screens, or parts of them, with words that name a key. Each is drawn by
// a fixture of its own, whose keys are changed before.
func hints() map[string]func(*testing.T, *fixture) string {
	screen := func(do func(*fixture)) func(*testing.T, *fixture) string {
		return func(_ *testing.T, f *fixture) string {
			do(f)
			return f.screenText()
		}
	}
	filtered := func(k pane.Kind) func(*testing.T, *fixture) string {
		return screen(func(f *fixture) { f.panes[k].(pane.Filterable).Filter("zzz") })
	}
	return map[string]func(*testing.T, *fixture) string{
		"pages filtered":   filtered(pane.Pages),
		"deploys filtered": filtered(pane.Deploys),
		"metrics filtered": filtered(pane.Metrics),
		"logs filtered":    filtered(pane.Logs),
		"other deploys":    screen(func(f *fixture) { f.choose(oncall.Ref{Source: "pd", ID: "Q2"}); f.size(200, 50) }),
		"nothing found":    screen(func(f *fixture) { f.panes[pane.Logs].(*logs.Pane).Asked("splunk", "zzz") }),
		"searching":        screen(func(f *fixture) { f.panes[pane.Logs].(*logs.Pane).Busy("splunk") }),
		"page gone": screen(func(f *fixture) {
			f.selected = oncall.Ref{Source: "pd", ID: "gone"}
			f.size(200, 50)
		}),
		"runbook elsewhere": func(t *testing.T, f *fixture) string {
			t.Helper()
			_, why := f.runbook(oncall.Page{}, &oncall.PageDetail{Runbook: "https://wiki.example.com/rb"}, follow.Service{Name: "x"})
			return why
		},
		"untagged": screen(func(f *fixture) {
			f.clock = f.clock.Add(8 * time.Hour)
			f.Update(Events(uitest.Ledger()))
		}),
		"trace":       screen(func(f *fixture) { f.carryOut(pane.Trace{Key: "trace_id", ID: "4bf9", Held: 2}) }),
		"no room":     screen(noRoom),
		"wide search": screen(func(f *fixture) { f.askCost(StorePart{ID: 1, Source: "splunk", Cost: &oncall.LogCost{}}) }),
		"marked":      screen(func(f *fixture) { f.mark() }),
		"held": screen(func(f *fixture) {
			f.status(oncall.Action{ID: "1", Kind: oncall.Acknowledge, Target: uitest.Checkout(), Title: "CHECKOUT"}, oncall.Held, nil)
		}),
		"help":    screen(func(f *fixture) { f.open(overlay.NewHelp(f.opts.Keys, f.reason), false) }),
		"nothing": screen(func(*fixture) {}),
	}
}

// noRoom has older lines come that there is no room for.
func noRoom(f *fixture) {
	f.searchStore("splunk", oncall.LogQuery{}, true)
	many := make([]oncall.LogLine, 50_001)
	for i := range many {
		many[i] = oncall.ParseLine("x", uitest.Now())
	}
	f.Update(StorePart{ID: 1, Source: "splunk", Lines: many})
}

// TestHintsNameTheKeysInForce draws every pane that names a key with all keys bound
// elsewhere: whatever still stands before a hint's verb as it is by default is wrong.
func TestHintsNameTheKeysInForce(t *testing.T) {
	var all []string
	for _, e := range keymap.Entries() {
		for _, k := range e.Keys {
			all = append(all, regexp.QuoteMeta(keymap.Label(k)))
		}
	}
	verbs := "shows|goes|cancels|opens|lets|asks|focuses|takes|acts?|scrolls?|closes|drops|keeps|searches|loads|ack|in the logs"
	stale := regexp.MustCompile("(?m)(?:^|[\\s(;,·`│])(?:" + strings.Join(all, "|") + ")`? (?:" + verbs + ")\\b")
	for name, draw := range hints() {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			usual := draw(t, f)
			f = newFixture(t, uitest.Events()...)
			f.opts.Keys = elsewhereBound(t)
			got := draw(t, f)
			if usual == got {
				t.Errorf("no key changed on it, so that this shows nothing:\n%s", got)
			}
			if old := stale.FindString(got); old != "" {
				t.Errorf("it says %q, and no key is bound so:\n%s", old, got)
			}
		})
	}
}

func TestHintsInPanes(t *testing.T) {
	for _, c := range []struct{ name, action, hint string }{
		{"pages filtered", "back", "none matches /zzz; %s shows all"},
		{"deploys filtered", "back", "none matches /zzz; %s shows all"},
		{"metrics filtered", "back", "none matches /zzz; %s shows all"},
		{"logs filtered", "back", "none matches /zzz; %s shows all"},
		{"other deploys", "follow", "others; %s shows all"},
		{"nothing found", "back", "nothing was found: splunk: zzz; %s goes back"},
		{"searching", "back", "searching splunk, %s cancels"},
		{"page gone", "down", "choose another with %s and k"},
		{"page gone", "up", "choose another with j and %s"},
		{"runbook elsewhere", "open", "(%s opens it)"},
		{"untagged", "tag", "`%s` (about 20 s) or `:drop`"},
		{"untagged", "drop", "`:tag` (about 20 s) or `%s`"},
		{"trace", "back", "; %s shows all lines"},
		{"no room", "bottom", "50,000 are the most; %s lets them go"},
		{"wide search", "back", "search; %s in the logs cancels it"},
		{"help", "down", "esc closes, %s and k scroll"},
		{"help", "back", "%s closes, j and k scroll"},
	} {
		t.Run(c.name+" "+c.action, func(t *testing.T) {
			def := bound(t, nil).Way(keymap.Action(c.action))
			for key, keys := range map[string][]string{def: nil, "f9": {"f9"}, ":" + c.action: {}} {
				f := newFixture(t, uitest.Events()...)
				changes := map[string][]string{c.action: keys}
				if key == def {
					changes = nil
				}
				f.opts.Keys = bound(t, changes)
				want := fmt.Sprintf(c.hint, key)
				if c.name == "help" && len(keys) == 0 && key != def {
					// The palette does not open over the help.
					want = "HELP esc closes"
				}
				if got := hints()[c.name](t, f); !strings.Contains(got, want) {
					t.Errorf("with %s on %q it does not say %q:\n%s", c.action, keys, want, got)
				}
			}
		})
	}
}

// Somebody who opened the help from the palette has to get out of it, whatever is
// unbound.
func TestHelpClosesWithItsKeysUnbound(t *testing.T) {
	f := newFixture(t)
	f.opts.Keys = bound(t, map[string][]string{"help": {}, "back": {}, "quit": {}})
	f.open(overlay.NewHelp(f.opts.Keys, f.reason), false)
	f.press("esc")
	if len(f.stack) != 0 {
		t.Error("esc does not close the help")
	}
}
