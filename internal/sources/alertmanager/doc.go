// Package alertmanager brings pages from the alerts that a Prometheus Alertmanager
// holds as firing, by its API v2, and snoozes them with silences.
//
// A page is one firing of an alert, by its fingerprint and when it began, whatever
// groups and receivers it is in: one that ends and fires again is another page.
// Alertmanager knows no people, no acknowledgement and no escalation, so that every
// alert that passes the configured filter is taken for this person's, and an
// acknowledgement is one of conway's cockpits alone: it is in their ledger, and
// Alertmanager goes on calling. What it does have are silences. One that was made
// after an alert began is somebody's answer to it: the page is shown as taken, by
// whoever made the silence and until it ends. One that was there before, or an
// inhibition, is planned: such an alert is no page.
//
// An alert that is no longer listed has ended. Alertmanager keeps no history, so
// how often it fired before is not known here. When one ended while nobody looked,
// it was over after it was last seen; that moment is taken, so that nobody counts as
// having been at it for longer than is known.
package alertmanager
