// Package pdschema checks requests to and answers of the PagerDuty REST API
// against PagerDuty's own OpenAPI description. It is support for tests: nothing
// that ends up in the binary may import it. The description is read from where
// it is kept and never copied, because it carries no licence.
//
// The description is not quite valid and not quite true; corrections.go lists
// each place where it is read differently from how it is written, and why.
package pdschema
