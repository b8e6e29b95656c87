package clock_test

import (
	"testing"
	"time"

	"conway/internal/clock"
)

// TestBootGoesOn compares two looks with Go's own clock: no sleep lies between
// them, so they agree.
func TestBootGoesOn(t *testing.T) {
	start := time.Now()
	a, ok := clock.Boot()
	if !ok || a <= 0 {
		t.Fatalf("the machine has been running for %v, %v", a, ok)
	}
	time.Sleep(20 * time.Millisecond) // the passing of time is what is tested
	b, ok := clock.Boot()
	passed := time.Since(start)
	if d := b - a; !ok || d < 20*time.Millisecond || d > passed {
		t.Errorf("%v passed by the boot clock, %v in all", d, passed)
	}
}
