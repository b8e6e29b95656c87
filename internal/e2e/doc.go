// Package e2e holds only tests, behind the build tag e2e. They run the real
// binary the way a person does: in a terminal of tmux or behind a pipe, against
// a faithful PagerDuty, a real Prometheus, real log files and a real git
// repository, all on loopback.
//
// The contract: a test knows of the program only what can be seen from outside,
// which is its screen, its bytes, its exit code, its files and what the servers
// were asked. It waits for what it wants to see until a deadline and never for a
// time. It leaves no process behind.
package e2e
