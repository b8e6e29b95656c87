//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// keySpan is how long keys are pressed in each state. A claim about the slowest
// of a hundred needs at least a minute.
var keySpan = flag.Duration("keys", 8*time.Second, "how long keys are pressed for each latency figure")

// drawn is a cockpit with six pages and a log that can grow, on a terminal that
// says where frames end.
func drawn(b *testing.B, in ...string) (*tape, *os.File) {
	b.Helper()
	s := busy(b, 6)
	s.add("deploys:\n  - {type: git, name: tags, path: %q}", repository(b, time.Now(), "v1", "v2"))
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	f := growing(b, s.write("app.log", logLine(0), 0o600))
	p := record(b, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, append(in, binary)...)
	p.sees("PAGES 6 open", "v2", "order 0 ")
	return p, f
}

// busy is a site with so many open pages.
func busy(tb testing.TB, pages int) *site {
	tb.Helper()
	pd := newBarePager(tb)
	for i := range pages {
		pd.checkout(func(in *pdserver.Incident) {
			in.Key, in.Title = strconv.Itoa(i), fmt.Sprintf("checkout 5xx above %d%%", i)
		})
	}
	s := newSite(tb)
	s.add("pages:\n  - {type: pagerduty, name: pd, url: %q, token: {file: token}, every: 30s}", pd.url())
	return s
}

