package main

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// plainTerm reports whether a terminal has no signs beyond ASCII whatever the
// locale says: real ones and their consoles' fonts, and what is no terminal.
func plainTerm(term string) bool {
	return term == "" || term == "dumb" || term == "linux" || term == "console" || strings.HasPrefix(term, "vt")
}

// colourless reports whether a terminal has no colours although its name does not
// say so.
func colourless(term string) bool {
	return strings.HasPrefix(term, "vt") || strings.HasSuffix(term, "-m") || strings.HasSuffix(term, "-mono")
}

// screenEnviron is the environment by which the screen library knows the
// terminal. It takes only a true NO_COLOR; the convention is any value at all.
func (a *app) screenEnviron() []string {
	if a.getenv("NO_COLOR") == "" {
		return a.environ
	}
	out := slices.DeleteFunc(slices.Clone(a.environ), func(kv string) bool { return strings.HasPrefix(kv, "NO_COLOR=") })
	return append(out, "NO_COLOR=1")
}

// profile is the program's option about colours, for the terminals that are
// known better than by their name.
func (a *app) profile() tea.ProgramOption {
	if colourless(a.getenv("TERM")) {
		return tea.WithColorProfile(colorprofile.ASCII)
	}
	return func(*tea.Program) {}
}
