package attack_test

import (
	"strings"
	"testing"

	"conway/internal/text/attack"
)

func TestEveryThreatHasAttacksWithNamesOfTheirOwn(t *testing.T) {
	seen, threats := map[string]bool{}, map[string]int{}
	for _, a := range attack.All() {
		if seen[a.Name] {
			t.Errorf("two attacks are called %q", a.Name)
		}
		seen[a.Name] = true
		threats[a.Threat]++
	}
	for _, want := range []string{"T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8"} {
		if threats[want] < 5 {
			t.Errorf("%s has %d attacks", want, threats[want])
		}
	}
	t.Logf("corpus: %d attacks: %v", len(seen), threats)
}

func TestPublicCollectionsAreWhole(t *testing.T) {
	all, err := attack.Public()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, a := range all {
		name, _, _ := strings.Cut(a.Name, " ")
		counts[name]++
		if a.Raw == "" {
			t.Errorf("%s is empty", a.Name)
		}
	}
	for name, least := range map[string]int{"naughty": 400, "terminal": 480, "stream": 38, "bidi": 1500, "grapheme": 602, "emoji": 5000} {
		if counts[name] < least {
			t.Errorf("%s has %d strings, want at least %d", name, counts[name], least)
		}
	}
	t.Logf("corpus: %d public strings: %v", len(all), counts)
}
