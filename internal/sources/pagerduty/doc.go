// Package pagerduty is the source of pages that PagerDuty knows, and of who is
// on call. It polls the REST API v2, and acknowledges, resolves and annotates.
//
// Its contract is that of package sources, and this: a page it has shown is
// never dropped in silence. One that leaves the list of open incidents is looked
// up; it is shown as resolved for a while, or dropped when PagerDuty says that
// it is open but somebody else's, or kept, marked, while PagerDuty does not say.
// A row that cannot be read whole is kept and names what was odd.
//
// The library go-pagerduty builds the write requests and lends its types; the
// hot paths have a small layer of their own, because the library fails a whole
// list for one odd value and hides rate limits and causes.
//
// It must not know the screen, other sources, or what becomes of its events.
package pagerduty
