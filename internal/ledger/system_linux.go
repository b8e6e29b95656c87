package ledger

import (
	"fmt"
	"syscall"
)

// F_OFD_SETLK and F_OFD_GETLK set and ask for locks that belong to the open
// file. See fcntl_locking(2).
const (
	setOpenFileLock = 37
	getOpenFileLock = 36
)

// remote returns the name of the network file system that dir is on, empty when
// it is on none. The numbers are those of statfs(2).
func remote(dir string) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("ask for the file system: %w", err)
	}
	// Type is signed and of different width on different machines.
	switch uint32(s.Type) {
	case 0x6969:
		return "NFS", nil
	case 0x517B, 0xFE534D42, 0xFF534D42:
		return "SMB", nil
	case 0x5346414F, 0x6B414653:
		return "AFS", nil
	case 0x73757245:
		return "Coda", nil
	case 0x00C36400:
		return "Ceph", nil
	case 0x0BD00BD0:
		return "Lustre", nil
	case 0x47504653:
		return "GPFS", nil
	case 0x7461636F:
		return "OCFS2", nil
	}
	return "", nil
}
