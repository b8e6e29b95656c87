package report

import "testing"

func TestBothHandsOnAPanicOfEither(t *testing.T) {
	panics := func(one, other func()) (p any) {
		defer func() { p = recover() }()
		both(one, other)
		return nil
	}
	done := 0
	if p := panics(func() { panic("one") }, func() { done++ }); p != "one" || done != 1 {
		t.Errorf("%v, %d done", p, done)
	}
	if p := panics(func() { done++ }, func() { panic("other") }); p != "other" || done != 2 {
		t.Errorf("%v, %d done", p, done)
	}
	if p := panics(func() { done++ }, func() {}); p != nil || done != 3 {
		t.Errorf("%v, %d done", p, done)
	}
}
