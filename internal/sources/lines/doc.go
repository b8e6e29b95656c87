// Package lines turns bytes that arrive in pieces into log lines, and log lines
// into bounded batches. It is what all sources that read a stream of text share.
// It knows neither where the bytes come from nor any clock of its own, and it
// starts no goroutine.
package lines
