// Package patterns groups log lines by their pattern, the words that stay while
// numbers, names and ids change, as they come: "payment <*> declined by <*>". It
// follows Drain (He et al., "Drain: An Online Log Parsing Approach with Fixed
// Depth Tree", 2017): lines with the same count of words and the same first word
// are compared word by word.
//
// What it keeps is bounded, whatever comes. It is pure: it knows neither a clock
// nor where lines come from, and it imports the standard library only.
package patterns
