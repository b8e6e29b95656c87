package runbook

import "strings"

// info is what an author wrote behind an opening fence.
type info struct {
	lang   string
	title  string
	effect Effect
	// declared is the effect's word as written, empty for none.
	declared string
	// unknown is an effect's word that means nothing here.
	unknown string
}

// readInfo understands "sh", "sh change", "sh {effect=change title="Look"}" and
// "{.sh effect=observe}". Of two effects the greater one counts.
func readInfo(s string) info {
	var in info
	for i, word := range infoWords(s) {
		key, value, pair := strings.Cut(word, "=")
		key = strings.ToLower(strings.TrimPrefix(key, "."))
		switch {
		case pair && key == "effect":
			in.declare(strings.ToLower(unquote(value)))
		case pair && key == "title":
			in.title = unquote(value)
		case pair:
		case i == 0:
			in.lang = key
		case key == "observe", key == "change", key == "dangerous":
			in.declare(key)
		}
	}
	return in
}

func (in *info) declare(word string) {
	e := Change
	switch word {
	case "observe":
		e = Observe
	case "change":
	case "dangerous":
		e = Dangerous
	default:
		in.unknown = word
	}
	if in.declared != "" {
		e = max(e, in.effect)
	}
	in.declared, in.effect = word, e
}

// infoWords splits at spaces and braces outside double quotes.
func infoWords(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\t' || r == '{' || r == '}')
	})
}

// interpreterOf returns the program that runs blocks of a language. A
// transcript is a language whose blocks show what somebody typed and saw.
func interpreterOf(lang string) (interpreter string, transcript, step bool) {
	switch lang {
	case "sh", "posix":
		return "sh", false, true
	case "bash", "shell":
		// GitHub draws "shell" as Bash, and authors write it with that in mind.
		return "bash", false, true
	case "zsh":
		return "zsh", false, true
	case "console", "terminal", "shell-session", "shellsession", "sh-session", "bash-session":
		return "", true, true
	}
	return "", false, false
}
