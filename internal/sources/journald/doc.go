// Package journald follows and searches the systemd journal through journalctl,
// which reads every version and compression of its files, and over ssh those of
// other machines.
//
// A tail begins with the newest entries of its window and goes on after the last
// one's cursor, also when it was interrupted. When the journal does not know that
// cursor any more, because its file is gone, it goes on from shortly before the
// last entry's time, and what comes again is known by its cursor. Whatever
// journalctl says on its standard error, such as that this user may not see
// everything, is shown as a line.
//
// A query is a regular expression for the messages, as journalctl --grep takes it.
// Words before it of the form FIELD=value, such as _SYSTEMD_UNIT=nginx.service,
// are matches of fields. Programs are started by their arguments and never through
// a shell; for the one that ssh has on its other side they are quoted. A line's Raw
// is the whole entry as JSON.
package journald
