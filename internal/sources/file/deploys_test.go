package file

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func deployNow() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func deploysOf(tb testing.TB, path string, every time.Duration) *Deploys {
	tb.Helper()
	d, err := NewDeploys(DeployOptions{Name: "ci", Path: path, Every: every, Now: deployNow})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestDeploysConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		path := in(tb.TempDir(), "deploys.jsonl")
		if err := os.WriteFile(path, []byte(`{"service":"a","finished_at":1772449471}`+"\n"), 0o600); err != nil {
			tb.Fatal(err)
		}
		return deploysOf(tb, path, time.Hour)
	}})
}

func (r *running) deploys() []oncall.DeploysEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []oncall.DeploysEvent
	for _, e := range r.events {
		if d, ok := e.(oncall.DeploysEvent); ok {
			out = append(out, d)
		}
	}
	return out
}

func TestDeploysAreTold(t *testing.T) {
	path := in(t.TempDir(), "deploys.jsonl")
	write(t, path, `{"id":"1","service":"checkout","version":"v413","sha":"a1b2c3d","author":"ana","team":"payments","environment":"prod","status":"running","checks":"green","started_at":"2026-03-02T11:00:00Z","repo":"acme/checkout","url":"https://ci/1","title":"Retry","extra":{}}`+"\n"+
		`{"version":412,"finished_at":"2026-03-02T10:04:31+01:00","service":null,"status":"odd"}`+"\n")
	d := deploysOf(t, path, time.Hour)
	r := start(t, d)
	r.until("event", func() bool { return len(r.deploys()) == 1 })
	e := r.deploys()[0]
	if e.Err != nil || e.Source != "ci" || e.Every != time.Hour || len(e.Deploys) != 2 {
		t.Fatalf("event = %+v", e)
	}
	want := oncall.Deploy{
		Ref: oncall.Ref{Source: "ci", ID: "1"}, Repo: "acme/checkout", Service: "checkout", Environment: "prod", Version: "v413",
		Commit: "a1b2c3d", Author: "ana", Team: "payments", Title: "Retry", Status: oncall.DeployRunning, Kind: "deploy", Checks: "passed",
		StartedAt: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC), URL: "https://ci/1",
	}
	if e.Deploys[0] != want {
		t.Errorf("deploy = %+v, want %+v", e.Deploys[0], want)
	}
	if o := e.Deploys[1]; o.Version != "412" || o.Status != oncall.DeployUnknown || o.Checks != "unknown" || o.Ref.ID == "" {
		t.Errorf("the sparse deploy = %+v", o)
	}

	appendTo(t, path, `{"id":"1","version":"v413","status":"success","finished_at":"2026-03-02T11:04:31Z"}`+"\n")
	r.until("event after a change", func() bool { return len(r.deploys()) == 2 })
	e = r.deploys()[1]
	if len(e.Deploys) != 2 || e.Deploys[0].Status != oncall.DeploySucceeded {
		t.Errorf("after the deploy's end: %+v", e.Deploys)
	}
}

func TestDeploysBadLines(t *testing.T) {
	path := in(t.TempDir(), "deploys.jsonl")
	for _, tt := range []struct{ line, want string }{
		{`{"service":"b"`, "deploys.jsonl:3: not JSON: unexpected end of JSON input"},
		{`["b"]`, "deploys.jsonl:3: not a JSON object"},
		{`{"service":"b"}`, "deploys.jsonl:3: has neither started_at nor finished_at"},
		{`{"finished_at":"yester\u0007day"}`, "deploys.jsonl:3: finished_at is yesterday, neither RFC 3339 nor an epoch number"},
	} {
		write(t, path, `{"service":"a","finished_at":1772449471}`+"\n\n"+tt.line+"\n"+`{"service":"c","finished_at":"1772449472.5"}`+"\n")
		d := deploysOf(t, path, time.Hour)
		raw, at, first, err := d.load()
		must(t, err)
		e := d.decode(raw, first, deployNow(), false)
		if len(e.Deploys) != 2 || e.Deploys[0].Service != "c" {
			t.Errorf("%s: deploys = %+v", tt.line, e.Deploys)
		}
		if e.Err == nil || e.Err.Kind != oncall.Malformed || !strings.Contains(e.Err.Error(), tt.want) {
			t.Errorf("%s: fault = %v, want %q", tt.line, e.Err, tt.want)
		}
		if at.size != int64(len(raw)) {
			t.Errorf("stamp = %+v of %d bytes", at, len(raw))
		}
	}
}

