// Package trino reads logs from a table through Trino, or what speaks its client
// protocol, so that a search over terabytes runs in an engine that is there.
//
// A query is the condition of a WHERE clause in Trino's SQL, such as
// service = 'checkout' AND level IN ('ERROR', 'FATAL'); the time, the order and the
// limit are added to it. Because it is put in brackets and followed by a new line,
// a comment in it ends with it. The newest rows are asked for first.
//
// A table says nothing of when a row arrived, so a tail asks for the last minutes
// again and again, and knows rows that come again by what is in them. Rows that
// come later than that are found only by a search.
//
// The protocol: https://trino.io/docs/current/develop/client-protocol.html.
package trino
