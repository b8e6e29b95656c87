package main

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"conway/internal/envelope"
	"conway/internal/ui/canvas"
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

// profile is the colours of the terminal, for those that are known better than by
// their name too.
func (a *app) profile(out io.Writer, environ []string) colorprofile.Profile {
	if colourless(a.getenv("TERM")) {
		return colorprofile.ASCII
	}
	return colorprofile.Detect(out, environ)
}

// colours are those of the terminal.
func (a *app) colours() colorprofile.Profile { return a.profile(a.stdout, a.screenEnviron()) }

// screenOf returns what the canvas has to know of the terminal.
func (a *app) screenOf() canvas.Options {
	o := canvas.Options{Environ: a.screenEnviron(), Ask: a.asksForWhole()}
	if out, ok := a.stdout.(*os.File); ok {
		o.HardTabs, o.Backspace = envelope.Motion(out)
	}
	return o
}

// asksForWhole reports whether this terminal is asked if it can take a frame as a
// whole. Over ssh that is left alone but for those known to answer well: an answer
// that comes late is taken for keys by whoever reads next. One of Apple's shows
// the question.
func (a *app) asksForWhole() bool {
	term, program := a.getenv("TERM"), a.getenv("TERM_PROGRAM")
	for _, known := range []string{"ghostty", "wezterm", "alacritty", "kitty", "rio"} {
		if strings.Contains(term, known) {
			return true
		}
	}
	if a.getenv("WT_SESSION") != "" {
		return true
	}
	return a.getenv("SSH_TTY") == "" && !strings.Contains(program, "Apple")
}
