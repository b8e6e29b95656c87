// Package git takes the tags of a local git repository for deploys, for teams
// that deploy what they tag. It asks the git program, which knows every format a
// repository may have, and only ever reads: it takes no locks, runs no hook,
// asks for no password and reaches no network. A tag does not say whether its
// deploy went well, so the status of each is unknown. Where somebody knows whose the
// files are, each tag is compared with the one before it; the paths are looked at and
// forgotten.
package git
