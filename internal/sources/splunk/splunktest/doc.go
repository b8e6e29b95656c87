// Package splunktest is a Splunk for tests: its management port with streamed
// searches, search jobs, both versions of their endpoints, all three ways to
// authenticate, and its quirks. It answers as the real one was seen to, keeps its
// events in memory, and understands as much SPL as its clients send.
package splunktest
