package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"conway/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// large says that every team of the worked example may be named.
func large() report.Privacy {
	return report.Privacy{Sizes: map[string]int{"payments": 9, "search": 7, "sre": 6}}
}

func composed(t *testing.T) report.Report {
	t.Helper()
	f, o := worked(t)
	return report.Compose(f, o, large(), "Shop")
}

func TestPageGoldens(t *testing.T) {
	r := composed(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"page.md":   func(b *bytes.Buffer) error { return r.Markdown(b) },
		"page.html": func(b *bytes.Buffer) error { return r.HTML(b) },
		"page.json": func(b *bytes.Buffer) error { return r.JSON(b) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not the golden file; run with -update and read the difference:\n%s", name, got.String())
		}
	}
}

func TestPageAsksForNothing(t *testing.T) {
	var b bytes.Buffer
	if err := composed(t).HTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"src=", "href=", "url(", "@import", "<script", "http://", "https://"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

func TestNoPersonIsOnThePage(t *testing.T) {
	r := composed(t)
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{`"s1"`, `"s2"`, `"p1"`, `"q1"`} {
		if strings.Contains(b.String(), who) {
			t.Errorf("person %s is named", who)
		}
	}
	if strings.Contains(b.String(), "mttr") {
		t.Error("the mean time to resolve is there though nobody asked for it")
	}
}

func TestHostileNamesStayText(t *testing.T) {
	f, o := worked(t)
	for i := range f.Incidents {
		f.Incidents[i].Title = `<script>alert(1)</script>|x` + "\n# y"
	}
	var html, md bytes.Buffer
	r := report.Compose(f, o, large(), "a|b\n# c")
	if err := r.HTML(&html); err != nil {
		t.Fatal(err)
	}
	if err := r.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(html.String(), "<script") || strings.Contains(md.String(), "<script") || strings.Contains(md.String(), "\n# y") {
		t.Error("text from outside became markup")
	}
}

// TestTheMatrixShowsAgreementsAndSmallTeams draws both marks, and says what they
// mean only where they are.
func TestTheMatrixShowsAgreementsAndSmallTeams(t *testing.T) {
	f, o := worked(t)
	written := func(p report.Privacy) (html, md string) {
		var h, m bytes.Buffer
		r := report.Compose(f, o, p, "")
		if err := errors.Join(r.HTML(&h), r.Markdown(&m)); err != nil {
			t.Fatal(err)
		}
		return h.String(), m.String()
	}
	if html, md := written(large()); strings.Contains(html, "agreed\"") || strings.Contains(html, "grey\"") || strings.Contains(html, "hatched") || strings.ContainsAny(md, "▨▫") {
		t.Errorf("marks without anything that they mark:\n%s", md)
	}
	o.Engagements = []report.Engagement{{Service: "checkout", By: "sre", Until: o.End}}
	// Of the checkout pages in sre's sleep three are of payments, one of search.
	html, md := written(large())
	for _, want := range []string{
		`<td class="s4 agreed" aria-label="code of payments woke sre: 3 pages, 3 of them under an agreement">3</td>`,
		`<td class="s2 agreed" aria-label="code of search woke sre: 2 pages, 1 of them under an agreement">2</td>`,
		`<td class="s2" aria-label="code of unowned woke sre: 2 pages">2</td>`, "Outlined: a team woken by its own code; hatched: under an agreement.",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	for _, want := range []string{"| payments | **0** | 0 | 3 ▨ | 100% |", "with agreements 62%. ▨ under an agreement.\n"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %s in\n%s", want, md)
		}
	}
	o.Engagements = nil
	small := large()
	small.Sizes["search"], small.Sizes["sre"], small.K = 3, 6, 6
	html, md = written(small)
	if want := `grey own" aria-label="code of other teams woke other teams`; !strings.Contains(html, want) || !strings.Contains(html, "; grey: fewer than 6 people, put together.") {
		t.Errorf("no %s in\n%s", want, html)
	}
	if !strings.Contains(md, "** ▫ |") || !strings.Contains(md, ". ▫ fewer than 6 people, put together.") || strings.Contains(md, "▨") {
		t.Errorf("the small teams in\n%s", md)
	}
}

// TestSmallTeamsCannotBeToldApart is for teams of fewer than five: neither they
// nor one that stands alone are named, and no number of theirs is left to take
// from another.
func TestSmallTeamsCannotBeToldApart(t *testing.T) {
	f, o := worked(t)
	for _, c := range []struct {
		name  string
		sizes map[string]int
		want  []string
	}{
		{"none is small", map[string]int{"payments": 5, "search": 5, "sre": 5}, []string{"payments", "search", "sre"}},
		{"one is small", map[string]int{"payments": 9, "search": 3, "sre": 6}, []string{report.Others, "payments"}},
		{"two are small", map[string]int{"payments": 9, "search": 3, "sre": 4}, []string{report.Others, "payments"}},
		{"all are small", map[string]int{}, []string{report.Others}},
	} {
		r := report.Compose(f, o, report.Privacy{Sizes: c.sizes}, "")
		got := r.Now.Conway.Sleep.Matrix.Columns
		if strings.Join(got, ",") != strings.Join(c.want, ",") {
			t.Errorf("%s: columns %v, want %v", c.name, got, c.want)
		}
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			t.Fatal(err)
		}
		for team, n := range c.sizes {
			if n < report.MinTeam && strings.Contains(b.String(), `"`+team+`"`) {
				t.Errorf("%s: %s is named", c.name, team)
			}
		}
	}
	share, all := report.Compose(f, o, large(), "").Now, report.Compose(f, o, report.Privacy{}, "").Now
	if share.Pages != all.Pages || share.Disrupted.Minutes != all.Disrupted.Minutes {
		t.Error("a total changed with the names")
	}
}

