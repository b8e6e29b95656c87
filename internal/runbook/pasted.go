package runbook

import "strings"

// checkPasted refuses a line that came from a screen: a prompt, a program's
// output, or dots for something left out. Quoted text and here-documents are
// blank in line.
func (s inspector) checkPasted(n int, line string) {
	t := strings.TrimSpace(line)
	switch {
	case t == "":
	case prompt(t):
		s.problem(n, "the line starts with a prompt", "remove the prompts, and the output below them")
	case output(t):
		s.problem(n, "the line looks like output", "keep only commands in the block")
	}
	for word := range strings.FieldsSeq(t) {
		if word == "..." || word == "…" || word == "[...]" || word == "[…]" {
			s.problem(n, "the line leaves something out ("+word+")", "write it in full")
		}
	}
}

// prompt reports whether a line starts with a shell's or a client's prompt.
func prompt(t string) bool {
	if strings.HasPrefix(t, "(") {
		if _, rest, ok := strings.Cut(t, ") "); ok {
			t = rest
		}
	}
	if t == "$" || t == "%" || t == "#" {
		return true
	}
	for _, p := range []string{"$ ", "% ", "❯ ", "➜ ", "λ ", ">>> ", "PS C:", "PS /"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	i := strings.IndexAny(t, "$#%>")
	if i <= 0 || (i+1 < len(t) && t[i+1] != ' ') {
		return false
	}
	p := t[:i]
	// "mysql> " and "redis:6379> ", but not "7> file" or "cat> file".
	switch strings.TrimRight(strings.SplitN(p, ":", 2)[0], "=-") {
	case "mysql", "mariadb", "MariaDB", "postgres", "psql", "redis", "mongo", "sqlite", "ftp", "sftp", "127.0.0.1":
		return true
	}
	switch {
	case strings.HasPrefix(p, "[") && strings.HasSuffix(p, "]") && strings.Contains(p, "@"):
		return true
	case strings.ContainsAny(p, " '\"=|;&("):
		return false
	case strings.Contains(p, "@") && strings.Contains(p, ":"):
		return true
	}
	return strings.HasPrefix(p, "bash-") || strings.HasPrefix(p, "sh-") || strings.HasPrefix(p, "zsh-")
}

// output reports whether a line is what programs print and nobody types.
func output(t string) bool {
	word, rest, _ := strings.Cut(t, " ")
	for _, p := range []string{"+--", "●", "├", "└", "│", "✓", "✔", "✗", "* ", "< ", "},", "],", "HTTP/", "Error from server", "-rw", "drwx", "lrwx"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	switch {
	case len(word) > 1 && strings.HasSuffix(word, ":") && !strings.ContainsAny(word, "$={("):
		// "Active: active (running)", "apiVersion: v1", "error: …", "\"key\": 1"
		return true
	case t[0] == '"' && strings.Contains(t, `":`):
		return true
	case stamp(strings.TrimPrefix(word, "[")):
		return true
	case strings.Contains(word, "/") && pastTense(strings.TrimSpace(rest)):
		return true
	}
	return header(t)
}

// pastTense knows kubectl's words for what it has done.
func pastTense(s string) bool {
	switch s {
	case "created", "deleted", "configured", "unchanged", "patched", "restarted", "scaled", "cordoned", "evicted":
		return true
	}
	return false
}

// stamp reports whether a word starts with a date such as 2026-01-31.
func stamp(w string) bool {
	const form = "0000-00-00"
	if len(w) < len(form) {
		return false
	}
	for i, f := range []byte(form) {
		digit := w[i] >= '0' && w[i] <= '9'
		if (f == '0') != digit || (f == '-' && w[i] != '-') {
			return false
		}
	}
	return true
}

// header reports whether a line is a table's head: capitals in columns.
func header(t string) bool {
	if !strings.Contains(t, "  ") {
		return false
	}
	n := 0
	for word := range strings.FieldsSeq(t) {
		if len(word) < 2 || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_/()%") != "" {
			return false
		}
		n++
	}
	return n >= 2
}
