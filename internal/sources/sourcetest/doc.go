// Package sourcetest is the conformance suite of package sources. Every source
// runs it in its own tests with about twenty lines: Run for any source, HTTP for
// one that asks over HTTP, which includes Run, and Logs for one that follows or
// searches a log store.
//
// The suite knows only the contract in package sources and package oncall, never
// a particular source. Its checks are not parallel, because they count
// goroutines; tests that use it must not be parallel either.
package sourcetest
