package board_test

import (
	"reflect"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
)

func TestSourcesNeverAnswered(t *testing.T) {
	b := board.New(board.Options{Sources: []board.SourceInfo{{"pd", board.KindPages}, {"app", board.KindLogs}}})
	got := b.Sources()
	if len(got) != 2 || got[0].Name != "pd" || got[1].Kind != board.KindLogs {
		t.Fatalf("sources %+v", got)
	}
	for _, s := range got {
		if s.Up || s.Reading.Quality(at(0)) != oncall.Never {
			t.Errorf("%s: %+v, want never heard of", s.Name, s)
		}
	}
	for name, r := range map[string]oncall.Reading[int]{
		"pages": b.PagesReading(), "deploys": b.DeploysReading(), "logs": b.LogsReading(),
	} {
		if q := r.Quality(at(0)); q != oncall.Never {
			t.Errorf("%s: %v, want never", name, q)
		}
	}
	if q := b.Metrics().Quality(at(0)); q != oncall.Never {
		t.Errorf("metrics: %v, want never", q)
	}
	if q := b.Roster().Quality(at(0)); q != oncall.Never {
		t.Errorf("roster: %v, want never", q)
	}
}

func TestHealth(t *testing.T) {
	fault := &oncall.Fault{Kind: oncall.Auth, Source: "pd", Op: "list pages"}
	down := oncall.HealthEvent{Stamp: oncall.Stamp{Source: "pd", At: at(10), Err: fault}, NextTry: at(40), Attempt: 3}
	b, changes := after(t, list(0), down)
	s := b.Sources()[0]
	if s.Up || s.Reading.Fault != fault || !s.NextTry.Equal(at(40)) || s.Attempt != 3 {
		t.Errorf("source %+v, want it down", s)
	}
	if want := []board.Change{board.SourceFailed{Name: "pd"}}; !reflect.DeepEqual(changes, want) {
		t.Errorf("changes %+v, want %+v", changes, want)
	}

	early, _ := b.Apply(list(9))
	if early.Sources()[0].Reading.Fault == nil {
		t.Error("an answer from before it failed made it well")
	}
	again, changes := b.Apply(down)
	if len(changes) != 0 || again.Sources()[0].Reading.Fault == nil {
		t.Errorf("changes %+v, want nothing new", changes)
	}
	well, changes := b.Apply(list(11))
	s = well.Sources()[0]
	if !s.Up || s.Reading.Fault != nil || s.Attempt != 0 || !s.NextTry.IsZero() {
		t.Errorf("source %+v, want it well after a good answer", s)
	}
	if want := []board.Change{board.SourceRecovered{Name: "pd"}}; !reflect.DeepEqual(changes, want) {
		t.Errorf("changes %+v, want %+v", changes, want)
	}
	stopped, _ := after(t, oncall.HealthEvent{Stamp: stamp("pd", 0)})
	if stopped.Sources()[0].Reading.Fault == nil {
		t.Error("a source that is down for no reason given looks well")
	}
}

func TestQuietLogIsNotADeadOne(t *testing.T) {
	fault := &oncall.Fault{Kind: oncall.Unavailable}
	b := board.New(board.Options{Sources: []board.SourceInfo{{"app", board.KindLogs}}})
	b, _ = b.Apply(oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: at(0), Err: fault}})
	if r := b.LogsReading(); r.Quality(at(0)) != oncall.Never || r.Fault != fault {
		t.Errorf("reading %+v, want never, with the fault", r)
	}
	b, _ = b.Apply(batch(nil, 0))
	if q := b.LogsReading().Quality(at(3600)); q != oncall.NoData {
		t.Errorf("%v, want no data: it is connected and silent", q)
	}
	b, _ = b.Apply(batch(lines(0, 1), 0))
	b, _ = b.Apply(batch(nil, 0))
	if q := b.LogsReading().Quality(at(3600)); q != oncall.Live {
		t.Errorf("%v, want live", q)
	}
	b, _ = b.Apply(oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: at(5), Err: fault}, Lines: lines(1, 1)})
	if r := b.LogsReading(); r.Quality(at(5)) != oncall.Late || r.Value != 2 {
		t.Errorf("reading %+v, want late with both lines", r)
	}
	b, _ = b.Apply(oncall.HealthEvent{Stamp: stamp("app", 6), Up: true})
	if q := b.LogsReading().Quality(at(6)); q != oncall.Live {
		t.Errorf("%v after it runs again, want live", q)
	}
}

func TestTheWorstSourceSpeaksForAll(t *testing.T) {
	answer := func(source string, every time.Duration) oncall.PagesEvent {
		return oncall.PagesEvent{Stamp: stamp(source, 0), Complete: true, Every: every}
	}
	slow, fast := answer("slow", time.Hour), answer("fast", 10*time.Second)
	for name, events := range map[string][]oncall.Event{"slow first": {slow, fast}, "fast first": {fast, slow}} {
		b := board.Board{}
		for _, e := range events {
			b, _ = b.Apply(e)
		}
		if q := b.PagesReading().Quality(at(20)); q != oncall.Late {
			t.Errorf("%s: %v after 20 s of silence, want late", name, q)
		}
	}
	quiet, busy := oncall.LinesEvent{Stamp: stamp("quiet", 0)}, batch(lines(0, 1), 0)
	for name, events := range map[string][]oncall.Event{"quiet first": {quiet, busy}, "busy first": {busy, quiet}} {
		b := board.Board{}
		for _, e := range events {
			b, _ = b.Apply(e)
		}
		if q := b.LogsReading().Quality(at(0)); q != oncall.Live {
			t.Errorf("%s: %v, want live: one of two logs has lines", name, q)
		}
	}
}

