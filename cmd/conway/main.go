// Command conway is a terminal cockpit for the person on call.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"conway/internal/envelope"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(program()) }

// The pace of the garbage collector, in percent of what is in use. Collecting
// takes a fifth of the work until the first frame is there, and can wait. From
// then on memory counts for more than a processor with little to do: with
// 100,000 log lines held, the slower pace of 100 takes 5 MB more.
const (
	paceAtFirst = 400
	paceLater   = 25
	// firstFor covers the start on a slow machine, and is over before much is held.
	firstFor = time.Second
	// memoryLimit is from where on garbage is collected however little there is of
	// it: with a million log lines held, the pace of 50 would let in another 100 MB.
	// A full collection looks at none of their text and takes a millisecond or two.
	memoryLimit = 236 << 20
)

// program is main with its deferred calls done.
func program() int {
	debug.SetGCPercent(paceAtFirst)
	debug.SetMemoryLimit(memoryLimit)
	defer time.AfterFunc(firstFor, func() {
		debug.SetGCPercent(paceLater)
		debug.FreeOSMemory() // what the start took, which the parent never needs again
	}).Stop()
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
	}
	code := run(ctx, os.Args[1:], p)
	link.Bye(code, code == exitCrashed || code == exitAsked)
	return code
}
