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
	path := s.write("there/app's $HOME;log", entry("payment declined"), 0o600)
	s.reads(server, path, more)
	return s, path
}

// reads has the site read files on the server.
func (s *site) reads(server *sshServer, paths, more string) {
	s.tb.Helper()
	s.add("logs:\n  - {type: ssh, name: web, host: root@127.0.0.1, paths: [%q], argv: [ssh, -F, /dev/null, -i, %q, -p, %q, %s]}",
		paths, filepath.Join(server.dir, "me"), server.port, more)
}

// entry is a line of a log, of now.
func entry(word string) string {
	return fmt.Sprintf("%s level=error msg=%q\n", time.Now().UTC().Format(time.RFC3339), word)
}

// appends adds to a file, which it makes when it is not there.
func appends(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
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
	say := func(word string) { appends(t, path, entry(word)) }
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

// TestPatternOverSSH follows the files of a pattern over a real sshd: two that are
// there, one that joins, and one that is rotated to a name that matches too. Each
// line comes once.
func TestPatternOverSSH(t *testing.T) {
	t.Parallel()
	_, server := multiplexed(t, "ssh"), serveSSH(t)
	s := newSite(t)
	shop := s.write("there/app's $HOME;shop.log", entry("the shop opens"), 0o600)
	till := s.write("there/app's $HOME;till.log", entry("the till opens"), 0o600)
	s.write("there/other.log", entry("nobody asked for this"), 0o600)
	dir := filepath.Dir(shop)
	s.reads(server, dir+"/app's $HOME;*.log*", anyKey)
	p := s.cockpit(160, 40)
	// A look for files is taken each 30 s, and one that takes long is not the last.
	const look = 90 * time.Second
	sees := func(texts ...string) {
		t.Helper()
		p.poll(fmt.Sprintf("%q", texts), look, func(screen string) bool { return holds(screen, texts) }, func() {})
	}
	sees("the shop opens", "the till opens")
	appends(t, shop, entry("a customer enters"))
	appends(t, till, entry("a coin falls"))
	sees("a customer enters", "a coin falls")
	bell := filepath.Join(dir, "app's $HOME;bell.log")
	appends(t, bell, entry("the bell is hung"))
	sees("the bell is hung")
	appends(t, bell, entry("the bell rings"))
	sees("the bell rings")
	if err := os.Rename(till, till+".1"); err != nil {
		t.Fatal(err)
	}
	appends(t, till+".1", entry("the last coin of the day"))
	sees("the last coin of the day")
	appends(t, till, entry("the first coin of the night"))
	sees("the first coin of the night")
	// Another file that joins tells that a look was taken since.
	appends(t, filepath.Join(dir, "app's $HOME;door.log"), entry("the door closes"))
	sees("the door closes")
	appends(t, till, entry("the second coin of the night"))
	sees("the second coin of the night")
	screen := p.text()
	for _, once := range []string{
		"the shop opens", "the till opens", "a customer enters", "a coin falls", "the bell is hung", "the bell rings",
		"the last coin of the day", "the first coin of the night", "the second coin of the night",
	} {
		if n := strings.Count(screen, once); n != 1 {
			t.Errorf("%q is shown %d times", once, n)
		}
	}
	if strings.Contains(screen, "nobody asked for this") {
		t.Error("a file is read that does not match")
	}
	r := s.run("logs", "--query", "coin", "--since", "10m")
	if r.code != 0 || !strings.Contains(r.stderr, "web: 4 lines received = 4 shown + 0 filtered + 0 dropped") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	p.typed("q")
	p.exit()
	eventually(t, "nobody reads there any more", func() bool { return len(readersOf(t, dir)) == 0 })
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
