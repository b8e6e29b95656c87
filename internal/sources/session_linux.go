package sources

import "syscall"

// OwnSession returns the attributes of a program that a source runs. It is in a
// session of its own: what it starts can be ended with it, and it has no terminal,
// where it could ask for a password, over the screen. It ends with conway, however
// that ends (prctl(2), PR_SET_PDEATHSIG): one that has nothing to say would not
// notice that nobody listens any more.
func OwnSession() *syscall.SysProcAttr {
	// The signal comes when the thread ends that has started the program. Threads last
	// as long as conway: only goroutines that are locked to theirs end one.
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
}
