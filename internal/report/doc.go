// Package report counts what the ledger holds: who was woken by whose code, how
// often, at which hour of their own night, and what was known before.
//
// It is pure: no clock, no files, no zone but those it is given. Records go in
// as [Facts], [Interruptions] makes one [Page] of each waking, and [Count] makes
// the numbers. The rules are those that the report prints as its version,
// [Rules]; where one of them decides a case, its code says so.
//
// A ledger of years is read by a [Reading], which makes of it the facts that one
// period depends on; what [Read] makes of all records is what that is held to.
//
// Three things hold everywhere: counts and shares instead of durations; a deploy
// "preceded" a page until a person confirmed more; and no number is one person's.
//
// The package knows the nouns of package oncall and nothing of the ledger's
// store, the screen or the sources.
package report

// Rules is the version of the counting rules, printed on every report.
const Rules = 1
