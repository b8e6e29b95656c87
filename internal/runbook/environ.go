package runbook

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"conway/internal/oncall"
)

// The limits of a step's environment. Linux refuses one string of 128 KiB and,
// with an 8 MiB stack, 2 MiB in all (execve(2)); a label comes nowhere near.
const (
	maxValue   = 16 << 10
	maxEnviron = 256 << 10
)

// Environ returns what a step may know of the page, as NAME=value strings:
// CONWAY_PAGE_ID, CONWAY_PAGE_TITLE, CONWAY_SERVICE and, for each label,
// CONWAY_LABEL_ and its name in capitals with "_" for what no variable's name
// may hold. The environment is the only way in for them: no value ever becomes
// part of a script.
//
// Values are the sender's own bytes without NUL bytes. A value that is too long
// is left out rather than cut, because part of a name is another name. Of two
// labels with one variable, in the order of their names, the second gets "_2".
func Environ(page oncall.Page, detail *oncall.PageDetail, service string) []string {
	var env []string
	size := 0
	add := func(name, value string) {
		value = strings.ReplaceAll(value, "\x00", "")
		if cost := len(name) + len(value) + 2; len(value) <= maxValue && size+cost <= maxEnviron {
			size += cost
			env = append(env, name+"="+value)
		}
	}
	add("CONWAY_PAGE_ID", page.Ref.ID)
	add("CONWAY_PAGE_TITLE", page.Title)
	add("CONWAY_SERVICE", service)
	if detail == nil {
		return env
	}
	used := map[string]bool{}
	for _, label := range slices.Sorted(maps.Keys(detail.Labels)) {
		if label == "" {
			continue
		}
		name := "CONWAY_LABEL_" + variable(label)
		for n, free := 2, name; ; n++ {
			if !used[free] {
				name = free
				break
			}
			free = name + "_" + strconv.Itoa(n)
		}
		used[name] = true
		add(name, detail.Labels[label])
	}
	return env
}

// variable turns a label's name into part of a variable's name.
func variable(label string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, label)
}