func TestDeploysOfTwoSourcesAreOne(t *testing.T) {
	mk := func(source, id string, minute int) oncall.Deploy {
		return oncall.Deploy{
			Ref: oncall.Ref{Source: source, ID: id}, Commit: "a1b2c3d4e5f6", Service: "checkout", Environment: "prod",
			Status: oncall.DeploySucceeded, FinishedAt: at(60 * minute),
		}
	}
	event := func(d ...oncall.Deploy) oncall.DeploysEvent {
		return oncall.DeploysEvent{Stamp: stamp(d[0].Ref.Source, 0), Deploys: d, Every: time.Minute}
	}
	short := mk("argo", "x", 9)
	short.Commit, short.Environment, short.Team = "A1B2C3D", "Prod", "payments"
	other := mk("argo", "x", 9)
	other.Commit = "a1b2c3d4ffff"
	running := mk("argo", "x", 0)
	running.FinishedAt, running.StartedAt, running.Status = time.Time{}, at(9*60), oncall.DeployRunning
	none := mk("argo", "x", 9)
	none.Commit = ""
	tests := []struct {
		name string
		a, b oncall.Deploy
		want int
	}{
		{"short commit, other case", mk("gh", "1", 0), short, 1},
		{"10 minutes apart", mk("gh", "1", 0), mk("argo", "x", 10), 1},
		{"11 minutes apart", mk("gh", "1", 0), mk("argo", "x", 11), 2},
		{"another commit", mk("gh", "1", 0), other, 2},
		{"no commit", mk("gh", "1", 0), none, 2},
		{"one still running", mk("gh", "1", 5), running, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, _ := after(t, event(tt.a), event(tt.b))
			if got := b.Deploys(); len(got) != tt.want {
				t.Errorf("%d deploys %+v, want %d", len(got), got, tt.want)
			}
		})
	}
	b, _ := after(t, event(mk("gh", "1", 0), mk("gh", "2", 3)))
	if got := b.Deploys(); len(got) != 2 || got[0].Ref.ID != "2" {
		t.Errorf("deploys %+v; want one source's two, the newest first", got)
	}
	b, _ = after(t, event(mk("gh", "1", 5)), event(running))
	if d := b.Deploys()[0]; d.Status != oncall.DeploySucceeded || d.FinishedAt.IsZero() || d.StartedAt.IsZero() {
		t.Errorf("deploy %+v, want what both know", d)
	}
	b, _ = after(t, event(mk("gh", "1", 0)), event(short))
	if d := b.Deploys()[0]; d.Team != "payments" || d.Commit != "a1b2c3d4e5f6" {
		t.Errorf("deploy %+v, want the team and the whole commit", d)
	}
	b, _ = b.Apply(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: "gh", At: at(1), Err: &oncall.Fault{}}})
	if len(b.Deploys()) != 1 || b.DeploysReading().Quality(at(1)) != oncall.Late {
		t.Error("a failed poll took the deploys or left them live")
	}
}

func TestMetricsOfTheFollowedScopeOnly(t *testing.T) {
	answer := func(source, scope, panel string, s int) oncall.SeriesEvent {
		q := oncall.PanelQuery{Panel: panel}
		return oncall.SeriesEvent{
			Stamp: stamp(source, s), Every: 10 * time.Second,
			Question: oncall.Question{Scope: scope, Queries: []oncall.PanelQuery{q}, Span: time.Hour},
			Window:   oncall.Window{Start: at(s - 3600), End: at(s)},
			Panels:   []oncall.Panel{{PanelQuery: q}},
		}
	}
	names := func(b board.Board) string {
		s := ""
		for _, p := range b.Metrics().Value.Panels {
			s += p.Panel + " "
		}
		return s
	}
	b, _ := after(t)
	b = b.Follow("checkout")
	b, _ = b.Apply(answer("prom", "checkout", "errors", 0))
	b, _ = b.Apply(answer("late", "ledger", "stray", 1))
	if got := names(b); got != "errors " {
		t.Errorf("panels %q, want errors alone", got)
	}
	b, _ = b.Apply(answer("thanos", "checkout", "p99", 2))
	m := b.Metrics().Value
	if got := names(b); got != "errors p99 " || len(m.Question.Queries) != 2 ||
		!m.Window.Start.Equal(at(-3600)) || !m.Window.End.Equal(at(2)) {
		t.Errorf("panels %q of %+v, want both merged", got, m)
	}
	failed, _ := b.Apply(oncall.SeriesEvent{Stamp: oncall.Stamp{Source: "prom", At: at(3), Err: &oncall.Fault{}}})
	if names(failed) != "errors p99 " || failed.Metrics().Quality(at(3)) != oncall.Late {
		t.Errorf("panels %q, %v; want the old ones, late", names(failed), failed.Metrics().Quality(at(3)))
	}
	moved := b.Follow("ledger")
	if got := names(moved); got != "" || moved.Metrics().Quality(at(3)) != oncall.Never {
		t.Errorf("panels %q of the page before under another", got)
	}
	if names(b) != "errors p99 " {
		t.Error("following another scope changed an older board")
	}
	same := b.Follow("checkout")
	if names(same) != "errors p99 " {
		t.Error("following the same scope forgot its answers")
	}
}

