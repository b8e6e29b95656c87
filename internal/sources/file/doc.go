// Package file brings in what is written to local files: log lines from files
// that match globs, and deploys from a file of JSON lines.
//
// # Logs
//
// A log is followed by name: when the name comes to mean another file, by
// rotation, by deletion and creation or because a link was turned, the old file
// is read to its end first, and goes on being read until it has been quiet for a
// while, because the writer may not have noticed. A file that was truncated, or
// copied and truncated, is read from its beginning. The directories are watched
// where the system can; all files are looked at twice a second anyway, because
// network file systems tell nobody of what other machines write.
//
// A last line without a newline may still grow, so it is held back for a second.
// If more comes after that, the rest makes a line of its own.
//
// # Deploys
//
// Each line is one deploy, a JSON object. One of the times is needed; everything
// else may be missing:
//
//	{"id": "build-1234", "service": "checkout", "version": "v413",
//	 "commit": "a1b2c3d", "author": "ana", "team": "payments",
//	 "environment": "prod", "status": "success", "kind": "deploy",
//	 "checks": "passed", "started_at": "2026-03-02T11:00:00Z",
//	 "finished_at": "2026-03-02T11:04:31Z", "repo": "acme/checkout",
//	 "url": "https://ci.example.com/1234", "title": "Retry the acquirer"}
//
// sha is another name for commit. Times are RFC 3339 or epoch numbers. status is
// running, success, failed or rolled_back; kind is deploy (the default), config,
// flag, hotfix or rollback; checks is passed, failed or none. A later line with
// the same id replaces the earlier one. A line that cannot be read is left out
// and reported with its number; the others are shown.
package file
