// Package elasticsearch follows and searches log lines in Elasticsearch or
// OpenSearch: an index, an alias, a data stream or a pattern of them.
//
// A search looks at one moment of the store, a point in time, and goes through it
// from the newest line on; it closes the point in time however it ends, and a
// cancelled request is closed, upon which the store ends it. In Elasticsearch
// pages follow each other by search_after. Where there is no sure tie-breaker for
// lines of the same time, in OpenSearch and in versions without points in time,
// the next page begins at the time of the last line, and what comes again is known
// by its index, id and text.
//
// There is no tail: a tail asks every few seconds, from half a minute before its
// newest line on, because lines become visible later than they are written. An
// answer of some shards only is told as such, and asked for again until the others
// answer too.
//
// A query is in the language of query_string, or in JSON, the query DSL, when it
// begins with a brace. The field of the time, of the message and of the level are
// found by their usual names. A line's Raw is its whole _source.
package elasticsearch
