package drill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestShippedScenariosLoad(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(all))
	for _, s := range all {
		got = append(got, s.Name)
	}
	if want := "bad-deploy full-disk noisy-alert"; strings.Join(got, " ") != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	s, err := Load("bad-deploy")
	if err != nil {
		t.Fatal(err)
	}
	if r := s.service("checkout").release("v413"); r == nil || r.PoolSize != 2 || time.Duration(r.AcquirerTimeout) != 600*time.Millisecond {
		t.Errorf("v413 is %+v", r)
	}
	if s.Deploys[4].At != Span(8*time.Second) || s.End.Alert != "CheckoutErrorRatio" {
		t.Errorf("deploy %+v, end %+v", s.Deploys[4], s.End)
	}
}

// small is a whole scenario; the table below breaks it in one place each.
const small = `title: A job is late
story: One line.
escalate_after: 5m
services:
  - name: cron-x
    owner: platform
    log: logfmt
    heartbeat: 5s
alerts:
  - name: Late
    title: late
    service: cron-x
    series: job:heartbeat:missed
    above: 2
    for: 2s
    urgency: low
    severity: warning
end: {alert: Late, after: 3s}
`

func TestLoadSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ name, old, fresh, want string }{
		{
			"an objective of a job", "alerts:", "slos: [{service: cron-x, name: o, objective: 99, days: 7}]\nalerts:",
			"x.yaml:9:18: slos[0].service: cron-x gets no requests to count; name a service with a rate",
		},
		{
			"an objective that is none", "alerts:", "slos: [{service: other, name: O, objective: 100, days: 7, left: 2}]\nalerts:",
			`x.yaml:9:18: slos[0].service: there is no service "other"; name one of services
x.yaml:9:31: slos[0].name: "O" is not a name; use small letters, digits, '.', '_' and '-', such as checkout
x.yaml:9:45: slos[0].objective: 100 is out of range; write 50 to 99.999
x.yaml:9:65: slos[0].left: 2 is out of range; write 0 to 1`,
		},
		{
			"an alert of no objective", "    urgency: low", "    slo: o\n    urgency: low",
			`x.yaml:16:10: alerts[0].slo: cron-x has no objective "o"; name one of slos, of the same service`,
		},
		{
			"misspelt key", "    owner: platform", "    ownr: platform",
			`x.yaml:6:5: there is no key "ownr" here; did you mean "owner"?`,
		},
		{
			"strange key", "title: A job is late", "colour: blue",
			`x.yaml:1:1: there is no key "colour" here; take it out`,
		},
		{
			"bad duration", "heartbeat: 5s", "heartbeat: soon",
			`x.yaml:8:16: "soon" is not a duration; write it as 8s, 5m or 74h`,
		},
		{
			"bad size", "    heartbeat: 5s", "    heartbeat: 5s\n    volume: {capacity: lots}",
			`x.yaml:9:24: "lots" is not a size; write it as 4MiB, 64KiB or 512B`,
		},
		{
			"wrong type", "    above: 2", "    above: [2]",
			`x.yaml:14:12: a list cannot stand here; write a number`,
		},
		{
			"unknown word", "urgency: low", "urgency: medium",
			`x.yaml:16:14: alerts[0].urgency: "medium" is not known; write high or low`,
		},
		{
			"unknown service", "    service: cron-x", "    service: cron-y",
			`x.yaml:12:14: alerts[0].service: there is no service "cron-y"; name one of services`,
		},
		{
			"missing text", "    owner: platform\n", "",
			`x.yaml:5:5: services[0].owner: is missing; write one, such as payments`,
		},
		{
			"idle service", "    heartbeat: 5s\n", "",
			`x.yaml:5:5: services[0].rate: the service would do nothing; write rate for a server or heartbeat for a job`,
		},
		{
			"name that leaves the directory", "name: cron-x", "name: ../x",
			`x.yaml:5:11: services[0].name: "../x" is not a name; use small letters, digits, '.', '_' and '-', such as checkout
x.yaml:12:14: alerts[0].service: there is no service "cron-x"; name one of services`,
		},
		{
			"fault without a target", "end:", "faults:\n  - {kind: fill, service: cron-x, at: 1s, per_second: 1KiB}\nend:",
			`x.yaml:19:27: faults[0].service: cron-x has no volume to fill; give it one, or name another service`,
		},
		{
			"no end", "end: {alert: Late, after: 3s}\n", "",
			`x.yaml:1:1: end.alert: there is no alert ""; name the one of alerts that this is about`,
		},
		{
			"runbook that leaves the directory", "end:", "runbooks:\n  - {name: a.md, file: ../../etc/passwd}\nend:",
			`x.yaml:19:24: runbooks[0].file: "../../etc/passwd" leaves the scenario's directory; put the file next to the scenario`,
		},
		{
			"no mapping", small, "- a\n",
			`x.yaml:1:1: the file is not a scenario; start it with a line such as title: A deploy breaks checkout`,
		},
		{
			"key twice", "end:", "story: again\nend:",
			`x.yaml:18:1: mapping key "story" already defined at [2:1]`,
		},
		{
			"no YAML", "title: A job is late", "title: [",
			`x.yaml:1:8: sequence end token ']' not found`,
		},
	}
	if _, err := parse("x.yaml", []byte(small)); err != nil {
		t.Fatalf("the unbroken one: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(small, tt.old) {
				t.Fatalf("the scenario has no %q to break", tt.old)
			}
			_, err := parse("x.yaml", []byte(strings.Replace(small, tt.old, tt.fresh, 1)))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLoadFindsFiles(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.yaml")
	text := strings.Replace(small, "end:", "runbooks:\n  - {name: a.md, file: notes.md}\nend:", 1)
	write(t, own, text)
	if _, err := Load(own); err == nil || !strings.Contains(err.Error(), "load scenario own.yaml: read runbooks[0].file: open notes.md") {
		t.Errorf("without the runbook's file: %v", err)
	}
	write(t, filepath.Join(dir, "notes.md"), "# Notes\n")
	s, err := Load(own)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "own" || s.Runbooks[0].Text != "# Notes\n" {
		t.Errorf("got %q with %q", s.Name, s.Runbooks[0].Text)
	}
	_, err = Load("bad-deplyo")
	want := `load scenario: there is no "bad-deplyo"; take one of bad-deploy, full-disk, noisy-alert, or give a path that ends in .yaml`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Load(filepath.Join(dir, "away.yaml")); err == nil || !strings.Contains(err.Error(), "away.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
