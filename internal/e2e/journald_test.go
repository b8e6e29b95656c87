//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/journald"
)

// journalRemote is where Debian and most others put the program that writes
// journal files; the package is systemd-journal-remote.
const journalRemote = "/lib/systemd/systemd-journal-remote"

// writeJournal makes a journal file of entries in the journal's export format.
func writeJournal(t *testing.T, path string, from time.Time, messages ...string) {
	t.Helper()
	var b strings.Builder
	for i, m := range messages {
		fmt.Fprintf(&b, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=6c7c6013a26343b29e964691ff25d04c\nPRIORITY=3\n_SYSTEMD_UNIT=checkout.service\nMESSAGE=%s\n\n",
			from.Add(time.Duration(i)*time.Second).UnixMicro(), from.Add(time.Duration(i)*time.Second).UnixMicro()%1e9, m)
	}
	cmd := exec.Command(journalRemote, "--output="+path, "-")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestRealJournal searches and follows journal files with the real journalctl.
func TestRealJournal(t *testing.T) {
	if _, err := os.Stat(journalRemote); err != nil {
		t.Skip("systemd-journal-remote is not installed")
	}
	if _, err := exec.LookPath("journalctl"); err != nil {
		t.Skip("journalctl is not installed")
	}
	file := filepath.Join(t.TempDir(), "app.journal")
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	writeJournal(t, file, at, "one", "upstream timeout", "three")
	source := func() *journald.Source {
		s, err := journald.New(journald.Options{Name: "journal", Files: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for query, want := range map[string][]string{
		"": {"one", "upstream timeout", "three"}, "time.ut": {"upstream timeout"}, "nothing": nil,
		"_SYSTEMD_UNIT=checkout.service three": {"three"}, "_SYSTEMD_UNIT=other.service": nil,
	} {
		var got []string
		found, err := source().Search(t.Context(), oncall.LogQuery{Query: query, Window: oncall.Window{Start: at, End: at.Add(time.Hour)}},
			func(p oncall.LogPart) {
				for _, l := range p.Lines {
					got = append(got, l.Message)
				}
			})
		if err != nil || !found.Complete || !slices.Equal(got, want) {
			t.Errorf("%q found %q, %+v (%v), want %q", query, got, found, err, want)
		}
	}
	found, err := source().Search(t.Context(), oncall.LogQuery{Window: oncall.Window{Start: at.Add(time.Second), End: at.Add(2 * time.Second)}}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 1 {
		t.Errorf("a window of one entry found %+v (%v)", found, err)
	}
	followJournal(t, source(), file, at)
}

// followJournal follows a journal, has Run end, and goes on after it.
func followJournal(t *testing.T, s *journald.Source, file string, at time.Time) {
	t.Helper()
	s.Follow(oncall.LogQuery{Scope: "checkout", Window: oncall.Window{Start: at}})
	var mu sync.Mutex
	var got []string
	said := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
	for i, want := range [][]string{{"one", "upstream timeout", "three"}, {"one", "upstream timeout", "three", "four"}} {
		if i == 1 {
			writeJournal(t, file, time.Now(), "four")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- s.Run(ctx, func(e oncall.Event) {
				mu.Lock()
				defer mu.Unlock()
				for _, l := range e.(oncall.LinesEvent).Lines {
					got = append(got, l.Message)
				}
			})
		}()
		eventually(t, fmt.Sprintf("the lines %q", want), func() bool { return len(said()) >= len(want) })
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run returned %v", err)
			}
		case <-time.After(patience):
			t.Fatal("Run did not return")
		}
		if !slices.Equal(said(), want) {
			t.Errorf("the lines are %q, want %q", said(), want)
		}
	}
}
