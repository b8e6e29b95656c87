// Package ui is the screen: the one model that Bubble Tea runs. It routes keys,
// keeps the focus and the stack of overlays, and turns intents into commands.
// It fetches nothing and does nothing itself: events come in through one
// command, and one function carries out every intent.
//
// A page's way in:
//
//	source polls → oncall event → mailbox → Events message → board.Apply
//	  → a change may ring and toast, never moves the selection → View
//
// An ack's way out:
//
//	key → overlay stack → focused pane → this model → pane.Act → World
//	  → outbox holds, sends, retries → ActionEvent → board → "acked by you"
//
// A step's way:
//
//	page → runbook matched → enter → the exact bytes shown → another key
//	  → pane.RunStep → World → process group → RunEvents → board → pane
package ui
