package drill

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestCrewSurvivesAPanic(t *testing.T) {
	c := &crew{log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	c.goes(ctx, "a", func(context.Context) error { panic("ouch") })
	c.goes(ctx, "b", func(context.Context) error { return errors.New("no") })
	c.goes(ctx, "c", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	cancel()
	err := c.wait()
	for _, want := range []string{"run a: panic: ouch", "run b: no"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "run c") {
		t.Errorf("the end of the drill counts as a failure: %v", err)
	}
}
