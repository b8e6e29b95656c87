//go:build linux

package main

import "testing"

// TestPagesAreLetGoInTurn goes through all of the program once, and then begins
// again. That it goes on is what shows that nothing was lost.
func TestPagesAreLetGoInTurn(t *testing.T) {
	pages := newTouched()
	if len(pages.parts) == 0 {
		t.Fatal("a program has no pages")
	}
	var all, gone uintptr
	for _, p := range pages.parts {
		all += p.to - p.from
	}
	for range 2 {
		for gone = 0; ; {
			before := pages.next
			if pages.letGoSome(pagesAtOnce); pages.next == 0 {
				break
			}
			if before < pages.parts[0].from {
				before = pages.parts[0].from
			}
			gone += min(pages.next-before, pagesAtOnce)
		}
		if gone > all || gone < all/2 {
			t.Errorf("of %d bytes %d are let go of", all, gone)
		}
	}
	pages.letGo()
}
