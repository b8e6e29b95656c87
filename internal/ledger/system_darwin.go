package ledger

import (
	"fmt"
	"syscall"
)

// F_OFD_SETLK and F_OFD_GETLK set and ask for locks that belong to the open
// file. See bsd/sys/fcntl.h of XNU.
const (
	setOpenFileLock = 90
	getOpenFileLock = 92
)

// remote returns the name of the network file system that dir is on, empty when
// it is on none.
func remote(dir string) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("ask for the file system: %w", err)
	}
	name := make([]byte, 0, len(s.Fstypename))
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	switch string(name) {
	case "nfs", "smbfs", "afpfs", "webdav", "cifs":
		return string(name), nil
	}
	return "", nil
}
