package report_test

import (
	"testing"

	"conway/internal/oncall"
	"conway/internal/report"
)

func TestUntaggedPagesOfTheNight(t *testing.T) {
	n := &nights{recorder{tb: t}}
	n.page(at(t, "03-25 02:00"), "older", "A", "payments", "me")
	n.page(at(t, "03-26 20:00"), "evening", "A", "payments", "me")
	n.page(at(t, "03-26 22:00"), "first", "A", "payments", "me")
	n.page(at(t, "03-27 01:00"), "said", "B", "payments", "me")
	n.page(at(t, "03-27 01:30"), "theirs", "B", "payments", "somebody")
	n.page(at(t, "03-27 02:00"), "second", "C", "", "me")
	n.page(at(t, "03-27 02:20"), "dropped", "C", "", "me")
	n.page(at(t, "03-27 02:25"), "child", "C", "", "me")
	n.page(at(t, "03-27 08:00"), "morning", "C", "", "me")
	n.add(at(t, "03-27 01:50"), report.KindTag, oncall.Tag{Page: ref("said"), Name: oncall.TagVerdict, Value: oncall.TagNoise})
	n.add(at(t, "03-27 02:30"), report.KindTag, oncall.Tag{Page: ref("dropped"), Name: oncall.TagDropped, Value: oncall.TagYes})
	n.add(at(t, "03-27 02:40"), report.KindMerge, report.MergeBody{Incident: ref("child").String(), Into: ref("said").String()})
	n.add(at(t, "03-26 22:00"), report.KindAttrib, report.AttribBody{Incident: ref("first").String(), Deploy: "gh/7"})
	r := recalls(t, n.all)
	for when, want := range map[string][]string{
		"03-27 05:59": nil, // a minute before eight in Berlin the night goes on
		"03-27 07:00": {"first", "second"},
		"03-27 19:00": {"first", "second"},
		"03-27 22:00": nil,
		"03-28 07:00": nil, // the next night had none
	} {
		var got []string
		for _, u := range r.Untagged(at(t, when)) {
			got = append(got, u.Page.ID)
		}
		if len(got) != len(want) || len(got) > 0 && (got[0] != want[0] || got[1] != want[1]) {
			t.Errorf("at %s: %v, want %v", when, got, want)
		}
	}
	all := r.Untagged(at(t, "03-27 07:00"))
	if all[0].Team != "payments" || all[0].Suspect != "gh/7" || all[0].Title != "A" || all[1].Team != "" {
		t.Errorf("they are %+v", all)
	}
}
