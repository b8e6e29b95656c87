package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxEnvironRead bounds what is read of one process's environment.
const maxEnvironRead = 1 << 20

// processes lists every process that can be seen, from /proc (proc_pid_stat(5)).
func processes() ([]process, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer dir.Close() //nolint:errcheck // it was only read
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var all []process
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := lookup(pid); ok {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// lookup reads one process, or reports that there is none.
func lookup(pid int) (process, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// The second field is the program's name in brackets and may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return process{}, false
	}
	f := strings.Fields(string(stat[end+1:]))
	const state, ppid, pgrp, session, start = 0, 1, 2, 3, 19
	if len(f) <= start {
		return process{}, false
	}
	p := process{pid: pid, dead: f[state] == "Z" || f[state] == "X"}
	for _, field := range []struct {
		to *int
		at int
	}{{&p.ppid, ppid}, {&p.group, pgrp}, {&p.session, session}} {
		if *field.to, err = strconv.Atoi(f[field.at]); err != nil {
			return process{}, false
		}
	}
	p.start, err = strconv.ParseUint(f[start], 10, 64)
	return p, err == nil
}

// marked reports whether a process carries the run's mark: in its environment,
// or by holding the run's script or one of its pipes open. What belongs to
// another user cannot be read and carries none.
func (g *group) marked(pid int) bool {
	if f, err := os.Open(fmt.Sprintf("/proc/%d/environ", pid)); err == nil {
		env, err := io.ReadAll(io.LimitReader(f, maxEnvironRead))
		f.Close() //nolint:errcheck,gosec // it was only read
		if err == nil && bytes.Contains(env, []byte(g.mark)) {
			return true
		}
	}
	path := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(path)
	if err != nil {
		return false
	}
	for _, e := range entries {
		link, err := os.Readlink(path + "/" + e.Name())
		if err != nil {
			continue
		}
		if strings.Contains(link, g.mark) {
			return true
		}
		// Only the writing ends are the step's. Conway holds the reading ones,
		// and so, for a moment, does every child of it that has not exec'd yet.
		info, err := e.Info()
		if err == nil && info.Mode()&0o200 != 0 && slices.Contains(g.pipes, link) {
			return true
		}
	}
	return false
}

// pipeName returns the name under which /proc shows a pipe.
func pipeName(f *os.File) string {
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return ""
	}
	return link
}

// awaitExit blocks until a child has ended and leaves it unreaped, so that its
// process id, and with it its group's, still belongs to it.
func awaitExit(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
