package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// touched are the pages of the program's own file in this process's memory, of
// which it needs a part at any time. Pages that could have been written to are not
// among them.
type touched struct {
	parts []part
	// next is where in the parts letGoSome goes on.
	next uintptr
}

// part is a range of addresses.
type part struct{ from, to uintptr }

// newTouched finds out where the program is. What cannot be found out stays in
// memory, which costs nothing else.
func newTouched() *touched {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return &touched{}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return &touched{}
	}
	t := &touched{}
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
			t.parts = append(t.parts, part{uintptr(from), uintptr(to)})
		}
	}
	return t
}

// letGo takes all of them out of memory: a third of those that the start needs are
// never needed again. The others come back at their next use, from the kernel's
// copy of the file.
func (t *touched) letGo() {
	for _, p := range t.parts {
		p.letGo()
	}
}

// letGoSome takes the next n bytes of them out, in turn. What is in use comes back
// soon, and so little of it that nobody waits.
func (t *touched) letGoSome(n uintptr) {
	for _, p := range t.parts {
		if p.from = max(p.from, t.next); p.from >= p.to {
			continue
		}
		p.to = min(p.to, p.from+n)
		p.letGo()
		t.next = p.to
		return
	}
	t.next = 0
}

func (p part) letGo() {
	// What the kernel refuses stays.
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, p.from, p.to-p.from, unix.MADV_DONTNEED)
}
