package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"conway/internal/oncall"
)

// A role is what the test binary does when it runs as another process. It says
// on its standard output what it was promised, one line at a time:
//
//	rec ID   a record was accepted
//	act ID   an action was accepted
//	try ID   its end is about to be recorded
//	end ID   its end was accepted
//	done     the role has ended by itself
//
// and on its standard error which failpoint it dies at.
func play(role string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o := Options{Path: os.Getenv("LEDGER_PATH"), failpoint: deadly(os.Getenv("LEDGER_FAIL"))}
	var err error
	switch role {
	case "start":
		// All begin when the starting gate is opened.
		_, err = io.Copy(io.Discard, os.Stdin)
		err = errors.Join(err, startRole(ctx, o))
	case "work":
		err = workRole(ctx, o)
	default:
		err = fmt.Errorf("there is no role %q", role)
	}
	if err == nil {
		fmt.Println("done")
	}
	return err
}

// deadly returns a failpoint that kills the process when it is reached for the
// nth time, counting from 0; never for an empty n.
func deadly(n string) func(string) {
	if n == "" {
		return nil
	}
	left, err := strconv.Atoi(n)
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	return func(name string) {
		mu.Lock()
		defer mu.Unlock()
		if left == 0 {
			fmt.Fprintln(os.Stderr, "point", name)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		left--
	}
}

func startRole(ctx context.Context, o Options) error {
	j, err := Open(ctx, o)
	if err != nil {
		return err
	}
	for range 3 {
		r, err := j.Append(ctx, Record{Kind: "note"})
		if err != nil {
			return errors.Join(err, j.Close())
		}
		fmt.Println("rec", r.ID)
	}
	return j.Close()
}

// shifts is how many actions a session has.
const shifts = max(2, 6/slowdown)

func workRole(ctx context.Context, o Options) error {
	o.checkpoint = 20 // often enough to be killed in one
	for session := range 2 {
		j, err := Open(ctx, o)
		if err != nil {
			return err
		}
		if _, err := j.Pending(ctx); err != nil {
			return errors.Join(err, j.Close())
		}
		for i := range shifts {
			if err := shift(ctx, j, fmt.Sprintf("%d-%d-%d", os.Getpid(), session, i)); err != nil {
				return errors.Join(err, j.Close())
			}
		}
		if err := j.Close(); err != nil {
			return err
		}
	}
	return nil
}

// shift records a note or an ack and its end, the start and the end of a step, a
// tag, a snapshot and an import.
func shift(ctx context.Context, j *Journal, id string) error {
	a := anAction(id)
	if strings.HasSuffix(id, "0") {
		a.Kind, a.Text = oncall.Acknowledge, ""
	}
	if err := j.Record(ctx, a); err != nil {
		return err
	}
	fmt.Println("act", id)
	run := oncall.StepRun{ID: id, Page: a.Target, Script: "true", State: oncall.RunStarting, Started: start()}
	step, err := StepRecord(run)
	run.State, run.Ended = oncall.RunExited, start()
	end, err1 := RunRecord(run)
	tag, err2 := TagRecord(oncall.Tag{Page: a.Target, Name: "verdict", Value: "noise"})
	if err := errors.Join(err, err1, err2); err != nil {
		return err
	}
	for _, r := range []Record{step, end, tag} {
		r, err := j.Append(ctx, r)
		if err != nil {
			return err
		}
		fmt.Println("rec", r.ID)
	}
	if err := j.SaveSnapshot(ctx, "pd", "pages", start(), make([]byte, 10000)); err != nil {
		return err
	}
	var g ids
	imported := g.next(time.Now())
	line := fmt.Sprintf(`{"id":"%s","at":"2026-01-01T00:00:00Z","kind":"incident"}`, imported)
	if _, _, err := j.Import(ctx, strings.NewReader(line)); err != nil {
		return err
	}
	fmt.Println("rec", imported)
	if strings.HasSuffix(id, fmt.Sprint("-", shifts-1)) {
		return nil // left for the next one
	}
	fmt.Println("try", id)
	if err := j.Settled(ctx, id, oncall.Confirmed, nil); err != nil {
		return err
	}
	fmt.Println("end", id)
	return nil
}

// child is a process that plays a role.
type child struct {
	*exec.Cmd
	gate        io.WriteCloser
	out, errOut strings.Builder
}

// launched starts a process that plays a role; with wrap it is started by that
// command.
func launched(tb testing.TB, role, path string, env, wrap []string) *child {
	tb.Helper()
	self, err := os.Executable()
	try(tb, err)
	argv := append(wrap, self)
	c := &child{Cmd: exec.CommandContext(tb.Context(), argv[0], argv[1:]...)}
	c.Env = append(os.Environ(), append(env, "LEDGER_ROLE="+role, "LEDGER_PATH="+path)...)
	c.Stdout, c.Stderr = &c.out, &c.errOut
	c.gate, err = c.StdinPipe()
	try(tb, err)
	try(tb, c.Start())
	return c
}

// said returns the values of the lines that begin with a word.
func (c *child) said(word string) []string {
	var out []string
	for s := bufio.NewScanner(strings.NewReader(c.out.String())); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), word+" "); ok {
			out = append(out, v)
		}
	}
	return out
}

func (c *child) done() bool { return strings.HasSuffix(c.out.String(), "done\n") }

// TestFirstStarts starts twenty processes at once on an empty folder.
func TestFirstStarts(t *testing.T) {
	const processes = 20
	path := home(t)
	var all []*child
	for range processes {
		all = append(all, launched(t, "start", path, nil, nil))
	}
	began := time.Now()
	for _, c := range all {
		try(t, c.gate.Close())
	}
	var accepted []string
	for _, c := range all {
		if err := c.Wait(); err != nil || !c.done() {
			t.Errorf("%v: %s", err, c.errOut.String())
		}
		accepted = append(accepted, c.said("rec")...)
	}
	t.Logf("%d processes came up and wrote %d records in %v", processes, len(accepted), time.Since(began))
	j := opened(t, Options{Path: path})
	verified(t, j, processes*3)
	have := map[string]bool{}
	for _, r := range everything(t, j) {
		have[r.ID] = true
	}
	for _, id := range accepted {
		if !have[id] {
			t.Errorf("record %s is lost", id)
		}
	}
}
