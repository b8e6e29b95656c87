package drill

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestVolumeFillsUpAndEmpties(t *testing.T) {
	v, err := newVolume(filepath.Join(t.TempDir(), "spool"), Volume{Capacity: 64 << 10, Segment: 8 << 10, Used: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := v.ratio(); err != nil || r != 0.5 {
		t.Fatalf("at the start: %g, %v", r, err)
	}
	if err := v.append(make([]byte, 1<<10)); err != nil {
		t.Fatal(err)
	}
	if full, err := v.fill(8 << 10); full || err != nil {
		t.Fatalf("with room: full=%t, %v", full, err)
	}
	if full, err := v.fill(1 << 20); !full || err != nil {
		t.Fatalf("without: full=%t, %v", full, err)
	}
	if r, err := v.ratio(); err != nil || r != 1 {
		t.Fatalf("when full: %g, %v", r, err)
	}
	if err := v.append([]byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("append to a full volume: %v", err)
	}
	if v.robbed() {
		t.Error("segments that are there are missed")
	}
	old, err := filepath.Glob(filepath.Join(v.dir, "*.old"))
	if err != nil || len(old) == 0 {
		t.Fatalf("rotated segments: %v, %v", old, err)
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if !v.robbed() {
		t.Error("nobody notices that the segments are gone")
	}
	if err := v.append([]byte("x")); err != nil {
		t.Errorf("append after segments were removed: %v", err)
	}
	// The service's own file never fills the volume.
	for range 100 {
		if err := v.append(make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if r, _ := v.ratio(); r > 0.125 {
		t.Errorf("after 100 KiB of its own entries the volume is %g full", r)
	}
}
