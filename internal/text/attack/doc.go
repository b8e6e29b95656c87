// Package attack lists strings that outside systems may send and that must not
// reach a terminal as they are: every class of threat T1 to T8, and what others
// have collected. Tests put each into every field of every noun. It knows nothing
// of what is done with them.
package attack
