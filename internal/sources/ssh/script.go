package ssh

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// quote makes one word of s for a shell, whichever it is: without a backslash,
// about which they differ.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'" }

// newMark returns a word that nothing else prints: before it may stand what the
// other host's shell greets with.
func newMark() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it never fails
	return "conway-" + hex.EncodeToString(b)
}

// look is the part of each script that finds the file: it prints the mark, then
// the file's inode, the byte to begin at and its size, or a word that says why it
// cannot be read. A file that is not the wanted one, or is smaller, is begun
// near its end.
func look(mark, path, inode string, from, near int64) string {
	return fmt.Sprintf(`f=%s; m=%s; w=%s; a=%d; n=%d; `, quote(path), mark, quote(inode), from, near) +
		`[ -e "$f" ] || { echo "$m missing"; exit 0; }; ` +
		`[ -f "$f" ] || { echo "$m special"; exit 0; }; ` +
		`[ -r "$f" ] || { echo "$m unreadable"; exit 0; }; ` +
		`set -- $(ls -dLi -- "$f"); i=$1; s=$(($(wc -c <"$f"))); ` +
		`if [ "$i" = "$w" ] && [ "$s" -ge "$a" ]; then b=$a; else b=$((s>n?s-n:0)); fi; ` +
		`echo "$m $i $b $s"; `
}

const (
	// lookFor is how often, in seconds, the other host looks whether the name is
	// another file's now, and lingerFor how long the one before is read on then: what
	// writes it has it open until it is told.
	lookFor   = 2
	lingerFor = 3
)

// followScript goes on with the file until this end goes away: a tail that writes
// nothing does not hear of that by itself, but the end of its input is heard of. The
// file is read by its descriptor, and not by its name (tail -F), which would leave
// out what is written to a file that was renamed until its writer opens the next.
func followScript(mark, path, inode string, from, near int64) string {
	rest := fmt.Sprintf(`rest() { sleep $1 >/dev/null 2>&1 3<&- & z=$!; wait $z; }; l=%d; g=%d; `, lookFor, lingerFor)
	return wrap(look(mark, path, inode, from, near) + rest +
		`exec 3<&0; c=$((b+1)); t=; z=; ` +
		`trap 'kill $t $z 2>/dev/null; exit 0' TERM HUP; ` +
		`{ cat <&3 >/dev/null; kill $$; } >/dev/null 2>&1 & ` +
		`while :; do ` +
		`tail -c "+$c" -f -- "$f" 3<&- & t=$!; j=$i; ` +
		`while [ "$j" = "$i" ]; do rest $l; kill -0 $t 2>/dev/null || exit 1; ` +
		`set -- $(ls -dLi -- "$f" 2>/dev/null); j=${1:-$i}; done; ` +
		`rest $g; kill $t; wait $t 2>/dev/null; i=$j; c=1; ` +
		`done`)
}

// readScript prints the end of the file.
func readScript(mark, path string, near int64) string {
	return wrap(look(mark, path, "", 0, near) + `exec tail -c "+$((b+1))" -- "$f"`)
}

// wrap has sh run a script, whatever the person's shell there is.
func wrap(script string) string { return "exec sh -c " + quote(script) }

// header is what the other host says before the bytes of the file.
type header struct {
	inode      string
	from, size int64
	// word says why the file cannot be read, empty when it can.
	word string
}

// readHeader reads the line that begins with the mark.
func readHeader(line, mark string) (h header, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), mark+" ")
	if !ok {
		return h, false
	}
	f := strings.Fields(rest)
	if len(f) == 1 {
		return header{word: f[0]}, true
	}
	if len(f) != 3 {
		return header{word: "?"}, true
	}
	from, err1 := strconv.ParseInt(f[1], 10, 64)
	size, err2 := strconv.ParseInt(f[2], 10, 64)
	if err1 != nil || err2 != nil || from < 0 || from > size {
		return header{word: "?"}, true
	}
	return header{inode: f[0], from: from, size: size}, true
}
