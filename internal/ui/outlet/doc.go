// Package outlet is the way to a terminal that may be slower than the program: a
// serial line, a phone's link, a multiplexer that is busy. What is written is
// taken at once and sent by a goroutine of its own, so that keys go on acting
// while a frame is on its way. While one is, no other is drawn: a frame that
// nobody could have seen is skipped, and the next shows the newest state. So what
// waits is never more than one frame and what a person asked for.
//
// It knows bytes, messages and times, and nothing of what is drawn.
package outlet
