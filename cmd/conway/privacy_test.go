package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/report"
)

// anasDesk is the desk of somebody in the worked example's rotation. Her ledger
// holds the example, in which she is the one who is woken most.
func anasDesk(t *testing.T, sizes string) (d desk, ana string) {
	t.Helper()
	d = atDesk(t, "me: {email: ana@example.com, time_zone: Europe/Berlin}",
		"pages: [{type: pagerduty, name: pd, token: {env: PD}}]",
		strings.Replace(workedPeople, `"00000000000051a1"`, "ana@example.com", 1), sizes)
	d.must("", "ledger", "import")
	ana = regexp.MustCompile(`you are ([0-9a-f]{16})`).FindStringSubmatch(d.must("", "ledger", "show", "--me"))[1]
	d.must(strings.ReplaceAll(workedLedger(t), "00000000000051a1", ana), "ledger", "import")
	return d, ana
}

// outputs is everything that the program prints of a ledger, but the copy that a
// person makes for themselves.
func (d desk) outputs() map[string]string {
	d.t.Helper()
	out := map[string]string{"export": d.must("", "ledger", "export"), "show": d.must("", "ledger", "show", "--me")}
	for _, format := range []string{"md", "html", "json"} {
		out[format] = d.must("", fortnight(format)...)
	}
	return out
}

func TestNothingIsSharedBeforeItIsAgreed(t *testing.T) {
	d, ana := anasDesk(t, workedTeams)
	d.must("", "tag", "pd/I4", "needed")
	export := func() string { return d.must("", "ledger", "export") }
	if got := export(); strings.Contains(got, ana) || strings.Contains(got, "ana@example.com") || strings.Contains(got, "00000000000091a1") || !strings.Contains(got, `"kind":"incident"`) {
		t.Errorf("before anybody agreed the export holds\n%s", got)
	}
	if got := d.run("", "ledger", "export").err; !strings.Contains(got, "have not agreed to share them") {
		t.Errorf("what is left out is not told: %q", got)
	}
	d.must("", "ledger", "share", "on")
	if got := export(); strings.Count(got, `"person":"`+ana) < 10 || !strings.Contains(got, "ana@example.com") || strings.Contains(got, "00000000000091a1") {
		t.Errorf("after one agreed the export has %d lines of hers", strings.Count(got, ana))
	}
	other := workedDesk(t)
	other.must(export(), "ledger", "import")
	if got := other.must(export(), "ledger", "import"); !strings.HasPrefix(got, "0 records added") {
		t.Errorf("a second import: %s", got)
	}
	d.must("", "ledger", "share", "off")
	if got := export(); strings.Contains(got, `"notify"`) {
		t.Errorf("after it was taken back the export holds\n%s", got)
	}
	if got := d.must("", "ledger", "export", "--all"); !strings.Contains(got, ana) || !strings.Contains(got, "00000000000091a1") {
		t.Error("a copy of one's own lacks something")
	}
}

func TestForgottenIsInNoOutputAndCounts(t *testing.T) {
	d, ana := anasDesk(t, workedTeams)
	d.must("", "ledger", "share", "on")
	before := d.outputs()
	if !strings.Contains(before["export"], ana) || !strings.Contains(before["show"], `"incident":"pd/I1"`) {
		t.Fatalf("what is to be forgotten is not there: %s", before["show"])
	}
	d.must("", "ledger", "forget", "--me")
	after := d.outputs()
	for name, got := range after {
		// The wish itself names the pseudonym: whoever holds records of it has to hear it.
		for line := range strings.Lines(got) {
			if strings.Contains(line, ana) && !strings.Contains(line, `"kind":"forget"`) && !strings.Contains(line, `"kind":"consent"`) {
				t.Errorf("%s still has %s", name, line)
			}
		}
	}
	for _, format := range []string{"md", "html", "json"} {
		if after[format] != before[format] {
			t.Errorf("the %s report counts otherwise", format)
		}
	}
	if got := after["show"]; strings.Contains(got, "pd/I1") || !strings.Contains(got, "records were yours and are nobody's now") || !strings.Contains(got, "shared: no") {
		t.Errorf("show: %s", got)
	}
	if got := d.run("", "ledger", "forget"); got.code != exitUsage || !strings.Contains(got.err, "--me") {
		t.Errorf("without --me: %d %s", got.code, got.err)
	}
}

