package runbook

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPlaceholder is the longest text between < and > that still reads as one.
const maxPlaceholder = 64

// placeholders returns what a line leaves to be filled in by hand. It would
// rather find one too many: a step that is refused costs a minute, and in a
// shell "<pod> x" truncates the file x.
func placeholders(line string) []string {
	var found []string
	for i := range len(line) {
		for _, find := range []func(string, int) string{angled, braced, upperWord} {
			if s := find(line, i); s != "" {
				found = append(found, s)
			}
		}
	}
	for word := range strings.FieldsSeq(line) {
		if bracketed(word) {
			found = append(found, word)
		}
	}
	return found
}

// angled finds <pod>, <your cluster> and <a|b>. "<in >out" is redirection, as
// is a here-document.
func angled(line string, i int) string {
	if line[i] != '<' || (i > 0 && line[i-1] == '<') {
		return ""
	}
	rest := line[i+1:]
	if r, _ := utf8.DecodeRuneInString(rest); !unicode.IsLetter(r) && r != '.' && r != '…' {
		return ""
	}
	for j, r := range rest {
		switch {
		case j > maxPlaceholder:
			return ""
		case r == '>' && rest[j-1] != ' ':
			return line[i : i+j+2]
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _-./:|,'#…", r):
			return ""
		}
	}
	return ""
}

// braced finds {{ x }}, but not the Go templates that kubectl, docker and git
// take as an option's value.
func braced(line string, i int) string {
	if !strings.HasPrefix(line[i:], "{{") {
		return ""
	}
	end := strings.Index(line[i:min(len(line), i+2*maxPlaceholder)], "}}")
	if end < 0 {
		return ""
	}
	body := strings.Trim(line[i+2:i+end], " -")
	word, _, _ := strings.Cut(body, " ")
	template := strings.HasPrefix(body, ".") || strings.HasPrefix(body, "$") || strings.HasPrefix(body, `"`)
	switch word {
	case "range", "end", "if", "else", "with", "json", "index", "len", "printf", "print", "println", "join", "table":
		template = true
	}
	if template {
		for _, option := range []string{"format", "template", " -f ", " -f=", "}}"} {
			if strings.Contains(line[:i], option) {
				return ""
			}
		}
	}
	return line[i : i+end+2]
}

// upperWord finds the words that mean "put yours here".
func upperWord(line string, i int) string {
	if i > 0 && wordByte(line[i-1]) {
		return ""
	}
	end := i
	for end < len(line) && (wordByte(line[end]) || line[end] == '-') {
		end++
	}
	word := line[i:end]
	low := strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	for _, prefix := range []string{"your_", "replace_me", "replaceme", "replace_with", "changeme", "change_me", "fill_in"} {
		if strings.HasPrefix(low, prefix) && (i == 0 || line[i-1] != '$') && !strings.HasSuffix(line[:i], "${") {
			return word
		}
	}
	if strings.HasSuffix(word, "_HERE") {
		return word
	}
	// mktemp's own templates end in X's.
	if strings.Contains(low, "xxxx") && !strings.Contains(line, "mktemp") && !strings.Contains(word, "XXXXXX") {
		return word
	}
	return ""
}

// bracketed reports whether a whole word is [pod-name]. A set of single
// characters such as [a-z] is a pattern.
func bracketed(word string) bool {
	if len(word) < 6 || word[0] != '[' || word[len(word)-1] != ']' {
		return false
	}
	run, longest := 0, 0
	for _, c := range []byte(word[1 : len(word)-1]) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			run++
			longest = max(longest, run)
		case c == '-' || c == '_':
			run = 0
		default:
			return false
		}
	}
	return longest >= 3
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
