// Package oncall holds the nouns of being on call: pages, deploys, series, log
// lines, runbook step runs and actions, and one event for each of their
// domains. It is the vocabulary that every other package shares, so it knows
// nothing of them: no terminal, no network, no clock, standard library only.
//
// Strings in these types are the sender's own bytes, kept as they came so that
// they can be compared, used in queries and copied exactly. They are untrusted:
// the only way from here to a screen is package text.
package oncall
