// Package owners reads whose code a service is from the files in which teams say
// so: Backstage's catalog-info.yaml, opslevel.yml, cortex.yaml, Datadog's service
// definitions, annotations of Kubernetes manifests, and CODEOWNERS.
//
// It answers with a [Claim]: the team, which kind of file says so, and how far that
// can be believed. The sources are asked in a fixed order and the first that knows
// the service decides, also where it says that nobody owns it: nothing falls
// through to a weaker one in silence. A claim names a team and never a person; a
// person who is named as an owner stands for their team where that is known, and
// for nobody else.
//
// Of a deploy it says whose most of the changed files are by CODEOWNERS, and of a tie
// that it is one.
//
// It is pure: bytes come in, claims go out.
package owners
