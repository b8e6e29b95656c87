// Package pane holds what every pane of the screen shares: the contract of a
// pane, the frame it is drawn for, the spans it draws with, and the intents by
// which it says what a person wants. A pane has no data of its own and does
// nothing: it draws a [board.Board] and answers keys with an [Intent].
package pane
