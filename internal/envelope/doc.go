// Package envelope is what is around the cockpit so that its end, whatever it
// is, leaves the terminal as it was.
//
// A program cannot clean up after its own SIGKILL, nor after a panic in a
// goroutine of somebody else's. So the program starts itself once more: Run, in
// the parent, saves the terminal, starts the child on the same terminal in the
// same process group, and waits; the child does everything else and reports to
// its parent over a Link. When the child has ended the parent puts the terminal
// back, ends what the child left running, writes a crash file if there is
// something to explain, and exits with the child's code.
//
// The contract:
//
//   - The parent holds the terminal's settings from before, and nothing of the
//     program's. It writes to the terminal only after the child has ended or
//     stopped without giving the terminal back.
//   - The child's standard error is the parent's to keep until the end, because
//     the runtime writes its last words there: they would land on the screen.
//     They are shown if the child ended in order, else they go to the crash file.
//   - Both are in one process group, the one that the shell made, so that a
//     shell's job control, a terminal's signals and its size reach both. The
//     parent stops when the child does. A signal to one reaches the other.
//   - When the parent is killed the child notices and ends in order.
//   - A crash file holds no secret that the child has told of with Link.Learn.
//
// Exit codes: the child's own; 128+n after signal n; Crashed after a crash.
//
// The package knows nothing of pages, sources, the screen or the runner. What a
// running step is and how it is ended is handed in.
package envelope
