// Package follow leads from a page to everything beside it: which service it
// is, what to ask the metrics sources and the log stores about it, which stretch
// of time to show, and which deploys preceded it.
//
// It is pure: no clock, no I/O, no state. Values that came from a page are
// escaped for the query language they go into, or refused. It says "preceded
// by" and never "caused by". It must not know the screen, the sources or the
// config file.
package follow
