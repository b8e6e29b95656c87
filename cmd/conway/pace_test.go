package main

import "testing"

func TestPaceLeavesRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, paceLater}, {1, paceAtFirst}, {2 * mb, paceAtFirst}, {5 * mb, 200}, {10 * mb, 100}, {20 * mb, 50}, {30 * mb, 33}, {40 * mb, paceLater}, {200 * mb, paceLater},
	} {
		if got := paceFor(c.live); got != c.want {
			t.Errorf("beside %d bytes the pace is %d, not %d", c.live, got, c.want)
		}
	}
}

// TestLimitLeavesRoom has the limit stay where it is for a million lines, and go up
// in steps with what is in use beyond them.
func TestLimitLeavesRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live uint64
		want int64
	}{
		{0, memoryLimit}, {40 * mb, memoryLimit}, {207 * mb, memoryLimit}, {208 * mb, 237 * mb}, {209 * mb, 237 * mb}, {900 * mb, 929 * mb},
	} {
		if got := limitFor(c.live); got != c.want {
			t.Errorf("beside %d bytes the limit is %d, not %d", c.live, got, c.want)
		}
	}
}
