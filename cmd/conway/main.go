// Command conway is a terminal cockpit for the person on call.
package main

import (
	"context"
	"fmt"
	"os"

	"conway/internal/envelope"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(program()) }

// program is main with its deferred calls done.
func program() int {
	settled := pace()
	defer settled()
	hardening := envelope.Harden()
	link, err := envelope.Join()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conway:", err)
		return exitFailed
	}
	// A dropped ssh connection sends HUP, which nothing else here handles.
	ctx, signals := envelope.NewSignals(context.Background(), link)
	defer signals.Stop()
	p := process{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, args: os.Args,
		environ: os.Environ(), getenv: os.Getenv,
		link: link, signals: signals, hardening: hardening,
		toil: func(records int64) { toil(settled, records) },
	}
	code := run(ctx, os.Args[1:], p)
	link.Bye(code, code == exitCrashed || code == exitAsked)
	return code
}
