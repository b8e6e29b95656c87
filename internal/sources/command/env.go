package command

import "strings"

// Env returns the variables of an environment that a command may inherit: all
// but those that look like a credential. That is a name with TOKEN, SECRET,
// PASSWORD, PASSWD, PASSPHRASE, CREDENTIAL, PRIVATE or APIKEY in it, or one that
// ends in KEY, PASS, PWD, AUTH or DSN, but for PWD and OLDPWD themselves; or a
// value that holds a password in an address or begins as known tokens do. A name
// that ends in _FILE, _PATH, _DIR or _SOCK only says where to look, and is kept.
// What a command needs beyond this is given to it in its own env.
func Env(environ []string) []string {
	out := make([]string, 0, len(environ))
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !secretName(strings.ToUpper(name)) && !secretValue(value) {
			out = append(out, kv)
		}
	}
	return out
}

func secretName(name string) bool {
	if name == "PWD" || name == "OLDPWD" {
		return false
	}
	for _, end := range []string{"_FILE", "_PATH", "_DIR", "_SOCK"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	for _, part := range []string{"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "PRIVATE", "APIKEY"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	for _, end := range []string{"KEY", "PASS", "PWD", "AUTH", "DSN"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func secretValue(v string) bool {
	for _, start := range []string{"ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk-", "eyJ", "-----BEGIN"} {
		if strings.HasPrefix(v, start) {
			return true
		}
	}
	_, rest, ok := strings.Cut(v, "://")
	if !ok {
		return false
	}
	authority, _, _ := strings.Cut(rest, "/")
	user, _, ok := strings.Cut(authority, "@")
	return ok && strings.Contains(user, ":")
}
