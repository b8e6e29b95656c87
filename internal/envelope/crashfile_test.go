package envelope

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCrashFilesArePrivateBoundedAndFew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "conway")
	var c capture
	fmt.Fprintf(&c, "panic: first words\n%s\n", strings.Repeat("x", maxHead))
	for i := range 100 {
		fmt.Fprintf(&c, "%d %s\n", i, strings.Repeat("y", 4<<10))
	}
	fmt.Fprint(&c, "last words "+canary+"\n")
	var log lines
	for i := range 3 * maxLogLines {
		log.add(fmt.Sprintf("line %d %s", i, canary))
	}
	at := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	var newest string
	for i := range 6 {
		r := report{version: "v1", at: at.Add(time.Duration(i) * time.Second), ran: time.Hour, reason: "it crashed", stderr: c.String(), log: log}
		path, err := r.save(dir, []string{canary})
		if err != nil {
			t.Fatal(err)
		}
		newest = path
	}
	if err := os.WriteFile(filepath.Join(dir, "ledger.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "crash-*.txt"))
	if err != nil || len(found) != keepCrashes || found[len(found)-1] != newest {
		t.Errorf("%d files are kept, the newest of them %s: %v", len(found), newest, err)
	}
	for path, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, newest: 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, want %v: %v", path, info.Mode(), want, err)
		}
	}
	data, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{"conway v1, ", "2026-11-23T04:00:05Z, after 1h0m0s: it crashed", "panic: first words", "last words " + mask, "bytes are left out", "line 299 " + mask} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, canary) || strings.Contains(text, "line 199 ") || len(text) > 256<<10 {
		t.Errorf("it has a secret, too many lines, or %d bytes", len(text))
	}
}

func TestCrashFileFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	r := report{at: time.Now()}
	victim := filepath.Join(t.TempDir(), "victim")
	name := fmt.Sprintf("%s%s-%d%s", crashPrefix, r.at.UTC().Format("20060102T150405.000Z"), os.Getpid(), crashSuffix)
	if err := os.Symlink(victim, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	if path, err := r.save(dir, nil); err == nil {
		t.Errorf("it wrote %s through a link", path)
	}
	if _, err := os.Stat(victim); err == nil {
		t.Error("the link's target was made")
	}
}

func TestStateDir(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/var/s", "/home/ana", "/var/s/conway"},
		{"relative", "/home/ana", "/home/ana/.local/state/conway"},
		{"", "/home/ana", "/home/ana/.local/state/conway"},
		{"", "", ""},
	} {
		got := StateDir("conway", func(k string) string { return map[string]string{"XDG_STATE_HOME": c.state, "HOME": c.home}[k] })
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if _, err := (report{}).save("", nil); err == nil || !strings.Contains(err.Error(), "set HOME") {
		t.Errorf("no home: %v", err)
	}
}
