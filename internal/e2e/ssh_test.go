//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readersOf returns the processes other than this one and the program that were
// started to read a file.
func readersOf(tb testing.TB, path string) (pids []string) {
	tb.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		tb.Fatal(err)
	}
	for _, l := range lines {
		words, err := os.ReadFile(l)
		if err == nil && strings.HasPrefix(string(words), "tail\x00") && strings.Contains(string(words), path) {
			pids = append(pids, filepath.Base(filepath.Dir(l)))
		}
	}
	return pids
}

// remote is a site whose log is on the server, in a file with an awkward name.
func remote(t *testing.T, server *sshServer, more string) (*site, string) {
	t.Helper()
	s := newSite(t)
	path := s.write("there/app's $HOME;log", time.Now().UTC().Format(time.RFC3339)+" level=error msg=\"payment declined\"\n", 0o600)
	s.add("logs:\n  - {type: ssh, name: web, host: root@127.0.0.1, paths: [%q], argv: [ssh, -F, /dev/null, -i, %q, -p, %q, %s]}",
		path, filepath.Join(server.dir, "me"), server.port, more)
	return s, path
}

const anyKey = "-o, StrictHostKeyChecking=no, -o, UserKnownHostsFile=/dev/null"

// TestFilesOverSSH follows a file over a real sshd, loses the connection, and goes
// on where it was lost; whatever reads there ends with the program.
func TestFilesOverSSH(t *testing.T) {
	t.Parallel()
	_, server := multiplexed(t, "ssh"), serveSSH(t)
	s, path := remote(t, server, anyKey)
	p := s.cockpit(160, 40)
	p.sees("payment declined")
	say := func(word string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = fmt.Fprintf(f, "%s level=error msg=%q\n", time.Now().UTC().Format(time.RFC3339), word)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	say("card expired")
	p.sees("card expired")
	eventually(t, "one reader is there", func() bool { return len(readersOf(t, path)) == 1 })
	// The server's own process for this connection is the parent's parent of the
	// reader; losing it loses the connection.
	if out, err := exec.Command("sh", "-c", "kill -9 $(ps -o ppid= -p $(ps -o ppid= -p "+readersOf(t, path)[0]+"))").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	say("while nobody was there")
	p.sees("while nobody was there")
	if n := strings.Count(p.text(), "card expired"); n != 1 {
		t.Errorf("a line is shown %d times", n)
	}
	p.typed("q")
	p.exit()
	eventually(t, "nobody reads there any more", func() bool { return len(readersOf(t, path)) == 0 })
}

func TestSearchOverSSH(t *testing.T) {
	t.Parallel()
	_, server := multiplexed(t, "ssh"), serveSSH(t)
	s, _ := remote(t, server, anyKey)
	r := s.run("logs", "--query", "declined", "--since", "10m")
	if r.code != 0 || !strings.Contains(r.stdout, "payment declined") || !strings.Contains(r.stderr, "web: 1 lines received = 1 shown + 0 filtered + 0 dropped") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
}

func TestHostsKeyIsChecked(t *testing.T) {
	t.Parallel()
	_, server := multiplexed(t, "ssh"), serveSSH(t)
	s, _ := remote(t, server, "-o, UserKnownHostsFile=/dev/null")
	r := s.run("logs", "--query", "declined")
	if r.code != 1 || !strings.Contains(r.stderr, "the key of root@127.0.0.1 is not known, or is another than before") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	if err := os.Remove(filepath.Join(server.dir, "me")); err != nil {
		t.Fatal(err)
	}
	s, _ = remote(t, server, anyKey)
	r = s.run("logs", "--query", "declined")
	if r.code != 1 || !strings.Contains(r.stderr, "root@127.0.0.1 lets nobody in without a password") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
}
