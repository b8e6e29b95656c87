package oncall

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	// markerOpen and markerClose enclose the marker of a note.
	markerOpen, markerClose = "[conway:", "]"
	// markerLen is how many letters a marker has. Each holds 5 bits, so that two
	// notes on one page share one by chance less than once in 10^11.
	markerLen = 8
)

// MarkedText returns a note's text as it is sent: with a short visible marker
// after it, which follows from the action's ID. By it the note is found again
// after a lost answer, told apart from another one with the same words, and
// known for a copy when it is there twice. An action without an ID has none, nor
// has a note without words, which is for the source to refuse.
func (a Action) MarkedText() string {
	words := strings.TrimRight(a.Text, " \t\r\n")
	if a.ID == "" || words == "" {
		return a.Text
	}
	return words + " " + markerOpen + a.Marker() + markerClose
}

// Marker returns the marker that MarkedText puts after the text.
func (a Action) Marker() string {
	sum := sha256.Sum256([]byte(a.ID))
	return base32.StdEncoding.EncodeToString(sum[:])[:markerLen]
}

// SplitMarker parts a note into its words and its marker. The marker is empty
// when the note does not end in one.
func SplitMarker(note string) (words, marker string) {
	trimmed := strings.TrimSpace(note)
	at := strings.LastIndex(trimmed, markerOpen)
	if at < 0 || !strings.HasSuffix(trimmed, markerClose) {
		return note, ""
	}
	marker = trimmed[at+len(markerOpen) : len(trimmed)-len(markerClose)]
	if len(marker) != markerLen || strings.Trim(marker, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return note, ""
	}
	return strings.TrimSpace(trimmed[:at]), marker
}
