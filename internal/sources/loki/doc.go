// Package loki follows and searches log lines in Grafana Loki, or in what speaks
// its HTTP API, such as Grafana Cloud and Grafana Enterprise Logs.
//
// A tail begins with the newest lines of its window, through query_range, and
// goes on over the WebSocket of tail. Loki's tail gives only its best effort for
// what is older than its connection, so once its first ping or line has come query_range
// is asked again for what lies in between; what comes twice is known by its time,
// its labels and its text. So it is while a tail brings nothing: Loki holds all lines
// back behind one of a machine whose clock is ahead. Lines that Loki says it has
// dropped are counted. Where a gateway does not offer tail, query_range is asked
// every two seconds instead.
//
// What Loki keeps beside a line, its structured metadata, is a part of the line's Raw:
// traces are there when they came by OpenTelemetry.
//
// Times are whole nanoseconds in text and never numbers in JSON, which would
// round them. Loki's errors are plain text.
package loki
