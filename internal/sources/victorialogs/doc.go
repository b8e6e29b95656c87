// Package victorialogs follows and searches log lines in VictoriaLogs.
//
// A query is answered with the newest lines of its window; a search asks for them
// page by page. A tail begins with those and goes on with the store's own live
// tail, which tells each line once and soon, but not those that become visible
// late. So the last half minute is asked for now and then as well, which also
// tells whether the store is there while nothing happens: the live tail sends not
// even its head before there is a line. Where a query cannot be tailed, because of
// its pipes, or a gateway does not offer it, only the former is done, more often.
//
// Answers are JSON lines, whose order and whose fields' order mean nothing. A line
// that cannot be read is shown as it came. Errors are plain text.
package victorialogs
