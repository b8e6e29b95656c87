//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// The benchmarks print figures; none of them fails for a slow machine. Each
// start is measured several times and its median is given.
const (
	starts = 15
	// clockTicks is how many ticks a second /proc counts in, on every Linux.
	clockTicks = 100
)

// median of some durations, in milliseconds.
func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2].Microseconds()) / 1000
}

// firstSeen starts a program several times and returns how long each took from
// exec until all of the texts were on its screen.
func firstSeen(b *testing.B, env, argv []string, texts ...string) []time.Duration {
	b.Helper()
	var out []time.Duration
	for range starts {
		p := record(b, env, argv...)
		out = append(out, p.sees(texts...))
		p.end()
	}
	return out
}

// stock builds the reference program.
func stock(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "stock")
	if err := build(path, "conway/internal/e2e/stock"); err != nil {
		b.Fatal(err)
	}
	return path
}

// installed copies a program as installing it does. A linker writes through a
// mapping, which leaves the file in the kernel's memory in pieces of one page
// each, and a program that is run from them starts a tenth later.
func installed(b *testing.B, program string) string {
	b.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), filepath.Base(program))
	if err := os.WriteFile(path, data, 0o700); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkStart measures from exec to the first frame that helps, seen through
// a pseudo-terminal, beside the same of a stock Bubble Tea program.
func BenchmarkStart(b *testing.B) {
	reference, binary := installed(b, stock(b)), installed(b, binary)
	pd := newBarePager(b)
	pd.checkout()
	warm := newSite(b).pages(pd)
	cold := newSite(b)
	// A pager that takes the request and never answers.
	mute := newBarePager(b)
	mute.Fail(pdserver.On("", "/", 0, pdserver.Failure{Delay: time.Hour}))
	cold.pages(mute)
	env := func(s *site) []string {
		return []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}
	}
	b.ResetTimer()
	for range b.N {
		ref := median(firstSeen(b, nil, []string{reference}, "stock is ready"))
		useful := median(firstSeen(b, env(warm), []string{binary}, title, "PAGES 1 open"))
		own := median(firstSeen(b, env(cold), []string{binary}, "waiting for the first answer", "PAGES"))
		b.ReportMetric(useful, "ms-useful")
		b.ReportMetric(own, "ms-own")
		b.ReportMetric(ref, "ms-stock")
		b.ReportMetric(useful/ref, "useful/stock")
		b.ReportMetric(own/ref, "own/stock")
		b.ReportMetric(0, "ns/op")
	}
}

// newBarePager is a pager that checks nothing, so that only the program's own
// time is measured.
func newBarePager(tb testing.TB) *pager {
	tb.Helper()
	return listen(tb, nil)
}

// usage is what a program has used, which may be several processes.
type usage struct {
	cpu time.Duration
	// rss and peak are the resident memory in bytes, now and at most, of the
	// process that has the most. total is that of all of them, with the pages of
	// the program's own file, which they share, counted once.
	rss, peak, total int64
}

