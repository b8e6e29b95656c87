package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// launch starts the step's shell in a session of its own, without a terminal to
// ask at or be stopped by.
func (n *run) launch(env []string, o Options) (err error) {
	path, err := o.LookPath(n.spec.Interpreter)
	if err != nil {
		return fmt.Errorf("start step: %s is not installed here, or not in PATH: %w", n.spec.Interpreter, err)
	}
	// The mark tells the step's processes from all others.
	mark := "conway-run-" + rand.Text()
	script, err := scriptFile(n.spec.Script, mark)
	if err != nil {
		return fmt.Errorf("start step: %w", err)
	}
	files := []*os.File{nil, nil, nil, script}
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Close() //nolint:errcheck,gosec // they are the child's now, and nothing is unwritten
			}
		}
		if err != nil {
			n.closePipes()
		}
	}()
	if files[0], err = os.Open(os.DevNull); err != nil {
		return fmt.Errorf("start step: %w", err)
	}
	for i := range n.pipes {
		if n.pipes[i], files[1+i], err = os.Pipe(); err != nil {
			return fmt.Errorf("start step: %w", err)
		}
	}
	names := []string{pipeName(files[1]), pipeName(files[2])}
	all := append(append([]string{}, env...), n.spec.Env...)
	n.proc, err = os.StartProcess(path, arguments(n.spec.Interpreter), &os.ProcAttr{
		Dir: o.Dir, Env: append(all, "CONWAY_RUN_ID="+n.spec.ID, "CONWAY_RUN_MARK="+mark), Files: files,
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Dir != "":
		return fmt.Errorf("start step: the folder %s or the shell %s does not exist: %w", o.Dir, path, err)
	case err != nil:
		return fmt.Errorf("start step: %w", err)
	}
	n.group = newGroup(n.proc.Pid, mark, names...)
	return nil
}
