// Package sumologic follows and searches the logs of a Sumo Logic account, over
// its Search Job API.
//
// A search is a job: it is made, looked at, which is also what keeps it alive, its
// messages are read page by page while it goes on, and it is deleted, however it
// ends, because an account may have only so many. Sumo Logic searches from the end
// of a window backwards, so the newest lines come first.
//
// There is no tail. Followed logs are short jobs for what was received since the
// last one, by the time of receipt.
//
// An account belongs to one deployment, and the API of another answers with a
// redirect to it. It is followed once, with the credential, and only from one of
// Sumo Logic's own addresses to another.
//
// Of an aggregating query, the lines behind the aggregates are shown.
package sumologic
