//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marker is on the screen before the program starts and must be there after.
const marker = "a line that was there before"

// tmuxTimeout bounds one question to tmux.
const tmuxTimeout = 10 * time.Second

// screen is the program in a terminal of a tmux server of its own. The program
// is started by a shell that notes the terminal's settings before and after, and
// ends as cat, so that the terminal can still be tried out.
type screen struct {
	tb   testing.TB
	tmux string
	// dir holds the tmux server's socket and what the shell notes. Its path is
	// short, because a socket's has to be.
	dir string
}

// start runs the program with arguments in a terminal of w by h cells. The
// environment is env and what no program can do without.
func start(tb testing.TB, w, h int, env []string, args ...string) *screen {
	tb.Helper()
	dir, err := os.MkdirTemp("", "cw") //nolint:usetesting // its path would be too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	s := &screen{tb: tb, tmux: need(tb, "tmux", "tmux"), dir: dir}
	tb.Cleanup(s.kill)
	command := make([]string, 0, len(args)+1)
	for _, a := range append([]string{binary}, args...) {
		command = append(command, shellQuote(a))
	}
	vars := []string{"-i", "PATH=" + os.Getenv("PATH")}
	for _, e := range append([]string{"HOME=" + dir, "TERM=tmux-256color", "LANG=C.UTF-8"}, env...) {
		vars = append(vars, shellQuote(e))
	}
	script := writeFile(tb, filepath.Join(dir, "run.sh"), strings.Join([]string{
		"echo " + shellQuote(marker),
		"stty -a >" + dir + "/before",
		// Its process id is this shell's, which exec keeps.
		"env " + strings.Join(vars, " ") + " sh -c 'echo $$ >" + dir + "/pid; exec \"$@\"' sh " + strings.Join(command, " "),
		"code=$?",
		"stty -a >" + dir + "/after",
		"echo $code >" + dir + "/code",
		"echo exit $code",
		"exec cat",
	}, "\n")+"\n", 0o600)
	s.do("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(w), "-y", strconv.Itoa(h), "exec sh "+script)
	return s
}

// ask runs one command of tmux and returns what it printed.
func (s *screen) ask(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tmuxTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.tmux, append([]string{"-u", "-L", "conway"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMUX_TMPDIR=" + s.dir, "LANG=C.UTF-8", "TERM=xterm-256color"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %v: %w: %s", args, err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

func (s *screen) do(args ...string) string {
	s.tb.Helper()
	out, err := s.ask(args...)
	if err != nil {
		s.tb.Fatal(err)
	}
	return out
}

// kill ends the terminal and everything in it.
func (s *screen) kill() {
	// The program and its child first: they would otherwise lose their terminal and
	// race with the removal of their files.
	if pid, ok := s.pid(); ok && !s.ended() {
		for _, one := range tree(s.tb, pid) {
			_ = syscall.Kill(one, syscall.SIGKILL)
		}
	}
	_, _ = s.ask("kill-server")
	eventually(s.tb, "its files are removed", func() bool { return os.RemoveAll(s.dir) == nil })
}

// pid returns the process id of the program.
func (s *screen) pid() (int, bool) {
	data, err := os.ReadFile(filepath.Join(s.dir, "pid"))
	if err != nil {
		return 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	return pid, err == nil && pid > 0
}

func (s *screen) ended() bool {
	_, err := os.Stat(filepath.Join(s.dir, "code"))
	return err == nil
}

// text returns what is on the screen, a line a row.
func (s *screen) text() string {
	s.tb.Helper()
	return s.do("capture-pane", "-p")
}

// styled returns the same with the sequences that colour it.
func (s *screen) styled() string {
	s.tb.Helper()
	return s.do("capture-pane", "-p", "-e")
}

// row returns the first line of the screen that holds a text, empty for none.
func (s *screen) row(has string) string {
	s.tb.Helper()
	for l := range strings.SplitSeq(s.text(), "\n") {
		if strings.Contains(l, has) {
			return l
		}
	}
	return ""
}

// typed types a text as it is.
func (s *screen) typed(text string) {
	s.tb.Helper()
	s.do("send-keys", "-l", "--", text)
}

// press presses keys by the names that tmux has for them, such as Enter.
func (s *screen) press(keys ...string) {
	s.tb.Helper()
	s.do(append([]string{"send-keys", "--"}, keys...)...)
}

func (s *screen) resize(w, h int) {
	s.tb.Helper()
	s.do("resize-window", "-x", strconv.Itoa(w), "-y", strconv.Itoa(h))
}

// until waits until the screen is as it should be, or fails with the screen.
func (s *screen) until(what string, ok func(text string) bool) string {
	s.tb.Helper()
	return s.poll(what, patience, ok, func() {})
}

func (s *screen) poll(what string, limit time.Duration, ok func(string) bool, between func()) string {
	s.tb.Helper()
	end := time.Now().Add(limit)
	for {
		text := s.text()
		if ok(text) {
			return text
		}
		if time.Now().After(end) {
			s.tb.Fatalf("after %s the screen does not show %s:\n%s", limit, what, text)
		}
		between()
		time.Sleep(50 * time.Millisecond)
	}
}

// sees waits until the screen holds every one of these texts at once.
func (s *screen) sees(texts ...string) string {
	s.tb.Helper()
	return s.until(fmt.Sprintf("%q", texts), func(text string) bool {
		for _, t := range texts {
			if !strings.Contains(text, t) {
				return false
			}
		}
		return true
	})
}

// matches waits until the screen matches a pattern.
func (s *screen) matches(pattern string) []string {
	s.tb.Helper()
	re := regexp.MustCompile(pattern)
	return re.FindStringSubmatch(s.until(pattern, re.MatchString))
}

// lacks waits until the screen no longer holds a text.
func (s *screen) lacks(text string) {
	s.tb.Helper()
	s.until("the end of "+text, func(t string) bool { return !strings.Contains(t, text) })
}

// answer presses a key until the question with this text has gone. A question
// that opens swallows keys for a moment, which no test can see the end of.
func (s *screen) answer(question, key string) {
	s.tb.Helper()
	s.sees(question)
	var last time.Time
	s.poll("the end of "+question, patience, func(t string) bool { return !strings.Contains(t, question) }, func() {
		if time.Since(last) > time.Second {
			s.press(key)
			last = time.Now()
		}
	})
}

// quits presses q and waits for the program's end.
func (s *screen) quits() int {
	s.tb.Helper()
	s.press("q")
	return s.exit()
}

// exit waits for the program's end and returns its exit code.
func (s *screen) exit() int {
	s.tb.Helper()
	m := s.matches(`(?m)^\s*exit (\d+)\s*$`)
	code, err := strconv.Atoi(m[1])
	if err != nil {
		s.tb.Fatal(err)
	}
	return code
}

// restored checks that the program, which has ended, left the terminal as it was.
func (s *screen) restored() {
	s.tb.Helper()
	before, after := readFile(s.tb, s.dir+"/before"), readFile(s.tb, s.dir+"/after")
	if before != after {
		s.tb.Errorf("stty -a before:\n%s\nafter:\n%s", before, after)
	}
	flags := "alternate_on cursor_flag mouse_any_flag mouse_sgr_flag keypad_flag keypad_cursor_flag insert_flag origin_flag wrap_flag pane_in_mode pane_dead scroll_region_upper"
	var format []string
	for f := range strings.FieldsSeq(flags) {
		format = append(format, f+"=#{"+f+"}")
	}
	got := strings.TrimSpace(s.do("display-message", "-p", strings.Join(format, " ")))
	want := "alternate_on=0 cursor_flag=1 mouse_any_flag=0 mouse_sgr_flag=0 keypad_flag=0 keypad_cursor_flag=0 insert_flag=0 origin_flag=0 wrap_flag=1 pane_in_mode=0 pane_dead=0 scroll_region_upper=0"
	if got != want {
		s.tb.Errorf("the terminal is left as\n%s, want\n%s", got, want)
	}
	text := s.text()
	if !strings.Contains(text, marker) {
		s.tb.Errorf("what was on the screen before is gone:\n%s", text)
	}
	// It still echoes, breaks lines and prints without a colour.
	s.typed("typed after")
	s.press("Enter")
	s.until("what is typed, once echoed by the terminal and once by cat", func(t string) bool {
		return strings.Count(t, "typed after") == 2
	})
	for l := range strings.SplitSeq(s.styled(), "\n") {
		if (strings.Contains(l, "typed after") || strings.Contains(l, "exit ")) && strings.ContainsRune(l, '\x1b') {
			s.tb.Errorf("a colour is left on: %q", l)
		}
	}
}
