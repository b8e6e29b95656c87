package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/runbook"
)

// The test starts itself once more as a conway that runs a step, and kills it.
func TestTraceEndsWhatADeadConwayLeft(t *testing.T) {
	if os.Getenv("CONWAY_TEST_DIE") != "" {
		dieWithAStep(t)
		return
	}
	sleep := fmt.Sprintf("87%07d.25", os.Getpid())
	cmd := exec.Command(os.Args[0], "-test.run=^TestTraceEndsWhatADeadConwayLeft$")
	cmd.Env = append(os.Environ(), "CONWAY_TEST_DIE="+sleep)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var tr Trace
	if err := json.NewDecoder(out).Decode(&tr); err != nil {
		t.Fatal(err)
	}
	eventually(t, "four processes", func() bool { return count(t, sleep) == 4 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if n := count(t, sleep); n != 4 {
		t.Fatalf("%d processes outlived their conway, want 4: the test shows nothing", n)
	}
	left, err := tr.End(t.Context(), 300*time.Millisecond)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v: %v", left, err)
	}
	if n := count(t, sleep); n != 0 {
		t.Errorf("%d processes survived", n)
	}
	if left, err := tr.End(t.Context(), time.Second); err != nil || len(left) != 0 {
		t.Errorf("ending it again: %v %v", left, err)
	}
}

func dieWithAStep(t *testing.T) {
	t.Helper()
	sleep := os.Getenv("CONWAY_TEST_DIE")
	script := []byte(strings.ReplaceAll("sleep S &\nnohup sleep S >/dev/null 2>&1 &\n(trap '' TERM; setsid sleep S >/dev/null 2>&1 &)\nexec sleep S\n", "S", sleep))
	r := New(Options{
		Emit: func(oncall.Event) {}, Now: time.Now, Env: os.Environ(),
		Began: func(tr Trace) {
			if err := json.NewEncoder(os.Stdout).Encode(tr); err != nil {
				t.Error(err)
			}
		},
	})
	err := r.Start(context.Background(), Spec{ID: "1", Title: "wait", Script: script, Interpreter: "sh", Approved: runbook.Digest("", script, 0)})
	if err != nil {
		t.Fatal(err)
	}
	select {}
}

// count counts the sleeps of a duration.
func count(t *testing.T, sleep string) int {
	t.Helper()
	out, err := exec.Command("pgrep", "-fx", "sleep "+sleep).Output()
	if err != nil {
		return 0
	}
	return strings.Count(string(out), "\n")
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestBeganAndEndedAreTold(t *testing.T) {
	var told []string
	done := make(chan struct{})
	r := New(Options{
		Emit: func(oncall.Event) {}, Now: time.Now, Env: os.Environ(),
		Began: func(tr Trace) { told = append(told, "began "+tr.ID) },
		Ended: func(id string) {
			told = append(told, "ended "+id)
			close(done)
		},
	})
	script := []byte("true\n")
	if err := r.Start(t.Context(), Spec{ID: "7", Script: script, Interpreter: "sh", Approved: runbook.Digest("", script, 0)}); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(told, ", "); got != "began 7, ended 7" {
		t.Errorf("told: %s", got)
	}
}
