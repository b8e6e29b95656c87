package pane_test

import (
	"testing"

	"conway/internal/ui/pane"
)

func TestNeedle(t *testing.T) {
	for _, c := range []struct {
		typed, in string
		want      bool
	}{
		{"", "anything", true},
		{"checkout 5XX", "CHECKOUT 5xx above 5%", true},
		{"checkout p99", "CHECKOUT 5xx above 5%", false},
		{"Ошибка", "Ошибка оплаты", true}, // as it stands there
		{"ошибка", "ОШИБКА ОПЛАТЫ", true},
		{"CAFÉ", "café", true},
		{"支払い", "支払いサービスのエラー", true},
		{"支払い", "支", false},
	} {
		if got := pane.NewNeedle(c.typed).Match("other", c.in); got != c.want {
			t.Errorf("%q in %q: %v", c.typed, c.in, got)
		}
	}
}
