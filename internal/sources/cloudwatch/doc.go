// Package cloudwatch follows and searches log lines in Amazon CloudWatch Logs.
//
// A query is a filter pattern, such as ERROR or { $.status = 500 }, and is
// answered by FilterLogEvents, whose pages may be empty although more follow. A
// search that begins with a command of Logs Insights, such as
// fields @timestamp, @message | filter status = 500, is a job there: it is waited
// for, and stopped when nobody wants it any more. Insights is paid for by what it
// looks at; a filter pattern is not.
//
// What a search would look at is told by DescribeLogGroups as far as that goes:
// how much a group stores, of which the window is a share of the time for which
// it is kept.
//
// A tail asks again and again. Live Tail would be paid for by the minute, and
// leaves lines out when there are many.
//
// All groups of a source share one allowance with all else that asks in the
// account. A request that is refused for that is sent again after a pause, a few
// times; then the source says so.
package cloudwatch
