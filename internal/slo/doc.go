// Package slo reads service level objectives as other tools write them and says
// what to ask a Prometheus about them: what is left of the error budget, how fast
// it is spent, and what one incident took of it.
//
// It reads Sloth's prometheus/v1, OpenSLO v1 with ratios of Prometheus metrics,
// and Pyrra's ratio and latency indicators. What it cannot turn into a query that
// means the same is refused with a [Fault], which names the file, the line and
// the field; nothing is guessed. An alert that Sloth or Pyrra made names its SLO
// in its labels, which is enough where Sloth's rules are recorded.
//
// It is pure: bytes come in, objectives and queries go out. Values that came from
// a page are quoted before they are part of a query.
package slo
