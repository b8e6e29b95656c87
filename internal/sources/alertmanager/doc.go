// Package alertmanager brings pages from the alerts that a Prometheus Alertmanager
// holds as firing, by its API v2, and snoozes them with silences.
//
// A page is one alert, by its fingerprint, whatever groups and receivers it is in.
// Alertmanager knows no people, no acknowledgement and no escalation, so that a
// page of it has none either: every alert that passes the configured filter is
// taken for this person's. What it does have are silences. One that was made
// after an alert began is somebody's answer to it: the page is shown as taken, by
// whoever made the silence and until it ends. One that was there before, or an
// inhibition, is planned: such an alert is no page.
//
// An alert that is no longer listed has ended. Alertmanager keeps no history, so
// how often it fired before is not known here.
package alertmanager
