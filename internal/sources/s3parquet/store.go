package s3parquet

import (
	"context"
	"strings"
	"time"

	"conway/internal/oncall"
)

// object is one file of a lake as a listing tells of it.
type object struct {
	key  string
	size int64
	// version is another one whenever the content is.
	version string
	// tag is the store's own mark of a version, which it is asked to insist on;
	// empty for none.
	tag     string
	changed time.Time
}

// store is where the files of a lake are. Names are separated by slashes and
// relative to its root. Each error is an *oncall.Fault, or ctx's.
type store interface {
	// list returns what lies directly in a folder, whose name is empty or ends in a
	// slash, as do those of the folders it returns.
	list(ctx context.Context, folder string) (folders []string, objects []object, err error)
	// read fills p from an offset of an object, which must not have changed since
	// it was listed.
	read(ctx context.Context, o object, off int64, p []byte) error
}

// data reports whether a file of a listing holds rows: it is no marker, no
// checksum and no work in progress.
func data(key string, size int64) bool {
	name := key[strings.LastIndexByte(key, '/')+1:]
	return size > 0 && name != "" && name[0] != '_' && name[0] != '.' && !strings.HasSuffix(name, ".crc")
}

// hidden reports whether a folder is one of work in progress.
func hidden(folder string) bool {
	name := strings.TrimSuffix(folder, "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasPrefix(name, "_temporary") || strings.HasPrefix(name, ".")
}

// goneError reports a file that is not what was listed any more.
type goneError struct{ fault *oncall.Fault }

// Error returns the fault's sentence.
func (e *goneError) Error() string { return e.fault.Error() }

// Unwrap returns the fault.
func (e *goneError) Unwrap() error { return e.fault }
