package s3parquet

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// folder is a store of local files.
type folder struct{ source, root string }

func (d folder) list(ctx context.Context, in string) (folders []string, objects []object, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(d.root, filepath.FromSlash(in))
	entries, err := os.ReadDir(dir)
	if err != nil {
		if in != "" && errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil // swept away since its parent was listed
		}
		return nil, nil, d.fault("list files", dir, err)
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
		case info.IsDir():
			folders = append(folders, in+e.Name()+"/")
		case info.Mode().IsRegular():
			objects = append(objects, object{
				key: in + e.Name(), size: info.Size(), changed: info.ModTime(),
				version: strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36),
			})
		}
	}
	return folders, objects, nil
}

func (d folder) read(ctx context.Context, o object, off int64, p []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(d.root, filepath.FromSlash(o.key))
	f, err := os.Open(path)
	if err == nil {
		defer f.Close() //nolint:errcheck // only read
		_, err = f.ReadAt(p, off)
	}
	if err == nil {
		return nil
	}
	fault := d.fault("read a file", path, err)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.EOF) {
		return &goneError{fault}
	}
	return fault
}

func (d folder) fault(op, path string, err error) *oncall.Fault {
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: d.source, Op: op, Cause: err}
	name := sources.Printable(path, maxName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Detail, f.Fix = name+" does not exist", "correct path"
	case errors.Is(err, fs.ErrPermission):
		f.Kind, f.Detail, f.Fix = oncall.Auth, name+" may not be read", "give this user read permission on it"
	case errors.Is(err, io.EOF):
		f.Detail = name + " became shorter while it was read"
	default:
		f.Detail = name + ": " + sources.Printable(strings.TrimSpace(err.Error()), maxName)
	}
	return f
}
