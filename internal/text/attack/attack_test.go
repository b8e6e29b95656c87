package attack_test

import (
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
