// Package clock reads the clock that counts since the machine was started, time
// spent asleep included. Nobody can set it, so it tells how much time really
// passed between two looks: Go's own monotonic reading stops while a laptop
// sleeps, and the wall clock can be set.
//
// It knows one system call and nothing else.
package clock
