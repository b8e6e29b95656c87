//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// canaries are credentials that must be seen nowhere. Their parts are found
// nowhere else.
var canaries = map[string]string{
	"the environment": "Cn4ry+Env/8Qz3=wLpXr7Tj2",
	"a file":          "Cn4ry+File/5Vk1=hMbYs9Gd6",
	"a command":       "Cn4ry+Cmd/2Jf6=tRcWn4Ba8",
	"a password":      "Cn4ry+Pass/7Hg4=qDxZv3Ku5",
	"another's":       "Cn4ry+Other/9Mn2=eSyPf6Lc1",
}

// needle is a form in which a canary could be written.
type needle struct {
	of, form, text string
	// bare is true for a form that is looked for without regard to what stands
	// between its letters and digits.
	bare bool
}

// needles returns every form of every canary: as it is, its beginning and end,
// quoted, percent-encoded, in hexadecimal, in base64 at each place in a group,
// and split by anything that is no letter or digit.
func needles() []needle {
	var out []needle
	for of, c := range canaries {
		add := func(form, text string) { out = append(out, needle{of, form, text, false}) }
		add("raw", c)
		add("first half", c[:len(c)/2])
		add("second half", c[len(c)/2:])
		add("query", url.QueryEscape(c))
		add("path", url.PathEscape(c))
		add("hex", hex.EncodeToString([]byte(c)))
		add("HEX", strings.ToUpper(hex.EncodeToString([]byte(c))))
		add("hex with spaces", fmt.Sprintf("% x", c))
		add("JSON", strings.NewReplacer("+", `\u002b`, "/", `\/`, "=", `\u003d`).Replace(c))
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			for before := range 3 {
				coded := e.EncodeToString([]byte("aa"[:before] + c + "aa"))
				add(fmt.Sprintf("%s+%d", name, before), coded[(before*8+5)/6:(before+len(c))*8/6])
			}
		}
		out = append(out, needle{of, "split", bare(c), true})
	}
	return out
}

// bare keeps only letters and digits.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, s)
}

// leaks returns which forms are in a text, as it is and without the sequences
// and the tags that a terminal and a browser take away.
func leaks(all []needle, text string) []string {
	stripped := ansi.Strip(text)
	untagged := stripped
	if strings.Contains(text, "<svg") {
		untagged = untag(stripped)
	}
	plain := bare(untagged)
	var out []string
	for _, n := range all {
		hit := strings.Contains(text, n.text) || strings.Contains(stripped, n.text) || strings.Contains(untagged, n.text)
		if n.bare {
			hit = strings.Contains(plain, n.text)
		}
		if hit {
			out = append(out, n.of+", "+n.form)
		}
	}
	slices.Sort(out)
	return out
}

func untag(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '<':
			depth++
		case r == '>' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestSweepFindsWhatItLooksFor plants each form and has it found.
func TestSweepFindsWhatItLooksFor(t *testing.T) {
	t.Parallel()
	all := needles()
	for _, n := range all {
		text := "nothing " + n.text + " else"
		if n.bare {
			c := canaries[n.of]
			text = c[:7] + "\x1b[38;5;1m" + c[7:15] + "│\r\n│ " + c[15:]
		}
		if got := leaks(all, text); !slices.Contains(got, n.of+", "+n.form) {
			t.Errorf("%s, %s: only %v found", n.of, n.form, got)
		}
	}
	c := canaries["a file"]
	if got := leaks(all, "<svg><tspan>"+c[:9]+"</tspan><tspan x=\"1\">"+c[9:]+"</tspan></svg>"); len(got) == 0 {
		t.Error("a canary between tags is not found")
	}
	if got := leaks(all, "Cn4ry and nothing more, masked: ••••"); len(got) != 0 {
		t.Errorf("found what is not there: %v", got)
	}
}

// sweep is every surface that was looked at and what was found there.
type sweep struct {
	tb  testing.TB
	all []needle

	mu       sync.Mutex
	surfaces map[string]int
	bytes    int
	hits     []string
	// looked holds the files that were looked at, with their size and time.
	looked map[string]string
}

func newSweep(tb testing.TB) *sweep {
	tb.Helper()
	return &sweep{tb: tb, all: needles(), surfaces: map[string]int{}, looked: map[string]string{}}
}

// look looks for canaries on a surface. The kind is what is counted.
func (s *sweep) look(kind, where, text string) {
	found := leaks(s.all, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.surfaces[kind]++
	s.bytes += len(text)
	for _, f := range found {
		s.hits = append(s.hits, fmt.Sprintf("%s: %s: %s", kind, where, f))
	}
}

func (s *sweep) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.surfaces[kind]
}

// files looks at every file below a directory, and at the names, but for those
// that hold the canaries by right.
func (s *sweep) files(kind, dir string, but ...string) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || slices.Contains(but, path) {
			return nil //nolint:nilerr // it has gone meanwhile
		}
		info, err := d.Info()
		if err != nil || !s.fresh(kind+path, info) {
			return nil //nolint:nilerr // as above
		}
		s.look(kind+" name", path, d.Name())
		if d.Type().IsRegular() {
			if data, err := os.ReadFile(path); err == nil {
				s.look(kind, path, string(data))
			}
		}
		return nil
	})
	if err != nil {
		s.tb.Error(err)
	}
}

