package board_test

import (
	"fmt"
	"testing"

	"conway/internal/board"
	"conway/internal/oncall"
)

func TestActionStates(t *testing.T) {
	type step struct {
		state   oncall.ActionState
		attempt int
	}
	tests := []struct {
		name    string
		steps   []step
		want    oncall.ActionState
		settled int
	}{
		{"delivered", []step{{oncall.Held, 0}, {oncall.Sending, 1}, {oncall.Confirmed, 1}}, oncall.Confirmed, 1},
		{"the end is told once", []step{{oncall.Confirmed, 1}, {oncall.Confirmed, 1}}, oncall.Confirmed, 1},
		{"late news does not undo the end", []step{{oncall.Confirmed, 1}, {oncall.Sending, 1}}, oncall.Confirmed, 1},
		{"confirmed stays so", []step{{oncall.Confirmed, 1}, {oncall.Refused, 1}}, oncall.Confirmed, 1},
		{"unconfirmed turns out well", []step{{oncall.Unconfirmed, 1}, {oncall.Confirmed, 1}}, oncall.Confirmed, 1},
		{"sent again", []step{{oncall.Refused, 1}, {oncall.Sending, 2}}, oncall.Sending, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, _ := after(t, list(0, page("a", oncall.Triggered)))
			settled := 0
			for i, s := range tt.steps {
				e := action("1", oncall.Acknowledge, "a", s.state, i)
				e.Attempt = s.attempt
				var changes []board.Change
				b, changes = b.Apply(e)
				for _, c := range changes {
					if _, ok := c.(board.ActionSettled); ok {
						settled++
					}
				}
			}
			got := b.Actions()
			if len(got) != 1 || got[0].State != tt.want || settled != tt.settled {
				t.Errorf("actions %+v, settled %d times; want %v, %d", got, settled, tt.want, tt.settled)
			}
		})
	}
}

func TestActionsAreBoundedButNoneUnderWayIsLost(t *testing.T) {
	b, _ := after(t)
	for i := range 600 {
		e := action(fmt.Sprint(i), oncall.Annotate, "a", oncall.Confirmed, i)
		if i < 300 && i%2 == 0 {
			e.State = oncall.Sending
		}
		e.Action.At = at(i)
		b, _ = b.Apply(e)
	}
	all := b.Actions()
	if len(all) != 200 || b.Undelivered() != 150 {
		t.Errorf("%d actions, %d undelivered; want 200, 150", len(all), b.Undelivered())
	}
	for i := 1; i < len(all); i++ {
		if all[i].Action.At.After(all[i-1].Action.At) {
			t.Fatalf("action %d is newer than the one before it", i)
		}
	}
}
