//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOtherProcessesOfTheUserSeeNoMemory is goal S3: once it has started, nobody
// with the same user reads the environment or the memory of the cockpit or of its
// parent, and neither leaves a core.
func TestOtherProcessesOfTheUserSeeNoMemory(t *testing.T) {
	t.Parallel()
	bin, home := failingBinary(t), folder(t)
	config := writeFile(t, filepath.Join(home, "config.yaml"), "me: {email: ana@example.com}\n", 0o600)
	hand(t, home)
	cmd := exec.Command(bin, "--config", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "PAGERDUTY_TOKEN=" + token}
	unprivileged(cmd)
	s := open(t, cmd)
	s.sees("LOGS", "help")
	// Another process of the same user, to which all this is open, so that the
	// test can fail.
	control := exec.Command("sleep", "60")
	control.Env = []string{"PAGERDUTY_TOKEN=" + token}
	unprivileged(control)
	if err := control.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = control.Process.Kill()
		_ = control.Wait()
	}()
	for pid, open := range map[int]bool{s.cmd.Process.Pid: false, s.child(): false, control.Process.Pid: true} {
		for _, what := range []string{"environ", "mem", "maps", "auxv", "stack", "syscall", "fd", "cwd", "exe"} {
			path := fmt.Sprintf("/proc/%d/%s", pid, what)
			script := "cat " + path
			switch what {
			case "mem": // its first mapped page
				script = fmt.Sprintf(`a=$(head -n 1 /proc/%d/maps | cut -d- -f1) && dd if=%s bs=4096 count=1 skip=$((0x$a / 4096))`, pid, path)
			case "fd":
				script = "ls " + path + "/0"
			case "cwd", "exe":
				script = "readlink " + path
			}
			look := exec.Command("sh", "-c", script)
			unprivileged(look)
			out, err := look.CombinedOutput()
			quietUnless(t, open, path, string(out))
			if refused := err != nil; refused == open && (what == "environ" || what == "mem" || what == "maps" || !open) {
				t.Errorf("%s: %v, want it open: %v", path, err, open)
			}
		}
		if limits := readFile(t, fmt.Sprintf("/proc/%d/limits", pid)); !open && !strings.Contains(strings.Join(strings.Fields(limits), " "), "Max core file size 0 ") {
			t.Errorf("process %d has the limits\n%s", pid, limits)
		}
	}
	s.typed("q")
	if code := s.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func quietUnless(t *testing.T, open bool, where, text string) {
	t.Helper()
	if !open {
		quiet(t, where, text)
	}
}
