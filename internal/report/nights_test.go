package report_test

import (
	"testing"
	"time"

	"conway/internal/report"
)

func TestNightsOfTheWorkedExample(t *testing.T) {
	f, o := worked(t)
	all := report.Privacy{Sizes: map[string]int{"sre": 6, "payments": 9, "search": 7}}
	n := report.Nights(f, "s1", all, o.End)
	// Of the eight sleep pages s1 had P1, P2, P3, P6, P10 and P11, in four nights.
	if n.SleepPages != 6 || n.Spoilt != 4 {
		t.Errorf("%d sleep pages in %d nights, want 6 in 4", n.SleepPages, n.Spoilt)
	}
	if want := (75 + 50 + 14 + 60 + 35 + 40) * time.Minute; n.Lost != want {
		t.Errorf("%v of sleep, want %v", n.Lost, want)
	}
	want := map[string]map[string]int{"payments": {"sre": 3}, "search": {"search": 1, "sre": 2}, "sre": {}, "unowned": {"sre": 2}}
	for i, row := range n.Rows {
		for j, column := range n.Columns {
			if n.Cells[i][j] != want[row][column] {
				t.Errorf("%s × %s: %d, want %d", row, column, n.Cells[i][j], want[row][column])
			}
		}
	}
	if len(n.Asked) != 2 || n.Asked[0].Team != "payments" || n.Asked[1].Team != "search" {
		t.Errorf("open follow-ups: %+v", n.Asked)
	}
	if len(n.Repeats) == 0 || n.Repeats[0].Times != 3 {
		t.Errorf("repeats: %+v", n.Repeats)
	}
}

func TestNightsNameNoSmallTeamAndNobodyElse(t *testing.T) {
	f, o := worked(t)
	n := report.Nights(f, "nobody", report.Privacy{Sizes: map[string]int{"sre": 6, "payments": 4, "search": 3}}, o.End)
	if n.SleepPages != 0 || n.Spoilt != 0 || n.Lost != 0 {
		t.Errorf("somebody else's nights are shown: %+v", n)
	}
	for _, c := range n.Columns {
		if c == "payments" || c == "search" {
			t.Errorf("the small team %s is named", c)
		}
	}
}
