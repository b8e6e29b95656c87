package main

import "testing"

func TestPaceLeavesRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, paceLater}, {1, paceAtFirst}, {2 * mb, paceAtFirst}, {5 * mb, 200}, {10 * mb, 100}, {20 * mb, 50}, {30 * mb, paceLater}, {200 * mb, paceLater},
	} {
		if got := paceFor(c.live); got != c.want {
			t.Errorf("beside %d bytes the pace is %d, not %d", c.live, got, c.want)
		}
	}
}
