package gate_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"conway/internal/ui/gate"
)

// traffic is what the renderer writes while somebody uses the sample incident.
func traffic(tb testing.TB) [][]byte {
	tb.Helper()
	s, _ := newSession(tb, "", links)
	s.press("esc", "esc")
	s.size(200, 50)
	c := newCanvas(200, 50)
	var out [][]byte
	add := func() {
		c.draw(tb, s.Content())
		out = append(out, bytes.Clone(c.last))
	}
	add()
	for _, scr := range screens() {
		for _, k := range scr.keys {
			s.press(k)
			add()
		}
		s.press("esc", "esc", "u")
		add()
	}
	return out
}

// BenchmarkGate measures what the gate adds to a write, against a plain copy of
// the same bytes into a buffer in the same run, and against drawing the frames.
func BenchmarkGate(b *testing.B) {
	writes := traffic(b)
	size := 0
	for _, w := range writes {
		size += len(w)
	}
	b.SetBytes(int64(size))
	g := gate.New(io.Discard)
	var gated, plain time.Duration
	for b.Loop() {
		t0 := time.Now()
		for _, w := range writes {
			_, _ = io.Discard.Write(bytes.Clone(w))
		}
		t1 := time.Now()
		for _, w := range writes {
			_, _ = g.Write(w)
		}
		plain += t1.Sub(t0)
		gated += time.Since(t1)
	}
	if g.Dropped() > 0 {
		b.Fatalf("%d dropped", g.Dropped())
	}
	frames := float64(len(writes)) * float64(b.N)
	b.ReportMetric(float64(gated)/float64(plain), "of-a-copy")
	b.ReportMetric(float64(gated.Microseconds())/frames, "µs/frame")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/gated.Seconds(), "gate-MB/s")
}

// BenchmarkFrame is the same frames drawn: what the gate's cost is compared with.
func BenchmarkFrame(b *testing.B) {
	s, _ := newSession(b, "", links)
	s.press("esc", "esc")
	s.size(200, 50)
	c := newCanvas(200, 50)
	for b.Loop() {
		s.press("j", "k")
		c.draw(b, s.Content())
	}
}
