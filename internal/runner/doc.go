// Package runner runs one approved step as a group of processes: it streams what
// the step prints, ends it with everything it started, and keeps a transcript.
//
// What is run is what was approved. A step's bytes are copied when it is
// started, checked against the digest of the approval, and given to the shell as
// a sealed file without a name; no path is read again, nothing is spliced in,
// and nothing appears in an argument list. Values reach the step only as
// CONWAY_ environment variables; the rest of its environment is built from a
// short list and holds no token. Its standard input is /dev/null.
//
// A cancel ends the step's whole tree: SIGTERM, then SIGKILL after a grace, to
// the group and to every process that left it but can still be recognised: by
// session, by descent, by a mark in its environment, or by an open descriptor of
// the step. What outlives that is named in Survivors. Only a process that sheds
// all four before anybody looks is out of sight, and what a step started on
// another machine over ssh is that machine's.
//
// A step that ends by itself kills nothing: what it left running, on purpose or
// not, is named in Survivors too, and what that prints later is read and thrown
// away so that it is neither blocked nor killed by a broken pipe.
//
// Lines of one output keep their order; lines of the two outputs stand in the
// order in which they were read, which is nearly that in which they were printed.
//
// The package knows nothing of the screen, the ledger or the config. Whoever
// starts a step has recorded the intent first.
package runner
