package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	var path string
	n := 0
	sourcetest.Run(t, sourcetest.Case{
		New: func(tb testing.TB) sources.Source {
			tb.Helper()
			path = in(tb.TempDir(), "app.log")
			if err := os.WriteFile(path, []byte("one\n"), 0o600); err != nil {
				tb.Fatal(err)
			}
			l, err := NewLogs(LogOptions{Name: "app", Paths: []string{path}, Poll: time.Hour})
			if err != nil {
				tb.Fatal(err)
			}
			return l
		},
		Stir: func(tb testing.TB) {
			tb.Helper()
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				tb.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			n++
			fmt.Fprintf(f, "more %d\n", n)
		},
	})
}

func TestFollowsFromTheLastLines(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, text(numbered(0, 5000)))
	l := logsOf(t, path)
	r := start(t, l)
	r.want(numbered(3000, 5000)...)
	appendTo(t, path, "line 5000\r\nline")
	r.until("line", func() bool { return r.count() == 2001 })
	appendTo(t, path, " 5001\n")
	r.want(numbered(3000, 5002)...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.lines[0]; o.Origin != path || o.Source != "app" {
		t.Errorf("line = %+v", o)
	}
}

func TestLastLines(t *testing.T) {
	long := strings.Repeat("x", backBlock-3)
	for _, tt := range []struct {
		name, text string
		n          int
		want       string
	}{
		{"empty", "", 3, ""},
		{"none", "a\nb\n", 0, ""},
		{"fewer", "a\nb\n", 3, "a\nb\n"},
		{"as many", "a\nb\n", 2, "a\nb\n"},
		{"more", "a\nb\nc\n", 2, "b\nc\n"},
		{"unfinished", "a\nb\nc", 2, "b\nc"},
		{"only unfinished", "abc", 1, "abc"},
		{"blank lines", "a\n\n\n\n", 2, "\n\n"},
		{"across blocks", long + "\n" + long + "\n" + long + "\n", 2, long + "\n" + long + "\n"},
		{"newline at a block's edge", strings.Repeat("y\n", backBlock) + "z\n", 3, "y\ny\nz\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := in(t.TempDir(), "f")
			write(t, path, tt.text)
			f, err := os.Open(path)
			must(t, err)
			defer func() { _ = f.Close() }()
			off, err := lastLines(f, int64(len(tt.text)), tt.n)
			must(t, err)
			if got := tt.text[off:]; got != tt.want {
				t.Errorf("the last %d lines are %d bytes, want %d", tt.n, len(got), len(tt.want))
			}
		})
	}
}

func TestHoldsBackAnUnfinishedLine(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "")
	r := start(t, logsOf(t, path))
	r.alive()
	begin := time.Now()
	appendTo(t, path, "half")
	r.want("half")
	if d := time.Since(begin); d < 900*time.Millisecond {
		t.Errorf("a line without its newline was taken after %v, want a second", d)
	}
	appendTo(t, path, "\n")
	appendTo(t, path, "next\n")
	r.want("half", "next")
	appendTo(t, path, "torn")
	r.want("half", "next", "torn")
	appendTo(t, path, " off\n")
	r.want("half", "next", "torn", " off")
}

func TestCharactersAreNotTorn(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "")
	r := start(t, logsOf(t, path))
	r.alive()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	defer func() { _ = f.Close() }()
	for _, b := range []byte("prix: 5 €, ✅ 😀\n") {
		_, err := f.Write([]byte{b})
		must(t, err)
		time.Sleep(time.Millisecond) // lets reads fall between the bytes
	}
	r.want("prix: 5 €, ✅ 😀")
}

