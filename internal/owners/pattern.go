package owners

import (
	"path"
	"slices"
	"strings"
)

// anything stands for any number of folders.
const anything = "**"

// segments takes a pattern of CODEOWNERS apart. It is of the root where a slash is
// at its beginning or within it, and else of every folder.
func segments(pattern string) []string {
	folder := strings.HasSuffix(pattern, "/")
	rooted := strings.Contains(strings.TrimSuffix(pattern, "/"), "/")
	var out []string
	if !rooted {
		out = append(out, anything)
	}
	for s := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		if s != anything || len(out) == 0 || out[len(out)-1] != anything {
			out = append(out, s)
		}
	}
	if last := out[len(out)-1]; folder && last != anything {
		out = append(out, anything, "*")
	}
	return out
}

// whole reports whether the rule matches every file of the repository.
func (r codeRule) whole() bool {
	return !slices.ContainsFunc(r.pattern, func(s string) bool { return s != anything && s != "*" }) && slices.Contains(r.pattern, anything)
}

// matches reports whether the rule is of a file, whose path's parts these are. A
// pattern of a folder is of all that is in it, except that folder/* is only of what
// lies directly there.
func (r codeRule) matches(file []string) bool {
	at := match(r.pattern, file)
	if last := r.pattern[len(r.pattern)-1]; last == "*" || last == anything {
		return at[len(file)]
	}
	return slices.Contains(at[1:], true)
}

// match returns for each number of a path's first parts whether a pattern matches
// these. Its time is bounded by the product of their lengths, however many times
// anything is in the pattern.
func match(pattern, file []string) []bool {
	at := make([]bool, len(file)+1)
	at[0] = true
	for _, want := range pattern {
		next := make([]bool, len(file)+1)
		for i := range at {
			switch {
			case want == anything:
				next[i] = at[i] || i > 0 && next[i-1]
			case i > 0 && at[i-1]:
				ok, err := path.Match(want, file[i-1])
				next[i] = ok && err == nil
			}
		}
		at = next
	}
	return at
}