// TestOrderDoesNotMatter merges the records of two ledgers in many orders, with
// some twice.
func TestOrderDoesNotMatter(t *testing.T) {
	records := recorded(t)
	want := ""
	for seed := range uint64(20) {
		shuffled := append(append([]report.Record{}, records...), records[:len(records)/2]...)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		f, err := report.Read(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		_, o := worked(t)
		f.People = people(t)
		got, err := json.Marshal(report.Compose(f, o, large(), ""))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(got)
		}
		if string(got) != want {
			t.Fatalf("order %d gives\n%s\nnot\n%s", seed, got, want)
		}
	}
}

// TestNothingIsFinerThanAWeek moves one incident's times within their week: no
// form of the report may differ by more than the lengths that it counts.
func TestNothingIsFinerThanAWeek(t *testing.T) {
	f, o := worked(t)
	for i := range f.Notifications {
		f.Notifications[i].At = f.Notifications[i].At.Add(17 * time.Second)
	}
	r := report.Compose(f, o, large(), "Shop")
	var all bytes.Buffer
	for _, write := range []func(io.Writer) error{r.JSON, r.Markdown, r.HTML} {
		if err := write(&all); err != nil {
			t.Fatal(err)
		}
	}
	for _, clock := range regexp.MustCompile(`\d\d:\d\d(:\d\d)?`).FindAllString(all.String(), -1) {
		if clock != "00:00:00" { // the bounds of the period are days
			t.Errorf("the report has the time %s", clock)
		}
	}
	for _, told := range r.Story {
		if day, err := time.Parse(time.DateOnly, string(told.Week)); err != nil || day.Weekday() != time.Monday {
			t.Errorf("the story has %q, which begins no week", told.Week)
		}
	}
	if ages := regexp.MustCompile(`days": -?\d+\.\d`).FindAllString(all.String(), -1); ages != nil {
		t.Errorf("ages are finer than a day: %v", ages)
	}
}
