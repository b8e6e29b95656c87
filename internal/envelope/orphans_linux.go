package envelope

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// orphans returns the living children of this process in a session.
// The fields are those of proc_pid_stat(5).
func orphans(session int) []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close() //nolint:errcheck // it was only read
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	self := strconv.Itoa(os.Getpid())
	var out []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(f) > 3 && f[0] != "Z" && f[1] == self && f[3] == strconv.Itoa(session) {
			out = append(out, pid)
		}
	}
	return out
}
