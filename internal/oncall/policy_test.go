package oncall

import (
	"fmt"
	"testing"
	"time"
)

func TestLevelsAndWhatIsReached(t *testing.T) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	ana, ben, cem := Person{ID: "1", Name: "Ana"}, Person{ID: "2", Name: "Ben"}, Person{ID: "3", Name: "Cem"}
	shifts := []Shift{
		{PolicyID: "P", Level: 2, Person: ben},
		{PolicyID: "P", Level: 1, Person: ana, Start: now.Add(-time.Hour), End: now.Add(time.Hour)},
		{PolicyID: "P", Level: 1, Person: cem, Start: now.Add(time.Hour)},
		{PolicyID: "P", Level: 2, Person: ben},
		{PolicyID: "P", Level: 3, Person: cem},
		{PolicyID: "P", Level: 3, Person: ben},
		{PolicyID: "Q", Level: 1, Person: cem},
	}
	levels := Levels(shifts, "P", now)
	if got := fmt.Sprint(levels); got != "[{1 [{1 Ana }]} {2 [{2 Ben }]} {3 [{3 Cem } {2 Ben }]}]" {
		t.Errorf("the levels are %s", got)
	}
	for want, who := range map[int][]Person{1: {ana}, 2: {ben}, 3: {cem, ben}, 0: {ana, ben}} {
		if got := Reached(Page{Assignees: who}, levels); got != want {
			t.Errorf("with %v it is at level %d, want %d", who, got, want)
		}
	}
	if got := Reached(Page{}, levels) + Reached(Page{Assignees: []Person{{Name: "Ana"}}}, levels); got != 0 {
		t.Errorf("with nobody, or somebody without an id, it is at level %d", got)
	}
}