func TestHugeLineIsCut(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "")
	r := start(t, logsOf(t, path))
	r.alive()
	appendTo(t, path, strings.Repeat("x", 10<<20)+"\nafter\n")
	r.until("lines", func() bool { return r.count() == 2 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lines[0]; !l.Cut || len(l.Raw) != 1<<20 {
		t.Errorf("a line of 10 MiB became %d bytes, cut %v", len(l.Raw), l.Cut)
	}
	if l := r.lines[1]; l.Cut || l.Raw != "after" {
		t.Errorf("the line after it is %q", l.Raw)
	}
}

func TestRotations(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rotate func(path string) error
		late   string
		gap    bool
	}{
		{name: "rename", rotate: func(path string) error { return os.Rename(path, path+".1") }},
		{name: "rename and create", rotate: func(path string) error {
			return errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o600))
		}},
		{name: "rename, and the writer does not notice at once", late: "late", rotate: func(path string) error {
			err := errors.Join(os.Rename(path, path+".1"), os.WriteFile(path, nil, 0o600))
			time.Sleep(100 * time.Millisecond) // several looks
			return err
		}},
		{name: "delete", rotate: os.Remove},
		{name: "delete and create", rotate: func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600))
		}},
		{name: "truncate", gap: true, rotate: func(path string) error { return os.Truncate(path, 0) }},
		{name: "replace by a link", rotate: func(path string) error {
			return errors.Join(os.WriteFile(path+".other", nil, 0o600),
				os.Symlink(path+".other", path+".link"), os.Rename(path+".link", path))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := in(t.TempDir(), "app.log")
			write(t, path, text(numbered(0, 10)))
			r := start(t, logsOf(t, path))
			r.want(numbered(0, 10)...)
			appendTo(t, path, "last\n")
			if tt.gap {
				r.want(append(numbered(0, 10), "last")...)
			}
			must(t, tt.rotate(path))
			if tt.gap {
				r.until("gap", func() bool { return len(r.gaps()) == 1 })
			}
			want := append(numbered(0, 10), "last")
			if tt.late != "" {
				appendTo(t, path+".1", tt.late+"\n")
				want = append(want, tt.late)
				r.want(want...)
			}
			appendTo(t, path, "new 1\nnew 2\n")
			r.want(append(want, "new 1", "new 2")...)
			if got := len(r.gaps()) > 0; got != tt.gap {
				t.Errorf("gaps = %+v", r.gaps())
			}
			if f := r.faults(); len(f) > 0 {
				t.Errorf("faults = %q, want none", f)
			}
		})
	}
}

// TestCopyTruncateThatGrewAgain truncates a file and lets it grow beyond where
// reading was before anybody can look, so that its size alone says nothing.
func TestCopyTruncateThatGrewAgain(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	old := numbered(0, 10)
	write(t, path, text(old))
	l := logsOf(t, path)
	r := start(t, l)
	r.want(old...)
	r.stop()
	fresh := numbered(100, 200)
	must(t, os.Truncate(path, 0))
	appendTo(t, path, text(fresh))
	r = start(t, l)
	r.want(fresh...)
	if len(r.gaps()) != 1 {
		t.Errorf("gaps = %+v, want one", r.gaps())
	}
}

// TestCopyTruncateWithTheSameEnd lets the bytes before the place of reading be
// the same, so that only the beginning tells the difference.
func TestCopyTruncateWithTheSameEnd(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	same := strings.Repeat("the same line\n", 20)
	write(t, path, "monday\n"+same)
	l := logsOf(t, path)
	r := start(t, l)
	r.until("lines", func() bool { return r.count() == 21 })
	r.stop()
	write(t, path, "friday\n"+same+same)
	r = start(t, l)
	r.until("lines", func() bool { return r.count() == 41 })
	if got := r.got()[0]; got != "friday" {
		t.Errorf("the first line is %q, want friday", got)
	}
}

func TestRotatedFilesThatMatchAreNotReadTwice(t *testing.T) {
	dir := t.TempDir()
	path := in(dir, "app.log")
	write(t, path, "a\n")
	r := start(t, logsOf(t, in(dir, "app.log*")))
	r.want("a")
	for i := range 5 {
		must(t, os.Rename(path, fmt.Sprintf("%s.%d", path, i)))
		appendTo(t, path, fmt.Sprintf("file %d\n", i))
		r.until("line", func() bool { return r.count() == i+2 })
	}
	must(t, os.Symlink(path, in(dir, "app.log.link")))
	must(t, os.Link(path, in(dir, "app.log.hard")))
	appendTo(t, in(dir, "app.log.0"), "to an old one\n")
	r.want("a", "file 0", "file 1", "file 2", "file 3", "file 4", "to an old one")
}

func TestLinkIsTurned(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(in(dir, "logs"), 0o700))
	link := in(dir, "current")
	write(t, in(dir, "logs/1"), "one\n")
	must(t, os.Symlink("logs/1", link))
	r := start(t, logsOf(t, link))
	r.want("one")
	appendTo(t, in(dir, "logs/1"), "one more\n")
	write(t, in(dir, "logs/2"), "two\n")
	must(t, os.Symlink("logs/2", link+".new"))
	must(t, os.Rename(link+".new", link))
	r.want("one", "one more", "two")
	appendTo(t, in(dir, "logs/2"), "two more\n")
	r.want("one", "one more", "two", "two more")
}

