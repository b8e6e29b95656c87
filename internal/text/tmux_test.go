//go:build e2e

package text

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
)

// probe makes this test the program that runs inside tmux: its value is the file
// for the result.
const probe = "CONWAY_WIDTH_PROBE"

// TestTmuxWidths measures how far the cursor of the installed tmux moves for
// each code point, and compares that with what is kept.
func TestTmuxWidths(t *testing.T) {
	if to := os.Getenv(probe); to != "" {
		if err := measure(to); err != nil {
			t.Fatal(err)
		}
		return
	}
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Fatal("tmux is not installed; on Debian: apt-get install tmux")
	}
	dir := t.TempDir()
	result := filepath.Join(dir, "widths")
	ask := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), tmux, append([]string{"-u", "-L", "conway"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMUX_TMPDIR=" + dir, "LANG=C.UTF-8", "TERM=xterm-256color"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(bytes.TrimSpace(out))
	}
	version := ask("-V")
	ask("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
		probe+"="+result+" "+os.Args[0]+" -test.run '^TestTmuxWidths$'; exec sleep 600")
	defer ask("kill-server")
	var got []byte
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if got, err = os.ReadFile(result); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after two minutes: %v\n%s", err, ask("capture-pane", "-p"))
		}
	}
	got = append(fmt.Appendf(nil, "# How far the cursor of %s moved for each code point after an x: first, last, cells.\n"+
		"# Rewritten by: go test -tags e2e -run TestTmuxWidths -update ./internal/text\n", version), got...)
	if *update {
		if err := os.WriteFile(measured, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(measured)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s gives other widths than %s says: run with -update and read the difference", version, measured)
	}
	t.Logf("corpus: the widths of every code point in %s, %d ranges", version, bytes.Count(got, []byte{'\n'})-2)
}

// measure writes each code point to the terminal and asks where the cursor is.
func measure(to string) error {
	if _, err := term.MakeRaw(os.Stdin.Fd()); err != nil {
		return err
	}
	var points []rune
	for r := rune(0xa0); r < 0xe0200; r++ {
		if (r < 0xd800 || r >= 0xe000) && (r < 0x32000 || r >= 0xe0000) {
			points = append(points, r)
		}
	}
	report := regexp.MustCompile(`\x1b\[\d+;(\d+)R`)
	var out bytes.Buffer
	first, last, cells := rune(0), rune(0), -1
	for len(points) > 0 {
		batch := points[:min(len(points), 300)]
		points = points[len(batch):]
		var ask, answer []byte
		for _, r := range batch {
			ask = append(ask, "\r\x1b[2Kx"+string(r)+"\x1b[6n"...)
		}
		if _, err := os.Stdout.Write(ask); err != nil {
			return err
		}
		buf := make([]byte, 1<<16)
		for bytes.Count(answer, []byte{'R'}) < len(batch) {
			n, err := os.Stdin.Read(buf)
			if err != nil {
				return err
			}
			answer = append(answer, buf[:n]...)
		}
		for i, m := range report.FindAllSubmatch(answer, -1) {
			col, err := strconv.Atoi(string(m[1]))
			if err != nil {
				return err
			}
			if w := col - 2; w == cells && batch[i] == last+1 {
				last = batch[i]
			} else {
				if cells >= 0 {
					fmt.Fprintf(&out, "%04X %04X %d\n", first, last, cells)
				}
				first, last, cells = batch[i], batch[i], w
			}
		}
	}
	fmt.Fprintf(&out, "%04X %04X %d\n", first, last, cells)
	if err := os.WriteFile(to+".part", out.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(to+".part", to)
}
