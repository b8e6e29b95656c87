package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// letGoTouched takes the pages of the program's own file out of this process's
// memory: a third of those that the start needs are never needed again. The others
// come back at their next use, from the kernel's copy of the file. Pages that could
// have been written to stay. What cannot be found out or let go of stays too, which
// costs nothing but memory.
func letGoTouched() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for l := range strings.Lines(string(maps)) {
		// "00400000-00d3e000 r-xp 00000000 fe:00 1311 /usr/bin/conway"
		f := strings.Fields(l)
		if len(f) != 6 || f[5] != program || !strings.HasPrefix(f[1], "r-") {
			continue
		}
		low, high, _ := strings.Cut(f[0], "-")
		from, errFrom := strconv.ParseUint(low, 16, 64)
		to, errTo := strconv.ParseUint(high, 16, 64)
		if errFrom == nil && errTo == nil && from < to {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from), unix.MADV_DONTNEED)
		}
	}
}
