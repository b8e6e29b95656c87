package sources

import (
	"context"
	"sync/atomic"
	"time"
)

// linger is how long the answer to what begins a search is awaited after nobody
// needs it any more. Systems give it at once.
const linger = time.Second

// Lingering returns a context that goes on for a moment after ctx has ended, for a
// request that begins something on the other side: without its answer that could not
// be ended there. The function has to be called when the answer is there.
func Lingering(ctx context.Context) (context.Context, func()) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var timer atomic.Pointer[time.Timer]
	stop := context.AfterFunc(ctx, func() { timer.Store(time.AfterFunc(linger, cancel)) })
	return out, func() {
		stop()
		cancel()
		if t := timer.Load(); t != nil {
			t.Stop()
		}
	}
}
