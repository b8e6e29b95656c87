// Package gate is the second gate before the terminal. The first is package
// text: nothing that came from outside is drawn as it is. The gate trusts no one
// and reads what the renderer is about to send: only the sequences that this
// program itself uses pass, only code points on the decoder's allow-list pass,
// and everything else is dropped and counted. A library that changes its mind
// about what it forwards then changes a number, not a terminal.
//
// It also puts the cursor back behind every cluster whose width terminals
// disagree about, so that no text can move a border, and it tells terminals that
// reorder right-to-left text to leave the order alone while the screen is full.
//
// And it keeps a pen back until something is drawn with it: the library puts its
// own down before nearly every move and takes it up again behind it, which on a
// slow link costs more than the text in between.
//
// It knows sequences and code points, and nothing of what is drawn.
package gate
