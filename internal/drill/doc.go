// Package drill is a whole simulated incident on one machine. It starts, on
// loopback and in this process, servers that speak the PagerDuty, Prometheus and
// GitHub APIs, and small services that really answer requests, really write log
// files, really get worse when a bad release or a full volume reaches them, and
// really heal when a runbook's step is run. The cockpit works on it with its
// ordinary clients and an ordinary config file; it cannot tell.
//
// A [Scenario] is a file. All of its offsets and durations are in scenario time:
// divided by [Options].Speed they give the time that passes on the wall. Time
// stamps are always the wall's. Numbers that are measured, such as a latency or
// a request rate, are never scaled.
//
// Nothing leaves the machine: every listener and every connection is on
// 127.0.0.1, and every file is below one private directory that [Drill.Close]
// takes away. The package knows nothing of the screen, of the ledger, or of the
// sources that read it; what the cockpit saw reaches it through [Drill.Observe].
package drill
