package runner

import "strings"

// defaultPath is what POSIX shells fall back to, with the system's own folders.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// baseEnviron builds the environment that every step starts from: a short list
// of names, those that the config passes on, and answers to programs that would
// otherwise wait for a person at a terminal.
func baseEnviron(env, pass []string) []string {
	allowed := map[string]bool{
		"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "LANG": true, "TZ": true,
		"TMPDIR": true, "SSH_AUTH_SOCK": true, "KUBECONFIG": true,
	}
	for _, name := range pass {
		allowed[name] = !SecretName(name)
	}
	var out []string
	hasPath := false
	for _, e := range env {
		name, _, ok := strings.Cut(e, "=")
		if wanted := allowed[name] || strings.HasPrefix(name, "LC_"); !ok || !wanted || fixed(name) {
			continue
		}
		hasPath = hasPath || name == "PATH"
		out = append(out, e)
	}
	if !hasPath {
		out = append(out, "PATH="+defaultPath)
	}
	return append(out, "TERM=dumb", "PAGER=cat", "GIT_PAGER=cat", "SYSTEMD_PAGER=cat", "GIT_TERMINAL_PROMPT=0")
}

// fixed reports whether a variable is the runner's own to set.
func fixed(name string) bool {
	switch name {
	case "TERM", "PAGER", "GIT_PAGER", "SYSTEMD_PAGER", "GIT_TERMINAL_PROMPT":
		return true
	}
	return strings.HasPrefix(name, "CONWAY_")
}

// SecretName reports whether a variable's name says that it holds a secret. Such
// a variable is never passed on to a step, not even by name: anybody with the
// same user can read a process's environment.
func SecretName(name string) bool {
	name = strings.ToUpper(name)
	for _, part := range []string{"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
