package story_test

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/story"
)

func sample(t *testing.T) (story.Timeline, *time.Location) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 3, 8, 0, 0, time.UTC)
	exit := 0
	line := story.Timeline{
		Version: story.Version, Owner: "payments", Before: "deploy gh/1, 0.3% by chance", Ended: at.Add(40 * time.Minute),
		Page: oncall.Page{
			Ref: oncall.Ref{Source: "pd", ID: "Q1"}, Title: "checkout *5xx*\n# above <b>5%", Status: oncall.Resolved,
			Service: oncall.Service{Name: "checkout"}, CreatedAt: at,
		},
		Moments: []story.Moment{
			{At: at.Add(9 * time.Minute), Kind: story.Stepped, Text: "step 2", State: "exit 0 after 4s", Exit: &exit, Command: "echo '```'\nroll back token=hunter2\n"},
			{At: at, Kind: story.Opened, Who: "checkout", Text: "checkout 5xx"},
			{At: at.Add(4 * time.Minute), Kind: story.Noted, Who: "Ana", Text: "pool\n- again"},
		},
		Missing: []string{"pd was away"},
	}
	line.Sort()
	return line, zone
}

func TestTimelineAsMarkdown(t *testing.T) {
	line, zone := sample(t)
	got := line.Without(func(s string) string { return strings.ReplaceAll(s, "hunter2", "•") }).Markdown(zone)
	want := `# checkout \*5xx\* \# above &lt;b>5%

- page: pd/Q1
- service: checkout, whose code is of payments
- opened: 2026-03-02 03:08:00Z (04:08 CET)
- ended: 2026-03-02 03:48:00Z (04:48 CET), after 40 min
- preceded by: deploy gh/1, 0.3% by chance

## Timeline

- 2026-03-02 03:08:00Z (04:08 CET) · opened · checkout · checkout 5xx
- 2026-03-02 03:12:00Z (04:12 CET) · note · Ana · pool - again
- 2026-03-02 03:17:00Z (04:17 CET) · step · step 2 · exit 0 after 4s

  ` + "````sh" + `
  echo '` + "```" + `'
  roll back token=•
  ` + "````" + `


## What is missing here

- pd was away
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if utc := line.Markdown(time.UTC); strings.Contains(utc, "CET") || strings.Contains(utc, "(") {
		t.Errorf("in UTC each time is told once:\n%s", utc)
	}
}

func TestPostmortemDraft(t *testing.T) {
	line, zone := sample(t)
	got := line.Postmortem(zone)
	for _, want := range []string{
		"# Postmortem (draft): checkout", "- preceded by deploy gh/1", "## What was tried, and what helped\n\n- 2026-03-02 03:17:00Z",
		"## What was noted\n\n- 2026-03-02 03:12:00Z", "none is recorded; conway tag pd/Q1 followup TEXT",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "caused by") {
		t.Error("a draft names a cause")
	}
}
