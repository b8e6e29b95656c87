package text_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestViewsAcceptNothingElse compiles every way around the decoder, and expects
// the compiler to refuse each for its reason.
func TestViewsAcceptNothingElse(t *testing.T) {
	if out, err := compile(t, "./testdata/accepted"); err != nil {
		t.Fatalf("what is allowed does not compile:\n%s", out)
	}
	out, err := compile(t, "./testdata/refused")
	if err == nil {
		t.Fatal("every way around the decoder compiles")
	}
	errs := map[int]string{}
	for _, m := range regexp.MustCompile(`(?m)refused\.go:(\d+):\d+: (.*)$`).FindAllStringSubmatch(out, -1) {
		line, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		errs[line] += strings.ReplaceAll(m[2], `"conway/internal/text".`, "text.")
	}
	source, err := os.ReadFile("testdata/refused/refused.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, l := range strings.Split(string(source), "\n") {
		_, want, ok := strings.Cut(l, " // ")
		if !ok || strings.HasPrefix(l, "//") {
			continue
		}
		n++
		if !strings.Contains(errs[i+1], want) {
			t.Errorf("line %d: %s\nthe compiler says %q, want %q", i+1, strings.TrimSpace(l), errs[i+1], want)
		}
	}
	if n < 15 {
		t.Errorf("only %d ways were tried", n)
	}
}

func compile(t *testing.T, pkg string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "-o", os.DevNull, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
