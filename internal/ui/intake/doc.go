// Package intake is the gate between the keyboard and the program. A terminal
// answers on the same line that keys come in on, and some can be made to answer
// by text that they show; what the library takes for keys includes the pieces of
// an answer that a slow link has cut in two. So only what a key sends passes, and
// the two answers that the program asks for; every other sequence is dropped
// whole, however it was cut. Text that comes faster than anybody types is a
// paste, with or without the marks around it.
//
// It knows bytes and times, and nothing of what a key does.
package intake