// used reads /proc. What children that have ended had used counts too.
func used(tb testing.TB, pid int) usage {
	tb.Helper()
	var u usage
	var shared int64
	for _, pid := range tree(tb, pid) {
		for _, ticks := range stat(tb, pid)[11:15] { // utime, stime, and the same of dead children
			n, err := strconv.ParseInt(ticks, 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			u.cpu += time.Duration(n) * time.Second / clockTicks
		}
		u.rss = max(u.rss, status(tb, pid, "VmRSS"))
		u.peak = max(u.peak, status(tb, pid, "VmHWM"))
		u.total += status(tb, pid, "RssAnon") + status(tb, pid, "RssShmem")
		shared = max(shared, status(tb, pid, "RssFile"))
	}
	u.total += shared
	return u
}

// status reads one size from /proc/PID/status.
func status(tb testing.TB, pid int, name string) int64 {
	tb.Helper()
	for l := range strings.SplitSeq(readFile(tb, fmt.Sprintf("/proc/%d/status", pid)), "\n") {
		if v, ok := strings.CutPrefix(l, name+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n << 10
		}
	}
	tb.Fatalf("process %d has no %s", pid, name)
	return 0
}

// idleSpan is how long an idle cockpit is watched.
const idleSpan = 20 * time.Second

// BenchmarkIdle measures what four panes cost that are polled each ten seconds
// while nothing happens, beside a stock Bubble Tea program that does nothing.
func BenchmarkIdle(b *testing.B) {
	reference := stock(b)
	prom := newPrometheus(b)
	pd := newBarePager(b)
	pd.checkout()
	s := newSite(b)
	s.add("pages:\n  - {type: pagerduty, name: pd, url: %q, token: {file: token}, every: 10s}", pd.url())
	s.add("deploys:\n  - {type: git, name: tags, path: %q, every: 10s}", repository(b, time.Now(), "v1", "v2"))
	s.add("metrics:\n  - {type: prometheus, name: prom, url: %q, every: 10s}", prom.url)
	s.add("panels:\n  - {title: up, source: prom, query: 'up'}\n  - {title: load, source: prom, query: 'node_load1'}")
	s.write("app.log", strings.Repeat("INFO one line\n", 100), 0o600)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	b.ResetTimer()
	for range b.N {
		p := record(b, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
		p.sees(title, "v2", "load", "one line")
		ref := record(b, nil, reference)
		ref.sees("stock is ready")
		before, refBefore := used(b, p.cmd.Process.Pid), used(b, ref.cmd.Process.Pid)
		began := time.Now()
		time.Sleep(idleSpan) // the span is what is measured
		after, refAfter := used(b, p.cmd.Process.Pid), used(b, ref.cmd.Process.Pid)
		took := time.Since(began)
		p.end()
		ref.end()
		b.ReportMetric(100*float64(after.cpu-before.cpu)/float64(took), "%core")
		b.ReportMetric(100*float64(refAfter.cpu-refBefore.cpu)/float64(took), "%core-stock")
		b.ReportMetric(float64(after.total)/(1<<20), "MB-all")
		b.ReportMetric(float64(refAfter.total)/(1<<20), "MB-all-stock")
		b.ReportMetric(0, "ns/op")
	}
}

// heldLines is how many log lines the memory is measured with.
const heldLines = 100_000

// BenchmarkMemory measures the memory with many log lines held, beside the size
// of their text and a stock Bubble Tea program.
func BenchmarkMemory(b *testing.B) {
	reference := stock(b)
	s := newSite(b)
	path := s.write("app.log", "", 0o600)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	b.ResetTimer()
	for range b.N {
		if err := os.Truncate(path, 0); err != nil {
			b.Fatal(err)
		}
		p := record(b, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
		p.sees("LOGS", "app ")
		text := appendLines(b, path, heldLines)
		p.sees(fmt.Sprintf("order %d declined", heldLines-1))
		ref := record(b, nil, reference)
		ref.sees("stock is ready")
		u, refUsed := used(b, p.cmd.Process.Pid), used(b, ref.cmd.Process.Pid)
		p.end()
		ref.end()
		b.ReportMetric(float64(u.rss)/(1<<20), "MB-rss")
		b.ReportMetric(float64(u.peak)/(1<<20), "MB-peak")
		b.ReportMetric(float64(u.total)/(1<<20), "MB-all")
		b.ReportMetric(float64(text)/(1<<20), "MB-text")
		b.ReportMetric(float64(refUsed.rss)/(1<<20), "MB-rss-stock")
		b.ReportMetric(float64(u.rss-refUsed.rss)/float64(text), "above-stock/text")
		b.ReportMetric(0, "ns/op")
	}
}

// appendLines appends lines of a usual length at the pace of a busy service, and
// returns their size in bytes.
func appendLines(b *testing.B, path string, n int) (size int64) {
	b.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range n {
		k, err := fmt.Fprintf(w, `{"time":%q,"level":"info","msg":"order %d declined by the acquirer, trying the next one","trace":"%032x"}`+"\n",
			time.Now().UTC().Format(time.RFC3339Nano), i, i)
		if err != nil {
			b.Fatal(err)
		}
		size += int64(k)
		if i%1000 == 999 {
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond) // the pace, not a race
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return size
}
