// Package faults holds tests only: each fault that a source, the way of an action
// or a clock can have, and what a person then sees. Everything is wired as the
// program wires it: the sources and their budgets, the group, the mailbox, the
// outbox, the board and the screen, against the drill's servers. Time is a
// bubble's, so that ten hours of an outage take a second; what is about bytes on
// a wire runs through Toxiproxy on loopback, and what is about files on a disk, in
// real time.
//
// The tests are named in the words of the fault matrix that they keep. Its rows on
// the journal, on kills and power cuts, and on the terminal are kept where those
// live; that many cockpits share one token is kept in package feed.
package faults
