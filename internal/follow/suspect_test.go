package follow_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/follow"
	"conway/internal/oncall"
)

var onset = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// done is a deploy that finished this long before the onset.
func done(service string, before time.Duration) oncall.Deploy {
	return oncall.Deploy{
		Ref: oncall.Ref{Source: "gh", ID: fmt.Sprint(service, before)}, Service: service, Environment: "production",
		Status: oncall.DeploySucceeded, StartedAt: onset.Add(-before - time.Minute), FinishedAt: onset.Add(-before),
	}
}

func suspects(t *testing.T, labels map[string]string, deploys ...oncall.Deploy) []follow.Suspect {
	t.Helper()
	return follow.Suspects(deploys, service(t, "checkout"), services(), onset, onset.Add(time.Hour), labels)
}

// TestWorkedExamples are the two of the ledger's section 4.1, to the digit.
func TestWorkedExamples(t *testing.T) {
	near := func(n int) []oncall.Deploy {
		all := []oncall.Deploy{done("checkout", 20*time.Minute)}
		for i := 1; i < n; i++ {
			all = append(all, done("checkout", 25*time.Hour+time.Duration(i)*13*time.Minute))
		}
		return all
	}
	tests := []struct {
		name            string
		deploys         []oncall.Deploy
		p0, time, score string
		band            follow.Band
		chance          string
	}{
		{"7 in 14 days", near(7), "0.00692", "39.7", "79.7", follow.Likely, "0.7% by chance"},
		{"4 an hour", near(4 * 336), "0.73640", "10.5", "50.5", follow.Possible, "74% by chance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := suspects(t, nil, tt.deploys...)
			if len(got) != 1 {
				t.Fatalf("%d suspects, want 1", len(got))
			}
			s := got[0]
			if fmt.Sprintf("%.5f %.1f %.1f", s.P0, s.Time, s.Score) != tt.p0+" "+tt.time+" "+tt.score {
				t.Errorf("p0 %.5f, time %.1f, score %.1f; want %s, %s, %s", s.P0, s.Time, s.Score, tt.p0, tt.time, tt.score)
			}
			if s.Band != tt.band || s.Related != 40 || s.Before != 20*time.Minute || s.Chance() != tt.chance {
				t.Errorf("band %q, related %v, before %v, %q", s.Band, s.Related, s.Before, s.Chance())
			}
		})
	}
	if follow.Wording != "preceded by" {
		t.Errorf("wording %q", follow.Wording)
	}
}

func TestEligible(t *testing.T) {
	with := func(change func(*oncall.Deploy)) oncall.Deploy {
		d := done("checkout", time.Hour)
		change(&d)
		return d
	}
	tests := []struct {
		name string
		d    oncall.Deploy
		want bool
	}{
		{"an hour before", done("checkout", time.Hour), true},
		{"a day before", done("checkout", 24*time.Hour), true},
		{"more than a day before", done("checkout", 24*time.Hour+time.Second), false},
		{"after", done("checkout", -time.Hour), false},
		{"failed", with(func(d *oncall.Deploy) { d.Status = oncall.DeployFailed }), false},
		{"rolled back", with(func(d *oncall.Deploy) { d.Status = oncall.DeployRolledBack }), true},
		{"no status", with(func(d *oncall.Deploy) { d.Status = oncall.DeployUnknown }), true},
		{"staging", with(func(d *oncall.Deploy) { d.Environment = "staging" }), false},
		{"no environment", with(func(d *oncall.Deploy) { d.Environment = "" }), true},
		{"one of several productions", with(func(d *oncall.Deploy) { d.Environment = "eu/PROD" }), true},
		{"not production", with(func(d *oncall.Deploy) { d.Environment = "non-prod" }), false},
		{"no time", with(func(d *oncall.Deploy) { d.StartedAt, d.FinishedAt = time.Time{}, time.Time{} }), false},
		{"running", with(func(d *oncall.Deploy) { d.FinishedAt, d.Status = time.Time{}, oncall.DeployRunning }), true},
		{"running for days", with(func(d *oncall.Deploy) {
			d.StartedAt, d.FinishedAt, d.Status = onset.Add(-72*time.Hour), time.Time{}, oncall.DeployRunning
		}), false},
		{"started after", with(func(d *oncall.Deploy) {
			d.StartedAt, d.FinishedAt, d.Status = onset.Add(time.Minute), time.Time{}, oncall.DeployRunning
		}), false},
		{"start only", with(func(d *oncall.Deploy) { d.FinishedAt = time.Time{} }), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := suspects(t, nil, tt.d); (len(got) == 1) != tt.want {
				t.Errorf("suspects %+v, want %v", got, tt.want)
			}
		})
	}
	if got := follow.Suspects([]oncall.Deploy{done("checkout", 0)}, follow.Service{}, services(), time.Time{}, onset, nil); got != nil {
		t.Errorf("suspects %+v of no onset", got)
	}
}

