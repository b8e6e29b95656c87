// Package ssh follows and searches files on another host, over the person's own
// ssh: their config, keys, agent, jump hosts and control sockets count, and
// nothing is installed there. It asks for no password (BatchMode), and the other
// host needs sh, tail, ls, wc and head.
//
// Each file is followed by one tail -f, which knows truncated files; a renamed one is
// read on for a moment after another has taken its name, which is then followed from
// its beginning. When the connection is lost, the next one goes on at the byte at which it was
// lost, if the file is still the same one: it has the same inode, and before that
// byte holds what came last. If it is another, the place is looked for by what
// came last; lines that were written to the one before meanwhile may then be
// missing, and that is said.
//
// A path with * or ? is looked up there again and again: files that come are
// followed from their beginning, those that are gone no longer. One that was
// renamed is not read a second time. Of many, those that were written to last are
// read, and it is said that there are more. What a pattern or a name holds besides
// is never read as a word of a shell.
//
// There is no language on the other side: a search reads the end of each file, up
// to a bound, and finds lines that hold a text here. A line has the time that it
// begins with, else that of the line before it.
package ssh
