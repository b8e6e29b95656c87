package runner

import (
	"errors"
	"fmt"
	"strings"

	"conway/internal/oncall"
	"conway/internal/runbook"
)

// Spec is one step to run.
type Spec struct {
	// ID is unique among all runs.
	ID string
	// Page is the page it is run for, zero for none.
	Page oncall.Ref
	// Runbook and Step name what is run; an ad-hoc command has no runbook.
	Runbook string
	Step    int
	Title   string
	// Script is exactly what was shown and approved.
	Script []byte
	// Interpreter is sh, bash or zsh.
	Interpreter string
	// Env holds CONWAY_ variables, as runbook.Environ makes them.
	Env []string
	// Approved is runbook.Digest(Runbook, Script, Step) of what a person
	// confirmed.
	Approved string
}

// check refuses a spec that must not run. It is called on the runner's own copy.
func (s Spec) check() error {
	switch {
	case s.ID == "":
		return errors.New("start step: it has no id")
	case len(s.Script) == 0:
		return errors.New("start step: there is nothing to run")
	case s.Approved == "":
		return errors.New("start step: nobody has approved it; show it and confirm")
	case s.Approved != runbook.Digest(s.Runbook, s.Script, s.Step):
		return errors.New("start step: it differs from what was approved; look at it again and confirm")
	case arguments(s.Interpreter) == nil:
		return fmt.Errorf("start step: %q is not a shell conway runs; use sh, bash or zsh", s.Interpreter)
	}
	for _, e := range s.Env {
		name, _, ok := strings.Cut(e, "=")
		if !ok || !conwayVariable(name) || strings.ContainsRune(e, 0) {
			return fmt.Errorf("start step: the variable %q is not one that a step may be given", name)
		}
	}
	return nil
}

// conwayVariable reports whether a name is CONWAY_ and capitals, digits and
// underscores. It keeps labels from becoming PATH or LD_PRELOAD. CONWAY_RUN_ is
// the runner's own.
func conwayVariable(name string) bool {
	rest, ok := strings.CutPrefix(name, "CONWAY_")
	return ok && rest != "" && !strings.HasPrefix(rest, "RUN_") &&
		strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// arguments returns a shell's argument list, without start-up files: what they
// hold was not approved.
func arguments(interpreter string) []string {
	switch interpreter {
	case "sh":
		return []string{"sh", scriptPath}
	case "bash":
		return []string{"bash", "--noprofile", "--norc", scriptPath}
	case "zsh":
		return []string{"zsh", "-f", scriptPath}
	}
	return nil
}
