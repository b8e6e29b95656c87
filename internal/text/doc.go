// Package text is the only way from the outside to the screen. It decodes
// untrusted bytes, once, into [Safe] text: one line, made only of code points on
// an allow-list whose width in cells every terminal agrees on. Everything else
// becomes a visible marker. A Safe cannot be made in any other way: its fields
// are hidden, and the constructors for the program's own words accept only
// constants, which the compiler checks.
//
// Nothing is removed. Removing one sequence can splice the next together, and a
// reader must see that something odd was there.
package text
