// Package board holds what is known now: a pure reducer that folds events into
// a value which every view is drawn from.
//
// A Board is a value. Copying it costs nothing, Apply returns a new one and
// leaves every older copy as it was, so two events applied to the same board
// make two independent boards. It keeps the last usable word of every source
// together with its age and the latest fault, and never takes silence for good
// news: a failed or cut-short poll removes nothing, and a page counts as
// acknowledged or resolved only by the source's own word.
//
// It must not know a clock (time comes with events or is handed in), a screen,
// a network or a selection. The slices and maps that it returns are shared by
// every copy and must not be changed.
package board
