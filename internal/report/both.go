package report

import "sync"

// both does two things at the same time that have nothing to do with each other. A
// panic of either is the caller's.
func both(one, other func()) {
	var failed any
	var wait sync.WaitGroup
	wait.Go(func() {
		defer func() { failed = recover() }()
		other()
	})
	defer func() {
		wait.Wait()
		if failed != nil {
			panic(failed)
		}
	}()
	one()
}