func TestRunOutput(t *testing.T) {
	run := func(state oncall.RunState, out ...oncall.OutputLine) oncall.RunEvent {
		return oncall.RunEvent{
			Stamp: stamp("runner", 0), Run: oncall.StepRun{ID: "r", State: state, Started: t0},
			Output: out, Dropped: oncall.Dropped{Exact: true},
		}
	}
	line := func(s string) oncall.OutputLine { return oncall.OutputLine{Text: s} }
	part := func(s string, stderr bool) oncall.OutputLine {
		return oncall.OutputLine{Text: s, Partial: true, Stderr: stderr}
	}
	b, _ := after(t, run(oncall.RunRunning, line("one"), part("tw", false)))
	old := b
	b, _ = b.Apply(run(oncall.RunRunning, part("two", false), part("err", true)))
	b, _ = b.Apply(run(oncall.RunRunning, line("two!"), line("three")))
	b, changes := b.Apply(run(oncall.RunExited, oncall.OutputLine{Text: "error", Stderr: true}))
	text := func(b board.Board) string {
		s := ""
		r, _ := b.Run("r")
		for _, l := range r.Output {
			s += l.Text + " "
		}
		return s
	}
	if got := text(b); got != "one two! error three " {
		t.Errorf("output %q", got)
	}
	if got := text(old); got != "one tw " {
		t.Errorf("an older board's output became %q", got)
	}
	if len(changes) != 1 || changes[0] != (board.RunEnded{ID: "r"}) {
		t.Errorf("changes %+v, want the end", changes)
	}
	b, changes = b.Apply(run(oncall.RunRunning, line("late")))
	if r, _ := b.Run("r"); r.State != oncall.RunExited || len(changes) != 0 || text(b) != "one two! error three late " {
		t.Errorf("run %v %v, %q; want its end kept and late output taken", r.State, changes, text(b))
	}
	if _, ok := b.Run("x"); ok || len(b.Runs()) != 1 {
		t.Errorf("runs %+v", b.Runs())
	}
}

func TestRunOutputIsBounded(t *testing.T) {
	b, _ := after(t)
	for range 12 {
		e := oncall.RunEvent{Run: oncall.StepRun{ID: "r"}, Dropped: oncall.Dropped{Count: 1, Exact: true, Reason: "cap"}}
		for range 1000 {
			e.Output = append(e.Output, oncall.OutputLine{Text: "x"})
		}
		b, _ = b.Apply(e)
	}
	r, _ := b.Run("r")
	if len(r.Output) != 5000 || r.Dropped.Count != 7000+12 || !r.Dropped.Exact {
		t.Errorf("%d lines, dropped %+v; want 5000, 7012", len(r.Output), r.Dropped)
	}
	big := oncall.RunEvent{Run: oncall.StepRun{ID: "big"}}
	for range 10 {
		big.Output = append(big.Output, oncall.OutputLine{Text: string(make([]byte, 1<<20))})
	}
	b, _ = b.Apply(big)
	if r, _ := b.Run("big"); len(r.Output) != 4 || r.Dropped.Count != 6 {
		t.Errorf("%d lines of 1 MiB kept, dropped %+v; want 4, 6", len(r.Output), r.Dropped)
	}
}

func TestDetailKeepsWhatItHas(t *testing.T) {
	good := oncall.DetailEvent{Stamp: stamp("pd", 0), Page: ref("a"), Detail: oncall.PageDetail{Runbook: "url"}}
	bad := oncall.DetailEvent{Stamp: oncall.Stamp{Source: "pd", At: at(1), Err: &oncall.Fault{}}, Page: ref("a")}
	b, changes := after(t, good, bad)
	if r := b.Detail(ref("a")); r.Value.Runbook != "url" || r.Quality(at(1)) != oncall.Late || len(changes) != 0 {
		t.Errorf("detail %+v, changes %v", r, changes)
	}
	for i := range 300 {
		e := good
		e.Page, e.At = ref(time.Duration(i).String()), at(i+2)
		b, _ = b.Apply(e)
		if b.Detail(e.Page).Value.Runbook != "url" {
			t.Fatal("the newest detail was forgotten")
		}
	}
	if q := b.Detail(ref("a")).Quality(at(400)); q != oncall.Never {
		t.Errorf("the oldest detail is %v, want it forgotten", q)
	}
}