func TestDeploysUnfinishedLine(t *testing.T) {
	d := deploysOf(t, "/x", time.Hour)
	raw := []byte(`{"service":"a","finished_at":1772449471}` + "\n" + `{"service":"b","fin`)
	if e := d.decode(raw, 1, deployNow(), true); e.Err != nil || len(e.Deploys) != 1 {
		t.Errorf("while it is being written: %+v", e)
	}
	if e := d.decode(raw, 1, deployNow(), false); e.Err == nil || len(e.Deploys) != 1 {
		t.Errorf("when it stays so: %+v", e)
	}
}

func TestDeploysAreBounded(t *testing.T) {
	path := in(t.TempDir(), "deploys.jsonl")
	var b strings.Builder
	for i := range 2_500 {
		at := deployNow().Add(time.Duration(i-2_500) * time.Minute)
		fmt.Fprintf(&b, `{"id":"%d","version":"v%d","finished_at":%q,"title":%q}`+"\n", i, i, at.Format(time.RFC3339), strings.Repeat("x", 1000))
	}
	write(t, path, b.String())
	if b.Len() < maxDeployBytes {
		t.Fatalf("%d bytes do not reach the bound", b.Len())
	}
	d := deploysOf(t, path, time.Hour)
	raw, _, first, err := d.load()
	must(t, err)
	e := d.decode(raw, first, deployNow(), false)
	if e.Err != nil || len(e.Deploys) != maxDeploys || e.Deploys[0].Version != "v2499" || first != 0 {
		t.Errorf("%d deploys, first %+v, fault %v", len(e.Deploys), e.Deploys[0], e.Err)
	}
	old := []byte(`{"service":"a","finished_at":"2026-02-20T00:00:00Z"}` + "\n")
	if e := d.decode(old, 1, deployNow(), false); len(e.Deploys) != 0 {
		t.Errorf("a deploy of ten days ago is told: %+v", e.Deploys)
	}
}

func TestDeploysFileMissing(t *testing.T) {
	path := in(t.TempDir(), "deploys.jsonl")
	d := deploysOf(t, path, time.Hour)
	err := d.Run(t.Context(), func(oncall.Event) { t.Error("an event without a file") })
	f := oncall.AsFault(err, "", "")
	if f == nil || f.Kind != oncall.Unavailable || !strings.Contains(f.Error(), "ci: read deploys: unavailable: "+path+" does not exist; correct path, or let the writer create it") {
		t.Errorf("fault = %v", err)
	}
	err = deploysOf(t, t.TempDir(), time.Hour).Run(t.Context(), func(oncall.Event) {})
	if f := oncall.AsFault(err, "", ""); f == nil || f.Kind != oncall.Rejected {
		t.Errorf("fault of a directory = %v", err)
	}
	if _, err := NewDeploys(DeployOptions{Name: "ci"}); err == nil {
		t.Error("an empty path was accepted")
	}
}

func TestDeploysHeartbeat(t *testing.T) {
	path := in(t.TempDir(), "deploys.jsonl")
	write(t, path, "")
	d := deploysOf(t, path, 20*time.Millisecond)
	d.o.Now = time.Now
	r := start(t, d)
	r.until("heartbeat", func() bool { return len(r.deploys()) >= 3 })
	if e := r.deploys()[2]; e.Err != nil || len(e.Deploys) != 0 {
		t.Errorf("an empty file is told as %+v", e)
	}
}

func FuzzDeploys(f *testing.F) {
	f.Add([]byte(`{"id":1,"finished_at":1772449471}`))
	f.Add([]byte("{\"started_at\":\"2026-03-02T11:00:00Z\"}\n[]\n{"))
	d, err := NewDeploys(DeployOptions{Name: "ci", Path: "/x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, dep := range d.decode(raw, 1, deployNow(), false).Deploys {
			if dep.When().IsZero() || dep.Ref.ID == "" {
				t.Errorf("deploy = %+v", dep)
			}
		}
	})
}