// fresh reports whether a file has not been looked at as it is.
func (s *sweep) fresh(path string, info os.FileInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := fmt.Sprint(info.Size(), info.ModTime())
	was := s.looked[path]
	s.looked[path] = now
	return was != now
}

// watch looks again and again at the arguments and the environment of every
// descendant of this test's process, and at the files in a directory for
// temporary ones, until the returned function is called. The programs themselves
// that were given the canaries, and helpers that print one, are let have them in
// their environments.
func (s *sweep) watch(temp string, entitled func(exe string, args []string) bool) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	seen := map[string]bool{}
	go func() {
		defer close(done)
		for {
			for _, pid := range descendants(os.Getpid()) {
				s.process(pid, seen, entitled)
			}
			s.files("temporary file", temp)
			select {
			case <-quit:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() { close(quit); <-done }
}

func (s *sweep) process(pid int, seen map[string]bool, entitled func(string, []string) bool) {
	base := fmt.Sprintf("/proc/%d/", pid)
	args, err := os.ReadFile(base + "cmdline")
	if err != nil || len(args) == 0 {
		return
	}
	exe, _ := os.Readlink(base + "exe") // it may have gone
	environ, err := os.ReadFile(base + "environ")
	if err != nil {
		return
	}
	// An image that has not replaced its parent's yet shows that one's.
	key := fmt.Sprintf("%d %s %d", pid, args, len(environ))
	if seen[key] {
		return
	}
	seen[key] = true
	s.look("arguments", string(args), string(args))
	if !entitled(exe, strings.Split(string(args), "\x00")) {
		s.look("environment", string(args), string(environ))
	}
}

func descendants(root int) []int {
	parents := map[int][]int{}
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var pid, ppid int
		if _, err := fmt.Sscan(filepath.Base(filepath.Dir(path)), &pid); err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		var state string
		if _, err := fmt.Sscan(rest, &state, &ppid); err == nil {
			parents[ppid] = append(parents[ppid], pid)
		}
	}
	var out []int
	for queue := parents[root]; len(queue) > 0; queue = queue[1:] {
		out = append(out, queue[0])
		queue = append(queue, parents[queue[0]]...)
	}
	return out
}

// report prints the counts and fails for every hit.
func (s *sweep) report() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var kinds []string
	total := 0
	for k, n := range s.surfaces {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
		total += n
	}
	slices.Sort(kinds)
	forms := map[string]bool{}
	for _, n := range s.all {
		forms[n.form] = true
	}
	s.tb.Logf("%d canaries in %d forms each, %d surfaces of %d kinds, %d bytes: %d hits\n%s",
		len(canaries), len(forms), total, len(kinds), s.bytes, len(s.hits), strings.Join(kinds, "\n"))
	slices.Sort(s.hits)
	for _, h := range slices.Compact(s.hits) {
		s.tb.Error(h)
	}
}
