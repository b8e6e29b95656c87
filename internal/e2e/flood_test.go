//go:build e2e

package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// floodSpan is how long the flood lasts: long enough by default that more lines
// come than are held.
var floodSpan = flag.Duration("flood", 12*time.Second, "how long the flood of log lines lasts")

const (
	// floodLines is how many lines come in a second, in all sources together.
	floodLines = 100_000
	// floodMemory bounds the resident memory with a million lines held, of 186 MB.
	// It is to notice what grows without end, also on a machine so busy that
	// garbage is collected late; how much it is, is printed.
	floodMemory = 300 << 20
)

// TestFlood has logs of 100,000 JSON lines a second, in one file and in five
// sources at once: every line that was written is accounted for, a filter parts
// those that are held into shown and not shown, and memory stays below its bound.
// What is only measured is printed beside tail -F on the same files.
func TestFlood(t *testing.T) {
	for _, n := range []int{1, 5} {
		t.Run(fmt.Sprintf("%d sources", n), func(t *testing.T) { flooded(t, n) })
	}
}

func flooded(t *testing.T, n int) {
	t.Helper()
	s := busy(t, 3)
	s.add("logs:")
	files := make([]*os.File, n)
	for i := range files {
		name := fmt.Sprintf("app%d.log", i)
		s.add("  - {type: file, name: app%d, paths: [%s]}", i, name)
		files[i] = growing(t, s.write(name, "", 0o600))
	}
	p := record(t, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
	p.sees("PAGES 3 open", "LOGS")
	idle, _ := keys(t, p, *floodSpan/4)
	tail := tailing(t, files)

	own, theirs := cpu(t, p.cmd.Process.Pid), cpu(t, tail)
	pour := newPour(t, files)
	time.Sleep(*floodSpan / 2) // the span is what is measured
	lines := pour.count()
	own, theirs = cpu(t, p.cmd.Process.Pid)-own, cpu(t, tail)-theirs
	busy, _ := keys(t, p, *floodSpan/2)
	pour.stop()
	wrote := pour.count()
	time.Sleep(calmAfter)
	calm, _ := keys(t, p, *floodSpan/4) // as long before as after, with nothing held and with all
	idle = append(idle, calm...)

	p.typed("S")
	shows := p.settles(t, fmt.Sprintf("%d lines came", wrote))
	counts := numbers(t, shows, `(\d+) lines came: (\d+) held, (\d+) let go for newer ones, (\d+) left out`)
	if counts[0] != counts[1]+counts[2]+counts[3] {
		t.Errorf("%d lines came, but %d held, %d let go and %d left out", counts[0], counts[1], counts[2], counts[3])
	}
	for _, key := range "L/level>=error" {
		p.typed(string(key))
		time.Sleep(60 * time.Millisecond) // faster would be a paste
	}
	// Each eighth line is an error.
	shows = p.settles(t, "match /level>=error")
	errors := numbers(t, shows, `(\d+) match /level>=error`)[0]
	if all := counts[1]; errors < all/8-n || errors > all/8+n {
		t.Errorf("%d of %d held lines are errors, want an eighth", errors, all)
	}
	u := used(t, p.cmd.Process.Pid)
	t.Logf("%d received = %d shown + %d filtered + %d dropped", wrote, errors, counts[1]-errors, counts[2]+counts[3])
	t.Logf("CPU a line %.2f µs, tail -F %.2f µs: %.1f times; peak %d MB; key p99 %s, idle %s",
		us(own, lines), us(theirs, lines), float64(own)/float64(theirs), u.peak>>20, part(busy, 0.99), part(idle, 0.99))
	if u.peak > floodMemory {
		t.Errorf("at most %d MB were resident, want under %d", u.peak>>20, floodMemory>>20)
	}
}

func us(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }

// part returns the duration below which a part of them are.
func part(d []time.Duration, of float64) time.Duration {
	slices.Sort(d)
	return d[min(len(d)-1, int(of*float64(len(d))))].Round(100 * time.Microsecond)
}

func numbers(t *testing.T, text, form string) []int {
	t.Helper()
	m := regexp.MustCompile(form).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("nothing like %q on\n%s", form, text)
	}
	out := make([]int, len(m)-1)
	for i := range out {
		out[i], _ = strconv.Atoi(m[i+1]) // digits, by the form
	}
	return out
}

// tailing follows the files with tail -F, whose output is read by cat, and
// returns its process.
func tailing(t *testing.T, files []*os.File) int {
	t.Helper()
	args := []string{"-q", "-n0", "-F"}
	for _, f := range files {
		args = append(args, f.Name())
	}
	tail, cat := exec.Command("tail", args...), exec.Command("cat")
	r, err := tail.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cat.Stdin = r
	for _, c := range []*exec.Cmd{tail, cat} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = tail.Process.Kill()
		_ = cat.Wait()
		_ = tail.Wait()
	})
	return tail.Process.Pid
}

// pouring appends lines to files at a rate until it is stopped.
type pouring struct {
	mu   sync.Mutex
	n    int
	stop func()
}

func (p *pouring) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// newPour appends floodLines a second to the files in turn, a hundredth of a
// second's at a time. Each line has the time at which it was written.
func newPour(t *testing.T, files []*os.File) *pouring {
	t.Helper()
	levels := []string{"info", "info", "debug", "info", "warn", "info", "info", "error"}
	rest := make([]string, 5000) // made before, so that the writer costs little
	for i := range rest {
		rest[i] = fmt.Sprintf(`"level":%q,"msg":"order placed","order":"ord-%08x","customer":"cust-%06d","upstream":"acquirer-%d","duration_ms":%d,"trace_id":"%016x"}`+"\n",
			levels[i%8], i*2654435761%(1<<32), i, i%5, i%1777, uint64(i)*0x9e3779b97f4a7c15)
	}
	quit, done := make(chan struct{}), make(chan struct{})
	p := &pouring{}
	p.stop = sync.OnceFunc(func() {
		close(quit)
		<-done
	})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		bufs := make([]bytes.Buffer, len(files))
		for began, n := time.Now(), 0; ; {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			head := time.Now().UTC().Format(`{"ts":"2006-01-02T15:04:05.000000Z",`)
			for due := int(time.Since(began).Seconds() * floodLines); n < due; n++ {
				b := &bufs[n%len(bufs)]
				b.WriteString(head)
				b.WriteString(rest[n%len(rest)])
			}
			for i, f := range files {
				if _, err := f.Write(bufs[i].Bytes()); err != nil {
					t.Error(err)
					return
				}
				bufs[i].Reset()
			}
			p.mu.Lock()
			p.n = n
			p.mu.Unlock()
		}
	}()
	t.Cleanup(p.stop)
	return p
}

// settles waits until the screen shows a text and then nothing new, and returns
// it. Unlike sees it draws only what is there when it looks, which after a flood
// are thousands of frames less.
func (p *tape) settles(t *testing.T, text string) string {
	t.Helper()
	em, end := emulator()
	defer end()
	fed, screen := 0, ""
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		fresh := p.after(fed)
		fed += len(fresh)
		for _, c := range fresh {
			if _, err := em.Write(c.data); err != nil {
				t.Fatal(err)
			}
		}
		was := screen
		if screen = ansi.Strip(em.Render()); strings.Contains(screen, text) && !strings.Contains(screen, "searching") && was == screen {
			return screen
		}
	}
	t.Fatalf("after %s the screen does not show %q:\n%s", patience, text, screen)
	return ""
}
