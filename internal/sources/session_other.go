//go:build !linux

package sources

import "syscall"

// OwnSession returns the attributes of a program that a source runs. It is in a
// session of its own: what it starts can be ended with it, and it has no terminal,
// where it could ask for a password, over the screen.
func OwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
