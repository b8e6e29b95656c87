// Package runbook turns a Markdown file into a document to show and steps that
// can be run, finds the runbook that belongs to a page, and names the bytes that
// somebody approved.
//
// It is pure: no file, no clock, no environment, no process. It never runs,
// fills in or rewrites a step: a step is either exactly the bytes of its fenced
// block or, with a Problem, not runnable at all. It never hides any of the
// document either: HTML comments, folded details and front matter come back as
// text. Every string it returns is the author's own and untrusted.
package runbook
