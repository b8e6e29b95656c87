package board_test

import (
	"slices"
	"testing"

	"conway/internal/board"
)

func TestOlderLinesStandAbove(t *testing.T) {
	b := board.New(board.Options{LineCap: 2500})
	in := lines(0, 6000)
	b = fold(b, batch(in[3000:], 4)) // the first 500 of them are let go again
	held := b.Logs()
	older := board.NewTail(in[2000:3500])
	both := held.Above(older, 1)
	if got := all(both); !slices.Equal(got, in[2000:]) {
		t.Fatalf("%d lines, want %d", len(got), 4000)
	}
	if both.FirstSeq() != held.FirstSeq() || both.Order() == held.Order() || both.Len() != 4000 {
		t.Errorf("first %d, order %+v, len %d", both.FirstSeq(), both.Order(), both.Len())
	}
	if all(held)[0] != in[3500] {
		t.Error("the tail itself has changed")
	}
	q, err := board.ParseQuery(`"line 2500"`)
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := both.Scan(q, both.FirstSeq()+4000, 1<<30); len(found) != 1 || both.At(int(found[0]-both.FirstSeq())).Raw != in[2500].Raw {
		t.Errorf("found %v", found)
	}
	if got := held.Above(board.Tail{}, 3); got.Len() != held.Len() || got.Order() != held.Order() {
		t.Error("nothing above is something")
	}
}
