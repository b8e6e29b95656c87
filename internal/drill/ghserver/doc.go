// Package ghserver is a small server that speaks GitHub's REST API as far as
// deployments need it, for the drill and for tests: deployments and their
// statuses, workflow runs, and comparisons of two commits, with paging, ETags,
// rate limits, authorisation and GitHub's own refusals.
//
// It holds what its owner adds and knows nothing of who asks. Shapes follow
// GitHub's documentation of version 2022-11-28.
package ghserver
