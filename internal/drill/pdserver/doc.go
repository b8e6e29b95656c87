// Package pdserver is a PagerDuty account in memory, spoken to over the REST API
// v2 that the real one documents: incidents with their alerts, notes and log
// entries, users, teams, services, escalation policies that really escalate,
// on-call shifts and change events. Tests, the end-to-end tests and the drill
// are served by it.
//
// The contract: every answer has the documented shape, every documented trap is
// there (a resolved incident set to acknowledged is reopened; a list without
// date_range=all forgets incidents older than a month; /users/me refuses an
// account key; a write without From is refused), and nothing happens by itself
// except through the clock that is handed in: what is due is done when somebody
// looks. Failures are injected with Fail.
//
// It must not know any client of it, and imports nothing of this module.
package pdserver