func TestNewFilesJoin(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(in(dir, "pod-1"), 0o700))
	write(t, in(dir, "pod-1/a.log"), "a\n")
	r := start(t, logsOf(t, in(dir, "*/*.log")))
	r.want("a")
	must(t, os.Mkdir(in(dir, "pod-2"), 0o700))
	write(t, in(dir, "pod-2/b.log"), text(numbered(0, 3000)))
	write(t, in(dir, "pod-2/b.log.gz"), "packed\n")
	r.want(append([]string{"a"}, numbered(0, 3000)...)...)
	must(t, os.RemoveAll(in(dir, "pod-2")))
	must(t, os.Mkdir(in(dir, "pod-2"), 0o700))
	write(t, in(dir, "pod-2/b.log"), "again\n")
	r.until("line", func() bool { return r.count() == 3002 })
}

func TestWithoutAWatch(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "a\n")
	l := logsOf(t, path)
	l.o.Poll = 20 * time.Millisecond
	rr := start(t, unwatched{l})
	rr.want("a")
	appendTo(t, path, "b\n")
	must(t, os.Rename(path, path+".1"))
	write(t, path, "c\n")
	rr.want("a", "b", "c")
}

func TestRunsAgainWhereItEnded(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "one\ntwo\nhal")
	l := logsOf(t, path)
	r := start(t, l)
	r.until("lines", func() bool { return r.count() >= 2 })
	r.stop()
	if got := r.got(); !slices.Equal(got[:2], []string{"one", "two"}) {
		t.Fatalf("lines = %q", got)
	}
	appendTo(t, path, "f\nthree\n")
	r = start(t, l)
	r.want("half", "three")
	r.stop()
	appendTo(t, path, "four\n")
	must(t, os.Rename(path, path+".1"))
	write(t, path, "five\n")
	r = start(t, l)
	r.want("four", "five")
	r.stop()
	must(t, os.Remove(path))
	write(t, in(t.TempDir(), "spare"), "") // makes it likely that the inode is used again
	write(t, path, "six and then some\n")
	r = start(t, l)
	r.want("six and then some")
	if len(r.gaps()) != 1 {
		t.Errorf("gaps = %+v, want one", r.gaps())
	}
}

func TestFaults(t *testing.T) {
	dir := t.TempDir()
	pipe, missing, folder, good := in(dir, "pipe"), in(dir, "not\x07there.log"), in(dir, "folder"), in(dir, "good.log")
	must(t, syscall.Mkfifo(pipe, 0o600))
	must(t, os.Mkdir(folder, 0o700))
	write(t, good, "a\n")
	r := start(t, logsOf(t, pipe, missing, folder, good, in(dir, "fol*")))
	r.want("a")
	appendTo(t, good, "b\n")
	r.want("a", "b")
	time.Sleep(150 * time.Millisecond) // several looks, which must not report again
	all := r.faults()
	for _, want := range []string{"pipe is not a regular file; name a file", "no file matches " + dir + "/notthere.log yet", "folder is not a regular file"} {
		n := 0
		for _, f := range all {
			if strings.Contains(f, want) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q was reported %d times, want once; faults %q", want, n, all)
		}
	}
	if len(all) != 3 {
		t.Errorf("faults = %q, want three", all)
	}
	write(t, missing, "here\n")
	r.want("a", "b", "here")
}

func TestUnreadableFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may read everything")
	}
	dir := t.TempDir()
	write(t, in(dir, "secret.log"), "x\n")
	write(t, in(dir, "good.log"), "a\n")
	must(t, os.Chmod(in(dir, "secret.log"), 0))
	r := start(t, logsOf(t, in(dir, "*.log")))
	r.want("a")
	r.until("fault", func() bool { return len(r.faults()) == 1 })
	if f := r.faults()[0]; !strings.Contains(f, "secret.log may not be read; give this user read permission") {
		t.Errorf("fault = %q", f)
	}
	must(t, os.Chmod(in(dir, "secret.log"), 0o600))
	r.want("a", "x")
}

func TestUnreadableFaultWords(t *testing.T) {
	for _, tt := range []struct {
		err  error
		kind oncall.FaultKind
		want string
	}{
		{&os.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, oncall.Auth, "app: follow a file: not authorised: /x may not be read; give this user read permission"},
		{&os.PathError{Op: "open", Path: "/x", Err: syscall.EMFILE}, oncall.Unavailable, "raise the limit (ulimit -n)"},
		{&os.PathError{Op: "read", Path: "/x", Err: syscall.EIO}, oncall.Unavailable, "/x: input/output error"},
	} {
		f := openFault("app", "follow a file", "/x", tt.err)
		if f.Kind != tt.kind || !strings.Contains(f.Error(), tt.want) {
			t.Errorf("fault of %v = %v %q, want %q", tt.err, f.Kind, f.Error(), tt.want)
		}
	}
}

