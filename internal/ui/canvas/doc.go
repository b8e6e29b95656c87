// Package canvas draws views on the terminal at the moment they exist.
//
// Bubble Tea draws on a tick: what has changed waits for the next, 17 ms at its
// usual pace, and while nothing changes the ticks are most of what an idle program
// costs. A canvas takes each view from the program and sends the difference at
// once, with the encoder that Bubble Tea uses too; how often that may be is the
// business of package outlet's Pace. Bubble Tea keeps the keyboard and the settings
// of the terminal, and is given nothing to write to.
//
// In a hurry, which is for the start of a program, it sends rows whole instead, and
// learns only afterwards what is in their cells.
//
// It knows views and terminals, and nothing of what is drawn.
package canvas
