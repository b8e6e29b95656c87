package report

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// taken is what a lane makes of one record, in words; empty for one that cannot be
// read.
func taken(kind string, body []byte) string {
	l := NewReading(1, 1).Lane(0)
	if err := l.Take(time.Unix(0, 0), []byte("01ARZ3NDEKTSV4RRFFQ69G5FAV"), []byte(kind), body); err != nil {
		return err.Error()
	}
	e, is := l.entries[0], l.words.all
	switch e.kind {
	case entryRecord:
		return ""
	case entryIncident:
		w := l.incidents[e.a]
		return fmt.Sprintf("%q %q %q %q %q %v", is[e.of], is[w.service], is[w.print], is[w.title], is[w.owner], []bool{w.guessed, w.test, w.major})
	case entryDeploy:
		w := l.deploys[e.a]
		return fmt.Sprintf("%q %q %q %q %q", is[e.of], is[w.service], is[w.team], is[w.kind], is[w.checks])
	case entryRun:
		w := l.runs[e.a]
		return fmt.Sprintf("%q %q %v %v", is[w.runbook], is[w.incident], w.at, w.spent)
	}
	return fmt.Sprintf("%q %q %q %v", is[e.of], is[e.a], is[e.b], e.yes)
}

// FuzzPlain holds what reads bodies quickly to encoding/json: a space before a body
// is all that it takes to be read by that.
func FuzzPlain(f *testing.F) {
	kinds := []string{
		KindIncident, KindNotify, KindAck, KindRelease, KindSnooze, KindHandoff, KindResolve, KindMerge, KindDeploy, KindAttrib, KindTag, KindRun, KindContest,
	}
	for _, body := range []string{
		`{"incident":"pd/I1","person":"c0ffee","channel":"push","reason":"unacked","auto":true}`, `{"incident":"pd/I1","into":"pd/I2"}`,
		`{"id":"pd/I1","service":"checkout","fingerprint":"f","title":"p99 \u003e 2 s","owner":"sre","owner_source":"config","owner_confidence":0.9,"owner_guessed":true,"test":true,"major":true,"url":"u"}`,
		`{"id":"d","service":"s","team":"t","kind":"hotfix","checks":"none"}`, `{"incident":"a","deploy":"d","score":79.7,"chance":0.00692,"likely":true}`,
		`{"page":{"source":"pd","id":"I1"},"name":"verdict","value":"needed"}`, `{"incident":"a","withdrawn":true}`,
		`{"id":"x","page":{"source":"pd","id":"I1"},"runbook":"r","step":1,"title":"t","script":"a\nb","state":"exited","exit":0,"started":"2026-03-24T03:00:00Z","ended":"2026-03-24T03:00:10.5Z","reason":"r"}`,
		`{"incident":"pd\u002fI\n1","person":"\u00e9"}`, `{"incident":"\ud83d\ude00"}`, `{"chance":01}`, `{"chance":1.}`, `{"chance":-}`, `{"chance":1e999}`,
		`{"page":{"source":"a","id":"b","more":1},"name":"verdict","value":"needed"}`, `{"page":{},"name":"verdict"}`, `{"page":null}`, `{}`, `{}x`, `{,}`, ``, `nul`,
		`{"incident":"a","incident":"b"}`, `{"Incident":"a"}`, `{"incident":"` + "\xff" + `"}`, `{"incident":"` + "\x01" + `"}`, `{"incident":"\u0000\/\b"}`,
		`{"started":"2026-03-24T03:00:00+02:00","step":1.5}`, `{"started":"2026-03-24T03:00:00\u005a"}`, `{"state":"Exited"}`, `{"state":"odd"}`,
		`{"step":9223372036854775808}`, `{"exit":-0}`, `{"exit":-12}`, `{"step":999999999999999999}`, `{"auto":null}`, `{"auto":"true"}`,
	} {
		for k := range kinds {
			f.Add(uint8(k), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		k := kinds[int(kind)%len(kinds)]
		if got, want := taken(k, body), taken(k, slices.Concat([]byte(" "), body)); got != want {
			t.Errorf("%s %q: %s\nwant %s", k, body, got, want)
		}
	})
}

// TestPlainReadsWhatIsWritten would find that nothing is read quickly any more.
func TestPlainReadsWhatIsWritten(t *testing.T) {
	p := plain{words: newWords(0)}
	var a, b word
	var yes bool
	members := []member{{name: "a", text: &a}, {name: "b", ref: &b}, {name: "c", flag: &yes}, {name: "d", number: true}, {name: "e"}}
	if !p.body([]byte(`{"a":"p99 \u003e 2 s","b":{"source":"pd","id":"I1"},"c":true,"d":-0.25,"e":"é"}`), members...) {
		t.Fatal("it is refused")
	}
	if p.words.all[a] != "p99 > 2 s" || p.words.all[b] != "pd/I1" || !yes {
		t.Errorf("%q %q %v", p.words.all[a], p.words.all[b], yes)
	}
}