// growing opens a file to append to until the test ends.
func growing(tb testing.TB, path string) *os.File {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// logLine is a line of a usual length. Services say one thing after another, so
// that lines below each other have little in common.
func logLine(n int) string {
	words := strings.Fields("declined by the acquirer GET /v1/orders 200 retry budget exhausted pool=checkout upstream timed out after 5000ms cache miss for session token refreshed")
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	var b strings.Builder
	fmt.Fprintf(&b, "%s order %d ", []string{"INFO", "INFO", "WARN", "ERROR"}[rng.IntN(4)], n)
	for size := 60 + rng.IntN(100); b.Len() < size; {
		b.WriteString(words[rng.IntN(len(words))] + " ")
	}
	fmt.Fprintf(&b, "trace=%016x\n", rng.Uint64())
	return b.String()
}

// flood appends lines at a rate until it is stopped, a hundredth of a second's
// at a time.
func flood(b *testing.B, f *os.File, rate int) (stop func()) {
	b.Helper()
	quit, done, n := make(chan struct{}), make(chan struct{}), 1
	ready := make([]string, 5000) // made before, so that the writer costs little
	for i := range ready {
		ready[i] = logLine(i)
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var buf bytes.Buffer
		began, from := time.Now(), n
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			buf.Reset()
			for due := from + int(time.Since(began).Seconds()*float64(rate)); n < due; n++ {
				buf.WriteString(ready[n%len(ready)])
			}
			if _, err := f.Write(buf.Bytes()); err != nil {
				b.Error(err)
				return
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		close(quit)
		<-done
	})
	b.Cleanup(stop)
	return stop
}

// quietFor waits until nothing has come for a while and returns what came since.
func (p *tape) quietFor(d time.Duration, since int) (data []byte, chunks int) {
	for {
		all := p.all()
		last := p.started
		if len(all) > 0 {
			last = all[len(all)-1].at
		}
		if time.Since(last) > d && len(all) > since {
			for _, c := range all[since:] {
				data = append(data, c.data...)
			}
			return data, len(all)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// apart is between two things that each make a frame, far more than one takes.
const apart = 60 * time.Millisecond

// steps does something several times, each after the screen is quiet, and gauges
// what each makes the terminal get.
func steps(b *testing.B, p *tape, n int, do func(i int)) *gauge {
	b.Helper()
	g := newGauge(b)
	data, seen := p.quietFor(apart, 0)
	g.skip(data)
	for i := range n {
		do(i)
		data, seen = p.quietFor(apart, seen)
		g.frame(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte(frameBegins), nil), []byte(frameEnds), nil))
	}
	return g
}

// BenchmarkBytes counts what a terminal is sent, beside what a reference encoder
// needs for the same screens: for a moved cursor, for a full-width line that is
// scrolled, for a flood beside other panes, and when nothing happens; and the
// first two as tmux passes them on.
func BenchmarkBytes(b *testing.B) {
	put := func(name string, of func() (size, ratio float64)) {
		size, ratio := of()
		b.ReportMetric(size, "B/"+name)
		b.ReportMetric(ratio, name+"/least")
	}
	for range b.N {
		p, f := drawn(b)
		put("cursor", steps(b, p, 20, alternate(p)).middle)
		p.typed("\x1b[?2026;2$y") // from here on frames are marked
		put("idle", measure(b, p, 10*time.Second).sum)
		stop := flood(b, f, 1000)
		put("flood", measure(b, p, 4*time.Second).sum)
		stop()
		p.end()

		p, f = drawn(b)
		p.typed("L")
		p.typed("f")
		put("scroll", steps(b, p, 60, appending(b, f)).middle)
		p.end()

		p, f = drawn(b, inTmux(b)...)
		put("cursor-tmux", steps(b, p, 20, alternate(p)).middle)
		p.typed("L")
		p.typed("f")
		put("scroll-tmux", steps(b, p, 60, appending(b, f)).middle)
		p.end()
		b.ReportMetric(0, "ns/op")
	}
}

func alternate(p *tape) func(int) { return func(i int) { p.typed("jk"[i%2 : i%2+1]) } }

func appending(b *testing.B, f *os.File) func(int) {
	b.Helper()
	return func(i int) {
		if _, err := f.WriteString(logLine(i + 1)); err != nil {
			b.Error(err)
		}
	}
}

// measure gauges the marked frames of a span.
func measure(b *testing.B, p *tape, span time.Duration) *gauge {
	b.Helper()
	g := newGauge(b)
	seen := len(p.all())
	for _, c := range p.all()[:seen] {
		if _, err := g.em.Write(c.data); err != nil {
			b.Fatal(err)
		}
	}
	// What is left of a frame that had begun belongs to none.
	g.skip(nil)
	time.Sleep(span) // the span is what is measured
	var data []byte
	for _, c := range p.all()[seen:] {
		data = append(data, c.data...)
	}
	if first, more, ok := bytes.Cut(data, []byte(frameBegins)); ok {
		g.skip(first)
		data = append([]byte(frameBegins), more...)
	}
	g.stream(data)
	return g
}

// inTmux is how to run a program inside tmux, without a status line.
func inTmux(b *testing.B) []string {
	b.Helper()
	dir, err := os.MkdirTemp("", "cw") //nolint:usetesting // its path would be too long for a socket
	if err != nil {
		b.Fatal(err)
	}
	m := &screen{tb: b, tmux: need(b, "tmux", "tmux"), dir: dir}
	b.Cleanup(m.kill)
	conf := writeFile(b, filepath.Join(dir, "conf"), "set -g status off\nset -g default-terminal tmux-256color\nset -g escape-time 10\n", 0o600)
	return []string{"env", "TMUX_TMPDIR=" + dir, m.tmux, "-u", "-L", "conway", "-f", conf, "new-session"}
}

// cpu is what a program has used, by the scheduler's own count, which is finer
// than ticks.
func cpu(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	var sum time.Duration
	for _, pid := range tree(tb, pid) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			tb.Fatal(err)
		}
		for _, t := range tasks {
			data, err := os.ReadFile(t)
			if err != nil {
				continue // a thread that has ended
			}
			ns, err := strconv.ParseInt(strings.Fields(string(data))[0], 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			sum += time.Duration(ns)
		}
	}
	return sum
}

// keys presses j and k for a span and returns how long each took until the
// cursor's sign came, and the processor's time for each.
func keys(tb testing.TB, p *tape, span time.Duration) (took []time.Duration, each time.Duration) {
	tb.Helper()
	before := cpu(tb, p.cmd.Process.Pid)
	// As many down as up, or the next keys would begin a row lower.
	for i := 0; span > 0 || i%2 == 1; i++ {
		seen := len(p.all())
		at := time.Now()
		p.typed("jk"[i%2 : i%2+1])
		d, err := echoed(p, seen, at)
		if err != nil {
			tb.Fatal(err)
		}
		took = append(took, d)
		// Keys come at no fixed phase of the renderer's clock.
		pause := 30*time.Millisecond + time.Duration(i*7919%23)*time.Millisecond
		time.Sleep(pause)
		span -= d + pause
	}
	return took, (cpu(tb, p.cmd.Process.Pid) - before) / time.Duration(len(took))
}

func echoed(p *tape, seen int, at time.Time) (time.Duration, error) {
	var data []byte
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		for _, c := range p.after(seen) {
			seen++
			if data = append(data, c.data...); bytes.Contains(data, []byte("▶")) {
				return c.at.Sub(at), nil
			}
		}
		select {
		case <-p.more:
		case <-late.C:
			return 0, errors.New("a key moves no cursor")
		}
	}
}