func TestScoreParts(t *testing.T) {
	running := done("checkout", -time.Minute)
	running.StartedAt = onset.Add(-time.Minute)
	if s := suspects(t, nil, running)[0]; s.Time != 40 || s.P0 != 0 || s.Before != 0 || s.Score != 80 {
		t.Errorf("running at the onset: %+v", s)
	}
	if s := suspects(t, nil, done("checkout", 6*time.Hour+time.Minute))[0]; s.Time != 0 || s.Score != 40 || s.Band != follow.Possible {
		t.Errorf("over 6 h before: %+v", s)
	}
	if s := suspects(t, nil, done("ledger-api", time.Hour))[0]; s.Related != 25 || s.Relation != "direct dependency" || s.Band != follow.Possible {
		t.Errorf("a dependency: %+v", s)
	}
	if s := suspects(t, nil, done("search", time.Hour))[0]; s.Related != 0 || s.Band != follow.Listed {
		t.Errorf("another service: %+v", s)
	}
	d := done("checkout", time.Hour)
	d.Version, d.Commit = "v413", "a1b2c3d4e5f6"
	for label, want := range map[[2]string]float64{
		{"version", "413"}: 15, {"revision", "A1B2C3D"}: 15, {"version", "v412"}: 0, {"revision", "a1b"}: 0, {"tag", "v413"}: 0,
	} {
		if s := suspects(t, map[string]string{label[0]: label[1]}, d)[0]; s.Version != want {
			t.Errorf("%v: version counts %v, want %v", label, s.Version, want)
		}
	}
	// Deploys of one service do not make those of another less surprising.
	all := make([]oncall.Deploy, 0, 1001)
	for i := range 1000 {
		all = append(all, done("search", 30*time.Hour+time.Duration(i)*time.Minute))
	}
	if s := suspects(t, nil, append(all, done("checkout", 20*time.Minute))...)[0]; math.Abs(s.P0-follow.Chance(20*time.Minute, 1)) > 1e-12 {
		t.Errorf("p0 %v counts another service's deploys", s.P0)
	}
}

func TestOnlyTwoWeeksCount(t *testing.T) {
	all := make([]oncall.Deploy, 0, 101)
	for i := range 100 {
		all = append(all, done("checkout", 15*24*time.Hour+time.Duration(i)*time.Hour))
	}
	if s := suspects(t, nil, append(all, done("checkout", time.Hour))...)[0]; s.P0 != follow.Chance(time.Hour, 1) {
		t.Errorf("p0 %v counts deploys from before two weeks ago", s.P0)
	}
}

func TestTieHasNoBand(t *testing.T) {
	got := suspects(t, nil, done("checkout", time.Hour), done("checkout", 2*time.Hour), done("ledger-api", time.Hour))
	if len(got) != 3 || got[0].Before != time.Hour {
		t.Fatalf("suspects %+v, want three, the best first", got)
	}
	for i, s := range got[:2] {
		if s.Ambiguous != 2 || s.Band != "" {
			t.Errorf("suspect %d: %+v, want one of two and no band", i, s)
		}
	}
	if got[2].Ambiguous != 0 || got[2].Band != follow.Possible {
		t.Errorf("the third: %+v, want its own band", got[2])
	}
}

func TestOnset(t *testing.T) {
	page := oncall.Page{CreatedAt: onset}
	detail := &oncall.PageDetail{Alerts: []oncall.Alert{
		{At: onset.Add(time.Minute)}, {At: onset.Add(-2 * time.Minute)}, {At: onset.Add(-72 * time.Hour)}, {},
	}}
	if got := follow.Onset(page, detail); !got.Equal(onset.Add(-2 * time.Minute)) {
		t.Errorf("onset %v, want the first alert's", got)
	}
	if got := follow.Onset(page, nil); !got.Equal(onset) {
		t.Errorf("onset %v, want the page's", got)
	}
}

func TestFrame(t *testing.T) {
	now := onset
	for _, tt := range []struct{ before, want time.Duration }{
		{4 * time.Minute, time.Hour},
		{15 * time.Minute, time.Hour},
		{3*time.Hour + time.Second, 3*time.Hour + 46*time.Minute},
		{30 * 24 * time.Hour, follow.MaxSpan},
		{-time.Hour, time.Hour},
	} {
		if f := follow.Window(now.Add(-tt.before), now); f.Span != tt.want || !f.End.IsZero() {
			t.Errorf("%v before: %+v, want %v until now", tt.before, f, tt.want)
		}
	}
	f := follow.Window(time.Time{}, now)
	if w := f.At(now); w.Span() != time.Hour || !w.End.Equal(now) {
		t.Errorf("window %+v", w)
	}
	back := f.Pan(-2, now)
	if !back.End.Equal(now.Add(-30 * time.Minute)) {
		t.Errorf("panned to %v, want half an hour back", back.End)
	}
	if again := back.Pan(3, now); !again.End.IsZero() {
		t.Errorf("panned past now to %v, want it to follow now", again.End)
	}
	if wide := back.Zoom(1, now); wide.Span != 2*time.Hour || !wide.End.IsZero() {
		t.Errorf("zoomed out %+v, want its middle kept, which reaches now", wide)
	}
	if in := back.Zoom(-1, now); in.Span != 30*time.Minute || !in.End.Equal(now.Add(-45*time.Minute)) {
		t.Errorf("zoomed in %+v, want the middle kept", in)
	}
	if f := back.Now(); !f.End.IsZero() || f.Span != back.Span {
		t.Errorf("now is %+v", f)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := follow.Frame{Span: time.Duration(rapid.Int64Range(0, int64(2*follow.MaxSpan)).Draw(t, "span"))}
		for range rapid.IntRange(1, 20).Draw(t, "keys") {
			n := rapid.OneOf(rapid.IntRange(-3, 3), rapid.Just(math.MaxInt), rapid.Just(math.MinInt)).Draw(t, "n")
			if rapid.Bool().Draw(t, "zoom") {
				f = f.Zoom(n, now)
				if f.Span < follow.MinSpan || f.Span > follow.MaxSpan {
					t.Fatalf("span %v", f.Span)
				}
			} else {
				f = f.Pan(max(-100, min(n, 100)), now)
			}
			if !f.End.IsZero() && !f.End.Before(now) {
				t.Fatalf("ends at %v, after now", f.End)
			}
		}
	})
}
