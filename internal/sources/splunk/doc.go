// Package splunk follows and searches the logs of a Splunk, over its REST API on
// the management port.
//
// A search of a short window is streamed (search/jobs/export): its newest lines
// are shown while it goes on. A longer one is a job, because a stream that finds
// nothing for minutes looks to every proxy like one that is dead. A job is made
// under an id that is chosen here, so that it can be ended also when the answer
// to its making never came, and asks Splunk to end it when nobody looks at it any
// more. Followed logs are short streamed searches for what was indexed since the
// last one.
//
// The newer endpoints (search/v2) are used where there are, and the older ones
// otherwise.
//
// SPL has commands that change things. A query that uses one is refused here,
// whoever wrote it; what a macro stands for is only known to Splunk.
package splunk