// floodRate is what a busy log sends in a second, and calmAfter what the program has
// to show the last of it.
const (
	floodRate = 100_000
	calmAfter = time.Second
)

// BenchmarkKeys measures from a key to the bytes of the moved cursor, idle and
// while a log floods, beside a stock Bubble Tea program on the same screen in the
// same run; and the processor's time of a frame.
func BenchmarkKeys(b *testing.B) {
	reference := stock(b)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	at := func(d []time.Duration, part float64) time.Duration {
		slices.Sort(d)
		return d[min(len(d)-1, int(part*float64(len(d))))]
	}
	for range b.N {
		p, f := drawn(b)
		path := filepath.Join(b.TempDir(), "stock.log")
		writeFile(b, path, logLine(0), 0o600)
		still := record(b, nil, reference)
		still.sees("stock is ready")
		// In turns, so that a machine that is slow for a while is slow for all.
		var own, ref, busy []time.Duration
		var ownCPU, refCPU time.Duration
		const turns = 4
		for range turns {
			d, c := keys(b, p, *keySpan/turns)
			own, ownCPU = append(own, d...), ownCPU+c/turns
			d, c = keys(b, still, *keySpan/turns)
			ref, refCPU = append(ref, d...), refCPU+c/turns
			stop := flood(b, f, floodRate)
			d, _ = keys(b, p, *keySpan/turns)
			busy = append(busy, d...)
			stop()
			time.Sleep(calmAfter)
		}
		still.end()
		p.end()

		follows := record(b, nil, reference, path)
		follows.sees("stock is ready", "order 0 ")
		stop := flood(b, growing(b, path), floodRate)
		refBusy, _ := keys(b, follows, *keySpan)
		stop()
		follows.end()

		b.ReportMetric(ms(at(own, 0.5)), "ms-p50")
		b.ReportMetric(ms(at(own, 0.99)), "ms-p99")
		b.ReportMetric(ms(at(busy, 0.5)), "ms-p50-flood")
		b.ReportMetric(ms(at(busy, 0.99)), "ms-p99-flood")
		b.ReportMetric(ms(at(ref, 0.5)), "ms-p50-stock")
		b.ReportMetric(ms(at(refBusy, 0.5)), "ms-p50-stock-flood")
		b.ReportMetric(float64(at(busy, 0.99))/float64(at(own, 0.99)), "p99-flood/idle")
		b.ReportMetric(float64(at(own, 0.5))/float64(at(ref, 0.5)), "p50/stock")
		b.ReportMetric(float64(at(busy, 0.5))/float64(at(refBusy, 0.5)), "p50-flood/stock")
		b.ReportMetric(ms(ownCPU), "ms-cpu/frame")
		b.ReportMetric(float64(ownCPU)/float64(refCPU), "cpu/stock")
		b.ReportMetric(0, "ns/op")
	}
}
