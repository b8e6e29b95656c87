// Package lookback searches the log files of this machine for what is older than a
// tail of them, those among them that were rotated away and compressed.
//
// Beside each file that a glob matches, those are read that its name begins and a
// number or a date goes on: app.log.1, app.log-20260302, app.log.2.gz,
// app.log.3.zst. A file that was last written to before the window is not opened.
// In one that is not compressed the window is looked up by the times of its lines,
// which are about in order; a compressed one is read from its beginning. A line
// without a time has that of the line before it.
//
// A query is a text that lines hold.
package lookback
