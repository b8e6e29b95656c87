// Package sumotest is a Sumo Logic for tests: its Search Job API with cookies,
// jobs that gather while they are looked at and are forgotten when they are not,
// short pages, the rate limit, and a deployment that sends its guests to another.
// It keeps its messages in memory, and of the query language understands words and
// fields that must all match.
package sumotest
