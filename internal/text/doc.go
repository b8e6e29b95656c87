// Package text is the only way from the outside to the screen. It decodes
// untrusted bytes, once, into [Safe] text: one line, made only of code points on
// an allow-list whose width in cells terminals agree on. Everything else becomes
// a visible marker. A Safe cannot be made in any other way: its fields are
// hidden, and the constructors for the program's own words accept only
// constants, which the compiler checks.
//
// Nothing is removed. Removing one sequence can splice the next together, and a
// reader must see that something odd was there. The nouns keep the bytes as they
// came; [Escape] is how they are copied and shown exactly.
//
// The allow-list is a table, made by a test from what tmux 3.3a was measured to
// do, the renderer's two ways to measure, and East Asian Width. By script:
//
//   - Latin, Greek, Cyrillic, Armenian, Georgian, Ethiopic, Hebrew, Arabic, Han,
//     Kana, Hangul syllables and single emoji are drawn as they are. So are
//     nonspacing marks on a letter (Vietnamese, points, Thai tones), which take no
//     cell anywhere; more than a few on one letter become markers.
//   - Spacing marks (Devanagari and its relatives, Burmese, Khmer), Thai and Lao
//     AM and halfwidth voiced sound marks get a cell of their own, as wcwidth says,
//     though terminals that join clusters give them none. Likewise the letter
//     after a virama. Nothing else would keep those scripts readable, so the
//     writer to the terminal puts the cursor behind each of them: see [Place].
//   - Half of a cluster is never drawn: conjoining jamo, regional indicators, skin
//     tones, joiners, keycaps and prepended marks become markers. So does what
//     Unicode gave another width in a later version. The selector that asks for
//     a symbol's emoji form becomes a sign of one cell.
//
// Text is drawn in the order it is stored, right-to-left scripts too: an order
// that depends on neighbours would let data move its surroundings.
package text