func TestNewLogsRefuses(t *testing.T) {
	for _, paths := range [][]string{nil, {""}, {"/var/log/[a"}} {
		if _, err := NewLogs(LogOptions{Name: "app", Paths: paths}); err == nil {
			t.Errorf("paths %q were accepted", paths)
		}
	}
}

func TestOldLinesWithoutATime(t *testing.T) {
	path := in(t.TempDir(), "app.log")
	write(t, path, "no time\n2026-03-02T11:04:31Z ERROR boom\n\tat line 7\n2026-03-02 11:04:32 ok\n")
	at := time.Date(2026, 3, 3, 0, 0, 0, 0, time.Local)
	must(t, os.Chtimes(path, at, at))
	r := start(t, logsOf(t, path))
	r.until("lines", func() bool { return r.count() == 4 })
	r.mu.Lock()
	defer r.mu.Unlock()
	boom := time.Date(2026, 3, 2, 11, 4, 31, 0, time.UTC)
	for i, want := range []time.Time{at, boom, boom, time.Date(2026, 3, 2, 11, 4, 32, 0, time.Local)} {
		if got := r.lines[i].At; !got.Equal(want) {
			t.Errorf("line %d is of %v, want %v", i, got, want)
		}
	}
}

// TestFlood writes as fast as it can through several rotations of each file, and
// counts. A rotation waits until the new file was seen: two of them between two
// looks would hide a file from anybody who follows by name.
func TestFlood(t *testing.T) {
	const files, lines, each = 3, 240_000, 20_000
	dir := t.TempDir()
	l := logsOf(t, in(dir, "*.log"))
	l.hold = time.Minute // a writer who gets no processor for a second is not the point here
	var seen [files]atomic.Int64
	r := startWith(t, l, func(line oncall.LogLine) {
		n, i, ok := floodLine(line.Raw)
		if !ok || n >= files {
			t.Errorf("line %q was not written so", line.Raw)
			return
		}
		if next := seen[n].Load(); next != int64(i) {
			t.Errorf("file %d: line %d came when %d was due", n, i, next)
		}
		seen[n].Store(int64(i) + 1)
	})
	r.alive()
	var writers sync.WaitGroup
	for n := range files {
		writers.Go(func() {
			path := fmt.Sprintf("%s/%d.log", dir, n)
			var f *os.File
			w := bufio.NewWriterSize(nil, 4096)
			for i := range lines / files {
				if i%each == 0 {
					old := f
					if old != nil {
						// The last lines of the old file are written after it lost its name.
						must(t, os.Rename(path, fmt.Sprintf("%s.%d", path, i)))
						must(t, w.Flush())
						must(t, old.Close())
					}
					var err error
					f, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
					must(t, err)
					w.Reset(f)
				}
				fmt.Fprintf(w, "%d %d the quick brown fox\n", n, i)
				if i%each == 0 {
					must(t, w.Flush())
					r.until("line of the new file", func() bool { return seen[n].Load() > int64(i) })
				}
			}
			must(t, w.Flush())
			must(t, f.Close())
		})
	}
	writers.Wait()
	r.until("all lines", func() bool { return r.count() >= lines })
	if r.count() != lines || len(r.gaps()) > 0 {
		t.Errorf("%d lines of %d, gaps %+v", r.count(), lines, r.gaps())
	}
}

func floodLine(s string) (n, i int, ok bool) {
	a, rest, _ := strings.Cut(s, " ")
	b, words, _ := strings.Cut(rest, " ")
	n, err1 := strconv.Atoi(a)
	i, err2 := strconv.Atoi(b)
	return n, i, err1 == nil && err2 == nil && words == "the quick brown fox"
}

// BenchmarkFollow measures how fast lines of 195 bytes come through, decoded,
// from a file that is already there to emit.
func BenchmarkFollow(b *testing.B) {
	const n = 200_000
	path := in(b.TempDir(), "app.log")
	line := `{"time":"2026-03-02T11:04:31.123456Z","level":"error","msg":"payment declined by the acquirer","service":"checkout","order":"a1b2c3d4e5f6","upstream":"acquirer","status":502,"latency_ms":1893.25}` + "\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, n)), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(n * len(line)))
	for b.Loop() {
		l, err := NewLogs(LogOptions{Name: "app", Paths: []string{path}, Tail: n})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		got := 0
		err = l.Run(ctx, func(e oncall.Event) {
			if got += len(e.(oncall.LinesEvent).Lines); got >= n {
				cancel()
			}
		})
		cancel()
		if got != n || !errors.Is(err, context.Canceled) {
			b.Fatalf("%d lines of %d: %v", got, n, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
}
