package sources

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestLingering has the context of a search end while its beginning is on the way.
func TestLingering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out, done := Lingering(ctx)
		began := time.Now()
		cancel()
		time.Sleep(linger / 2)
		if out.Err() != nil {
			t.Error("it ended with the other")
		}
		<-out.Done()
		if d := time.Since(began); d != linger {
			t.Errorf("it ended after %v, want %v", d, linger)
		}
		done()
		out, done = Lingering(t.Context())
		done()
		if out.Err() == nil {
			t.Error("it goes on after the answer was there")
		}
	})
}
