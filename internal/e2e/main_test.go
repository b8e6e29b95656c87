//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for something to appear. It is far above
// what a busy machine needs, because only a failing test waits for all of it.
const patience = 30 * time.Second

// binary is the program under test, scratch a directory that is gone after it.
var binary, scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "conway-e2e-")
	if err == nil {
		scratch = dir
		err = findBinary(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if postgresUsed.Load() {
		if p, err := sharedPostgres(); err == nil {
			if err := p.gone(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = max(code, 1)
			}
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// findBinary takes the program that CONWAY_BIN names, or builds it.
func findBinary(dir string) error {
	if binary = os.Getenv("CONWAY_BIN"); binary != "" {
		if !filepath.IsAbs(binary) {
			return fmt.Errorf("CONWAY_BIN=%s: write an absolute path", binary)
		}
		_, err := os.Stat(binary)
		return err
	}
	binary = filepath.Join(dir, "conway")
	return build(binary, "conway/cmd/conway")
}

// build compiles one program as the Makefile does.
func build(to, pkg string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", to, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// eventually waits until a condition holds; what says what is waited for.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	end := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(end) {
			tb.Fatalf("after %s still not: %s", patience, what)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// children returns the living processes that a process started itself.
func children(tb testing.TB, pid int) []int {
	tb.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		tb.Fatal(err)
	}
	var out []int
	for _, t := range tasks {
		data, err := os.ReadFile(t)
		if err != nil {
			continue // a thread that has ended
		}
		for f := range strings.FieldsSeq(string(data)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				tb.Fatal(err)
			}
			out = append(out, n)
		}
	}
	return out
}

// stat returns what /proc says of a process, from its state on.
func stat(tb testing.TB, pid int) []string {
	tb.Helper()
	text := readFile(tb, fmt.Sprintf("/proc/%d/stat", pid))
	// The name, which stands in brackets, may hold spaces and brackets.
	return strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
}

// tree returns a process and all that descend from it.
func tree(tb testing.TB, pid int) []int {
	tb.Helper()
	out := []int{pid}
	for _, c := range children(tb, pid) {
		out = append(out, tree(tb, c)...)
	}
	return out
}

// need returns the path of a program of the system, or ends the test with how
// to get it.
func need(tb testing.TB, program, debian string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		tb.Fatalf("%s is not installed; on Debian: apt-get install %s", program, debian)
	}
	return path
}

func writeFile(tb testing.TB, path, content string, mode os.FileMode) string {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		tb.Fatal(err)
	}
	// WriteFile's mode is cut by the umask.
	if err := os.Chmod(path, mode); err != nil {
		tb.Fatal(err)
	}
	return path
}

func readFile(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// shellQuote quotes a word for sh.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
