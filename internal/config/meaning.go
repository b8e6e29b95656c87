package config

import (
	"net/mail"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// hoursPattern is a span of the day by somebody's own clock.
const hoursPattern = `^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$`

// check checks a text against what its field is, the tag "is", and returns it
// as it is used, or why it is wrong and what to do. It repeats no URL, because
// one may hold a password.
func (d *decoder) check(is, s string) (out, why, fix string) {
	switch is {
	case "path":
		return d.path(s)
	case "glob":
		if _, err := filepath.Match(s, ""); err != nil {
			return "", "is no pattern of file names: " + quote(s), "close the bracket, or put a backslash before it"
		}
		return d.path(s)
	case "argv":
		if program := strings.HasPrefix(s, "~/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../"); !program {
			return s, "", ""
		}
		return d.path(s)
	case "repo":
		if strings.HasPrefix(s, "~") || strings.HasPrefix(s, ".") {
			return d.path(s)
		}
		return s, "", ""
	case "url":
		return checkURL(s)
	case "postgres":
		why, fix = checkPostgres(s)
		return s, why, fix
	default:
		why, fix = checkWord(is, s)
		return s, why, fix
	}
}

// checkWord checks texts that are used as they are written.
func checkWord(is, s string) (why, fix string) {
	switch is {
	case "label":
		if why := badName(s); why != "" {
			return why, "write a plain word"
		}
	case "name":
		if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`).MatchString(s) {
			return "is no name for a source: " + quote(s), "write up to 32 letters, digits, dots, dashes and underscores"
		}
	case "email":
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			return "is no email address: " + quote(s), "write it as ana@example.com"
		}
	case "matcher":
		if !regexp.MustCompile(`^\s*[A-Za-z_][A-Za-z0-9_]*\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"\s*$`).MatchString(s) {
			return "is no matcher: " + quote(s), `write it as 'severity="page"', with =, !=, =~ or !~`
		}
	case "slug":
		if !regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`).MatchString(s) {
			return "is no repository: " + quote(s), "write it as owner/name"
		}
	case "host":
		if !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`).MatchString(s) {
			return "is no host: " + quote(s), "write it as acme.pagerduty.com, with :port where there is one"
		}
	case "pattern":
		if _, err := path.Match(s, ""); err != nil {
			return "is no pattern of names: " + quote(s), "close the bracket, or put a backslash before it"
		}
	case "zone":
		return checkZone(s)
	case "hours":
		if !regexp.MustCompile(hoursPattern).MatchString(s) {
			return "is no span of hours: " + quote(s), "write it as 22:00-08:00"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return "is no day: " + quote(s), "write it as 2027-03-31"
		}
	case "query":
		return checkQuery(s)
	}
	return "", ""
}

// path returns a path made absolute: ~ is the home directory, and a relative
// path starts where the config file is.
func (d *decoder) path(s string) (out, why, fix string) {
	switch {
	case strings.Contains(s, "://"):
		return "", "must be a path, not a URL", "write the path of a local file"
	case s == "~" || strings.HasPrefix(s, "~/"):
		home := d.opts.home()
		if home == "" {
			return "", "starts with ~, but no home directory is known", "set HOME, or write the whole path"
		}
		return filepath.Join(home, s[1:]), "", ""
	case strings.HasPrefix(s, "~"):
		return "", "starts with ~ and a name: " + quote(s), "write the whole path, or ./" + printable(s) + " for a file of this name"
	case filepath.IsAbs(s):
		return filepath.Clean(s), "", ""
	}
	return filepath.Join(d.dir, s), "", ""
}

// checkURL checks the address of an API.
func checkURL(s string) (out, why, fix string) {
	u, err := url.Parse(s)
	switch {
	case err == nil && u.User != nil || err != nil && strings.Contains(s, "@"):
		return "", "has a user or password in it", "remove what stands before the @, and use token or basic"
	case err != nil:
		return "", "is no URL", "write it as https://host:port/path"
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "must start with http:// or https://", "write it as https://host:port/path"
	case u.Hostname() == "":
		return "", "names no host", "write it as https://host:port/path"
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", "has a query or fragment in it", "remove everything from the ? or # on"
	}
	return strings.TrimRight(s, "/"), "", ""
}

// checkPostgres checks the address of a database. It may name a user, and
// parameters of the connection, but no secret.
func checkPostgres(s string) (why, fix string) {
	u, err := url.Parse(s)
	const write = "write it as postgres://user@host:port/database"
	switch {
	case err != nil && strings.Contains(s, "@"):
		return "is no URL", "remove the password before the @, and use password with {env: NAME}, {file: PATH} or {command: [...]}"
	case err != nil:
		return "is no URL", write
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		return "must start with postgres://", write
	case u.Fragment != "":
		return "has a fragment in it", "remove everything from the # on"
	}
	_, password := u.User.Password()
	for name := range u.Query() {
		password = password || secretish(name) && name != "require_auth"
	}
	if password {
		return "has a password in it; a secret in a config file ends up in backups and chats",
			"remove it, and use password with {env: NAME}, {file: PATH} or {command: [...]}"
	}
	return "", ""
}

func checkZone(s string) (why, fix string) {
	if _, err := time.LoadLocation(s); err == nil {
		return "", ""
	}
	// The names are Area/City_Name; people vary the case and the blank.
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '_' })
	for i, w := range words {
		parts := strings.Split(w, "/")
		for j, p := range parts {
			if p != "" {
				parts[j] = strings.ToUpper(p[:1]) + p[1:]
			}
		}
		words[i] = strings.Join(parts, "/")
	}
	for _, guess := range []string{strings.Join(words, "_"), strings.ToUpper(s)} {
		if _, err := time.LoadLocation(guess); err == nil && guess != "" {
			return "is no time zone: " + quote(s), `did you mean "` + guess + `"?`
		}
	}
	return "is no time zone: " + quote(s), "write a name such as Europe/Berlin or UTC"
}

// checkQuery checks the {{name}} places of a query.
func checkQuery(s string) (why, fix string) {
	const write = "write {{service}}, or another label of the page"
	if m := regexp.MustCompile(`(^|[^{])\{[A-Za-z_]\w*\}\}`).FindString(s); m != "" {
		return "has a single brace before a name that ends with two", write
	}
	name := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "{{")
		if !found {
			return "", ""
		}
		inner, next, closed := strings.Cut(after, "}}")
		switch {
		case !closed:
			return "has a {{ that is never closed", write
		case !name.MatchString(strings.TrimSpace(inner)):
			return "cannot fill in " + quote("{{"+inner+"}}"), write
		}
		rest = next
	}
}

// header checks one header of a request.
func (d *decoder) header(e entry, value string) {
	switch {
	case !regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$").MatchString(e.key):
		d.add(e.at, quote(e.key)+" is no name of a header", "write letters, digits and dashes, such as X-Scope-OrgID")
	case secretish(e.key) && value != "":
		d.veil.hide(e.val)
		d.add(e.at, "header "+quote(e.key)+" carries a secret; a secret in a config file ends up in backups and chats",
			"use token or basic with {env: NAME}, {file: PATH} or {command: [...]}")
	}
}
