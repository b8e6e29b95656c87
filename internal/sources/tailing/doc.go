// Package tailing is what the log stores share beside their manners over HTTP:
// being pointed at another query while they run, going on where an interrupted
// tail ended without a line lost or shown twice, and putting a store's times on
// this machine's clock.
//
// A store is asked about the time from a little before the newest line that it
// gave, because lines become visible in it later than they were written; those
// that come again are known by their time, their origin and their text. Now and
// then, and after an interruption, it is asked about some minutes more, for the
// lines of machines whose clocks are behind. It knows no store and starts no
// goroutine.
package tailing
