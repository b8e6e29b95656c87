package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxPanic bounds a panic's own words in a fault, in runes.
const maxPanic = 120

// guard calls f and turns a panic into a fault, so that one source's mistake
// stays its own. The stack goes to log.
func guard(log *slog.Logger, source, op string, f func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		what := describePanic(v)
		log.Error("recovered from a panic", "source", source, "op", op, "panic", what, "stack", string(debug.Stack()))
		err = &panicError{&oncall.Fault{
			Kind: oncall.Unavailable, Source: source, Op: op, Detail: "a mistake in conway: " + what,
			Fix: "please report it with the stack from the log",
		}}
	}()
	return f()
}

// panicError marks the fault of a recovered panic.
type panicError struct{ fault *oncall.Fault }

func (e *panicError) Error() string { return e.fault.Error() }
func (e *panicError) Unwrap() error { return e.fault }

// describePanic names a panic without repeating what may be a secret: the
// runtime's own words hold none, any other value is named by its type alone.
func describePanic(v any) string {
	var re runtime.Error
	if err, ok := v.(error); ok && errors.As(err, &re) {
		return "panic: " + sources.Printable(re.Error(), maxPanic)
	}
	return fmt.Sprintf("panic with a value of type %T", v)
}

// faultOf returns err as a fault that names its source.
func faultOf(err error, source, op string) *oncall.Fault {
	var f *oncall.Fault
	if !errors.As(err, &f) {
		return oncall.AsFault(err, source, op)
	}
	if f.Source != "" {
		return f
	}
	named := *f
	named.Source = source
	return &named
}
