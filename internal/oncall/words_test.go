package oncall

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestWordsReadBack reads every kind and state as it is written, and words that
// nobody has written yet.
func TestWordsReadBack(t *testing.T) {
	type all struct {
		Kind  ActionKind
		State ActionState
		Run   RunState
	}
	for i := range uint8(20) {
		want := all{ActionKind(i), ActionState(i), RunState(i)}
		if want.Kind.String() == "action" {
			want.Kind = 255
		}
		if want.State.String() == "unknown" {
			want.State = Unconfirmed
		}
		if want.Run.String() == "unknown" {
			want.Run = RunFailed
		}
		b, err := json.Marshal(all{ActionKind(i), ActionState(i), RunState(i)})
		if err != nil {
			t.Fatal(err)
		}
		var got all
		if err := json.Unmarshal(b, &got); err != nil || got != want {
			t.Errorf("%s: got %v, want %v, %v", b, fmt.Sprint(got), fmt.Sprint(want), err)
		}
	}
}