// TestPseudonymsAfterForgetting holds what is recorded later apart from what was
// recorded before, and gives what is told late its old name.
func TestPseudonymsAfterForgetting(t *testing.T) {
	names := pseudonyms{key: []byte("0123456789abcdef")}
	day0 := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	first := names.of("ana@example.com")
	for n := range 3 {
		at := day0.AddDate(0, 0, n)
		old := names.of("ana@example.com")
		rec := report.Record{ID: fmt.Sprint(n), At: at, Kind: report.KindForget, Body: fmt.Appendf(nil, `{"person":%q}`, old)}
		if err := names.wishes.Take(rec); err != nil {
			t.Fatal(err)
		}
		if now := names.of("ana@example.com"); now == old || names.at("ana@example.com", at) != now || names.at("ana@example.com", at.Add(-1)) != old {
			t.Errorf("forgotten %d times: %s after %s", n+1, now, old)
		}
	}
	all := names.all("ana@example.com")
	slices.Sort(all[1:])
	if len(slices.Compact(all)) != 4 || all[0] != first {
		t.Errorf("pseudonyms %v", all)
	}
	if names.of("ben@example.com") != names.at("ben@example.com", day0) {
		t.Error("somebody else has another name")
	}
}

func TestASmallTeamIsNamedWhenAllAgree(t *testing.T) {
	const sizes = "teams: {payments: {size: 9}, search: {size: 7}, sre: {size: 2}}"
	d, _ := anasDesk(t, sizes)
	named := func() bool { return strings.Contains(d.must("", fortnight("json")...), `"sre"`) }
	d.must("", "ledger", "consent", "on")
	if named() {
		t.Error("one of two is enough")
	}
	second := `{"v":1,"id":"00000000000000000000009999","at":"2026-03-24T03:00:00Z","kind":"consent","body":{"person":"00000000000051a2","scope":"name"}}` + "\n"
	d.must(second, "ledger", "import")
	if !named() {
		t.Error("all agreed and the team is not named")
	}
	d.must("", "ledger", "consent", "off")
	if named() {
		t.Error("one has taken it back and the team is named")
	}
}

func TestContestLeavesBothSidesOfAShare(t *testing.T) {
	d, _ := anasDesk(t, workedTeams)
	count := func() report.Numbers { return decoded(t, d.must("", fortnight("json")...)).Now }
	before := count()
	d.must("", "ledger", "contest", "pd/I5") // needed, a sleep page of search that woke search
	after := count()
	if after.Disputed != 1 || after.Verdicts.Needed.K != before.Verdicts.Needed.K-1 || after.Verdicts.Needed.N != before.Verdicts.Needed.N-1 {
		t.Errorf("verdicts %+v after %+v", after.Verdicts.Needed, before.Verdicts.Needed)
	}
	if s := after.Conway.Sleep; s.Own != before.Conway.Sleep.Own-1 || s.All != before.Conway.Sleep.All-1 || after.Pages != before.Pages {
		t.Errorf("congruence %v of %v, %d pages", s.Own, s.All, after.Pages)
	}
	d.must("", "ledger", "contest", "pd/I5", "--withdraw")
	if got := count(); got.Disputed != 0 || got.Conway.Sleep.C != before.Conway.Sleep.C {
		t.Errorf("after it was withdrawn: %+v", got.Conway.Sleep)
	}
}

func TestTheNextReportOpensWithTheDecision(t *testing.T) {
	d, _ := anasDesk(t, workedTeams)
	if got := d.must("", fortnight("md")...); !strings.Contains(got, "no decision taken") {
		t.Error("an empty box is not told")
	}
	for _, bad := range [][]string{{"report", "decide", "move it"}, {"report", "decide", " ", "--by", "Ida"}, {"report", "decide", "x", "--by", "Ida", "--on", "soon"}} {
		if got := d.run("", bad...); got.code != exitUsage {
			t.Errorf("%v: exit %d", bad, got.code)
		}
	}
	d.must("", "report", "decide", "move the pager for checkout to payments", "--by", "Ida", "--on", "2026-03-30")
	for _, format := range []string{"md", "html"} {
		got := d.must("", fortnight(format)...)
		if !strings.Contains(got, "move the pager for checkout to payments (Ida), 2026-03-30") || strings.Contains(got, "no decision taken") {
			t.Errorf("%s does not open with it:\n%.900s", format, got)
		}
	}
}

func TestPrivacyNeedsToKnowWhoAsks(t *testing.T) {
	d := workedDesk(t)
	for _, args := range [][]string{{"share", "on"}, {"consent", "on"}, {"show", "--me"}, {"forget", "--me"}} {
		if got := d.run("", append([]string{"ledger"}, args...)...); got.code != exitUsage || !strings.Contains(got.err, "me.email") {
			t.Errorf("%v: exit %d: %s", args, got.code, got.err)
		}
	}
	if got := d.run("", "ledger", "show"); got.code != exitUsage {
		t.Errorf("show without --me: exit %d", got.code)
	}
	if files, err := os.ReadDir(filepath.Join(d.home, ".local", "state", "conway")); err == nil && len(files) > 1 {
		t.Errorf("a refusal left %v", files)
	}
}
