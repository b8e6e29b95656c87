package runner

import (
	"errors"
	"fmt"
	"os"
)

// scriptPath is how the shell opens the script: descriptor 3, which it inherits.
const scriptPath = "/dev/fd/3"

// tempScript writes the script into a file that only its owner may read, and
// takes its name away before anybody else can open it.
func tempScript(script []byte) (f *os.File, err error) {
	w, err := os.CreateTemp("", "conway-step-*")
	if err != nil {
		return nil, fmt.Errorf("write step: %w", err)
	}
	defer func() {
		err = errors.Join(err, w.Close(), os.Remove(w.Name()))
		if err != nil && f != nil {
			err = errors.Join(err, f.Close())
			f = nil
		}
	}()
	if _, err := w.Write(script); err != nil {
		return nil, fmt.Errorf("write step: %w", err)
	}
	f, err = os.Open(w.Name())
	if err != nil {
		return nil, fmt.Errorf("open step: %w", err)
	}
	wrote, err := w.Stat()
	if err != nil {
		return f, fmt.Errorf("open step: %w", err)
	}
	opened, err := f.Stat()
	if err != nil {
		return f, fmt.Errorf("open step: %w", err)
	}
	if !os.SameFile(wrote, opened) {
		return f, errors.New("open step: the file was replaced while it was opened")
	}
	return f, nil
}
