package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

// TestPatternsAreNoCommands has names and patterns that would do something if a
// shell read them.
func TestPatternsAreNoCommands(t *testing.T) {
	h := newHost(t)
	witness := filepath.Join(h.dir, "owned")
	dir := filepath.Join(h.dir, "$(touch owned) 'a' `touch owned`; touch owned #")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(h.dir)
	names := []string{
		"$(touch owned).log", "`touch owned`.log", "'; touch owned; '.log", "\"$HOME\".log", "-n.log", "a b.log", "[a].log", "é.log", "&|<>.log",
	}
	in := strings.TrimPrefix(dir, h.dir+"/")
	for _, n := range names {
		h.write(filepath.Join(in, n), "x\n")
	}
	h.write(filepath.Join(in, "two\nlines.log"), "x\n")
	h.write(filepath.Join(in, "other.txt"), "x\n")
	if err := os.Mkdir(filepath.Join(dir, "folder.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := h.source(filepath.Join(dir, "*.log"))
	var got []string
	for _, pattern := range []string{"*.log", "[a]*.l?g", "$(touch owned)*", "no*", "a b*.log; touch owned"} {
		found, more, err := s.list(t.Context(), opSearch, filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %v", pattern, len(found), more))
		for _, f := range found {
			if !slices.Contains(names, filepath.Base(f.path)) || f.size != 2 || f.inode == "" {
				t.Errorf("%s found %+v", pattern, f)
			}
		}
	}
	want := []string{"*.log 8 true", "[a]*.l?g 1 false", "$(touch owned)* 1 false", "no* 0 false", "a b*.log; touch owned 0 false"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	found, err := h.source(filepath.Join(dir, "$*.log")).Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if err != nil || !found.Complete {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := os.Stat(witness); err == nil {
		t.Error("a name was run")
	}
}

// TestFilesThatAppear are followed from their beginning, renamed ones not again,
// and those that are gone no longer.
func TestFilesThatAppear(t *testing.T) {
	h := newHost(t, words("one")...)
	w := begin(t, h.source(filepath.Join(h.dir, "*.log")))
	w.sees("one")
	h.write("second.log", "- two\n- three\n")
	w.sees("one", "two", "three")
	// The next listing has seen it; renaming it makes nothing new.
	time.Sleep(200 * time.Millisecond)
	if err := os.Rename(filepath.Join(h.dir, "second.log"), filepath.Join(h.dir, "second-1.log")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	h.write("second.log", "- four\n")
	w.sees("one", "two", "three", "four")
	h.remove("second.log")
	h.remove("second-1.log")
	w.until("the end of its reader", func() bool { return h.running() <= 4 })
	h.add(words("five")...)
	w.sees("one", "two", "three", "four", "five")
	w.cancel()
	_ = w.ends()
}

func TestNothingMatches(t *testing.T) {
	h := newHost(t)
	pattern := filepath.Join(h.dir, "nothing*")
	w := begin(t, h.source(pattern))
	w.until("the sentence", func() bool {
		return slices.ContainsFunc(w.faults, func(f *oncall.Fault) bool { return strings.Contains(f.Error(), "no file matches web-03:") })
	})
	h.write("nothing.log", "- at last\n")
	w.sees("at last")
	w.cancel()
	_ = w.ends()
	_, err := h.source(filepath.Join(h.dir, "none*")).Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if err == nil || !strings.Contains(err.Error(), "no file matches web-03:") {
		t.Errorf("the error is %v", err)
	}
}

func TestManyFilesMatch(t *testing.T) {
	h := newHost(t)
	for i := range mostFiles + 3 {
		name := fmt.Sprintf("many-%02d.log", i)
		h.write(name, time.Now().UTC().Format(time.RFC3339Nano)+fmt.Sprintf(" line %d\n", i))
		at := time.Now().Add(time.Duration(i-100) * time.Second)
		if err := os.Chtimes(filepath.Join(h.dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	s := h.source(filepath.Join(h.dir, "many-*.log"))
	var raws []string
	found, err := s.Search(t.Context(), oncall.LogQuery{}, func(p oncall.LogPart) {
		for _, l := range p.Lines {
			raws = append(raws, l.Raw)
		}
	})
	if err != nil || found.Complete || found.Lines != mostFiles || !strings.Contains(found.Why, "more than 8 files match web-03:") {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, old := range []string{"line 0", "line 1", "line 2"} {
		if slices.ContainsFunc(raws, func(r string) bool { return strings.HasSuffix(r, old) }) {
			t.Errorf("an older file was read: %q", old)
		}
	}
	w := begin(t, s)
	w.until("the newest files, and the sentence", func() bool { return len(w.lines) == mostFiles && len(w.gaps) == 1 })
	w.cancel()
	_ = w.ends()
}
