package ledger

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// diskFault is a way in which operations of a disk fail.
type diskFault struct {
	name string
	// on are the operations that fail.
	on string
	// lasting faults stay until they are repaired; others strike once.
	lasting bool
	err     error
	// words name the cause to a person.
	words string
}

func diskFaults() []diskFault {
	full := vfs.SystemError(syscall.ENOSPC, sqlite3.FULL)
	return []diskFault{
		{"EIO on sync", "sync", false, syscall.EIO, "input/output error"},
		{"EIO on sync for good", "sync", true, syscall.EIO, "input/output error"},
		{"EIO on write", "write truncate rename delete", false, syscall.EIO, "input/output error"},
		{"ENOSPC on write", "write", true, full, "disk is full"},
		{"ENOSPC on write once", "write", false, full, "disk is full"},
		{"ENOSPC on sync", "sync", false, syscall.ENOSPC, "disk is full"},
		{"EDQUOT on sync", "sync", true, syscall.EDQUOT, "quota"},
	}
}

// endings are what happens after a fault; each leaves a machine that runs, with
// an open ledger.
func endings() map[string]func(t *testing.T, n *night) error {
	return map[string]func(t *testing.T, n *night) error{
		"power cut": func(t *testing.T, n *night) error {
			t.Helper()
			n.cut()
			return n.open1(t.Context())
		},
		"kill and start": func(t *testing.T, n *night) error {
			t.Helper()
			old := n.disk
			n.disk = old.restart()
			n.leave()
			old.discard()
			return n.open1(t.Context())
		},
		"end and start": func(t *testing.T, n *night) error {
			t.Helper()
			n.leave()
			return n.open1(t.Context())
		},
		"reopen": func(t *testing.T, n *night) error {
			t.Helper()
			if n.j == nil {
				return n.open1(t.Context())
			}
			return n.j.Reopen(t.Context())
		},
	}
}

// TestDiskFaults fails every operation of a disk in turn. What was accepted must
// be there after a power cut, whatever was done after the fault, and what was
// accepted after that too.
func TestDiskFaults(t *testing.T) {
	stride := 53 * slowdown
	if *killFull {
		stride = 1
	}
	var points, broken, inOpen, unheard int
	for _, f := range diskFaults()[:max(2, len(diskFaults())/slowdown)] {
		for name, end := range endings() {
			for at := (len(f.name) + len(name)) % stride; ; at += stride {
				struck, err := faultAt(t, f, at, end, &broken, &inOpen, &unheard)
				if err != nil {
					t.Fatalf("%s at operation %d, then %s: %v", f.name, at, name, err)
				}
				if !struck {
					break
				}
				points++
			}
		}
	}
	t.Logf("%d faults: %d broke the handle, %d struck a start, %d were borne without an error; 0 false acceptances",
		points, broken, inOpen, unheard)
	if slowdown == 1 && (broken == 0 || inOpen == 0 || unheard == 0) {
		t.Error("the test missed a case")
	}
}

func faultAt(t *testing.T, f diskFault, at int, end func(*testing.T, *night) error, broken, inOpen, unheard *int) (struck bool, err error) {
	t.Helper()
	n := newNight(t, uint64(at))
	defer n.end()
	first := n.disk
	repaired := false
	n.disk.fault = func(op, _ string, k int) error {
		if k < at || !strings.Contains(f.on, op) || repaired || (struck && !f.lasting) {
			return nil
		}
		struck = true
		return f.err
	}
	err = n.open1(t.Context())
	opened := err == nil
	if err == nil {
		err = n.work(t.Context(), 25)
	}
	switch {
	case !struck && err != nil:
		return false, fmt.Errorf("failed without a fault: %w", err)
	case !struck:
		return false, nil
	case err == nil:
		*unheard++
	case !named(err, f.words):
		return true, fmt.Errorf("the cause is not named: %w", err)
	case !opened:
		*inOpen++
	case n.j != nil:
		*broken++
		if err := refuses(t, n.j); err != nil {
			return true, err
		}
	}
	repaired = true
	first.fault = nil
	if err := end(t, n); err != nil {
		return true, fmt.Errorf("it does not open again: %w", err)
	}
	if err := n.work(t.Context(), 8); err != nil {
		return true, fmt.Errorf("it does not go on: %w", err)
	}
	n.cut()
	return true, n.check(t.Context())
}

// refuses checks that a handle on which the disk has failed takes nothing more,
// even though the disk works again.
func refuses(t *testing.T, j *Journal) error {
	t.Helper()
	if err := j.Writable(); !errors.Is(err, ErrBroken) {
		return fmt.Errorf("it is writable: %w", err)
	}
	if _, err := j.Append(t.Context(), Record{Kind: "note"}); !errors.Is(err, ErrBroken) {
		return fmt.Errorf("it took a record: %w", err)
	}
	return nil
}

// named reports whether an error tells a person what happened: in the system's
// words, or where SQLite has lost those in its own.
func named(err error, words string) bool {
	for _, w := range []string{words, "no space left", "the disk failed to ", "cannot be made"} {
		if strings.Contains(err.Error(), w) {
			return true
		}
	}
	return false
}
