package pagerduty

import "testing"

func TestSameTitle(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"checkout 5xx above 5%", "Checkout  5xx above 12%", true},
		{"checkout 5xx above 5%", "checkout 4xx above 5%", false},
		{"p99 latency", "p50 latency", false},
		{"k8s node down", "ec2 node down", false},
		{"pod web-7d9f8b6c5-x2x4z restarts", "pod web-85bd99f4c-k8s9d restarts", true},
		{"job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed", "job 9b2e7c14-abcd-4c3e-beef-1234567890ab failed", true},
		{"checkout v412 slow", "checkout v413 slow", true},
		{"queue depth 1,204", "queue depth 17", true},
		{"10.0.0.1 down", "192.168.17.4 down", true},
		{"ledger down", "checkout down", false},
		{"", "", true},
		{"größe 5", "GRÖSSE 5", false},
		{"Ünïcode 5", "ünïcode 7", true},
	} {
		if got := sameTitle(c.a) == sameTitle(c.b); got != c.same {
			t.Errorf("%q and %q are the same: %t, want %t (%q, %q)", c.a, c.b, got, c.same, sameTitle(c.a), sameTitle(c.b))
		}
	}
}
