// Package promserver is a small server that speaks the HTTP API of Prometheus
// over an in-memory store, for the drill and for tests.
//
// It answers /api/v1/query and /query_range (GET and POST form), /series,
// /labels, /label/<name>/values, /status/buildinfo, /-/ready and /-/healthy in
// the documented shape. Of PromQL it knows vector selectors with all four
// matchers, timestamp, avg_over_time and max of them, vector(number), number
// literals, and products and quotients of single values, evaluated as Prometheus
// does: a sample counts for five minutes unless a staleness marker follows it. Any
// other expression is refused as bad_data.
//
// It knows nothing of who asks. Rules follow docs/querying/api.md and
// web/api/v1/api.go of prometheus/prometheus.
package promserver
