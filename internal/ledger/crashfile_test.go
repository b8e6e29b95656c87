package ledger

import (
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// This file is what SQLite and the ledger ask of a crashDisk.

func (d *crashDisk) vfs() string { return d.name }

func (d *crashDisk) prepare(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[path] != nil {
		return nil
	}
	if err := d.change("write", path); err != nil {
		return err
	}
	d.put(path)
	if err := d.change("sync", path); err != nil {
		return err
	}
	d.syncNames()
	return nil
}

func (d *crashDisk) put(path string) *inode {
	f := &inode{}
	d.files[path] = f
	d.moves = append(d.moves, move{name: path, file: f})
	return f
}

func (d *crashDisk) check(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[path] == nil {
		return fs.ErrNotExist
	}
	return nil
}

func (d *crashDisk) open(name string) (plainFile, error) {
	if err := d.check(name); err != nil {
		return nil, err
	}
	f, _, err := d.Open(name, vfs.OPEN_READWRITE)
	if err != nil {
		return nil, err
	}
	return &streamFile{crashFile: f.(*crashFile)}, nil
}

func (d *crashDisk) create(name string) (plainFile, error) {
	f, _, err := d.Open(name, vfs.OPEN_READWRITE|vfs.OPEN_CREATE)
	if err != nil {
		return nil, err
	}
	return &streamFile{crashFile: f.(*crashFile)}, f.Truncate(0)
}

func (d *crashDisk) replace(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change("rename", to); err != nil {
		return err
	}
	f := d.files[from]
	delete(d.files, from)
	d.files[to] = f
	d.moves = append(d.moves, move{name: to, file: f, from: from})
	if err := d.change("sync", to); err != nil {
		return err
	}
	d.syncNames()
	return nil
}

// streamFile is a crashFile as the ledger itself uses it.
type streamFile struct {
	*crashFile
	at int64
}

func (f *streamFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *streamFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *streamFile) Sync() error { return f.crashFile.Sync(vfs.SYNC_FULL) }

func (d *crashDisk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, flags, errPower
	}
	f := d.files[name]
	if f == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		if err := d.change("write", name); err != nil {
			return nil, flags, err
		}
		f = d.put(name)
	}
	journal := flags&(vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_WAL) != 0
	out := &crashFile{disk: d, file: f, name: name, syncNames: journal && flags&vfs.OPEN_CREATE != 0}
	if flags&vfs.OPEN_MAIN_DB != 0 {
		out.shm = vfs.NewSharedMemory(filepath.Join(d.dir, d.name+"-shm"), flags)
	}
	return out, flags, nil
}

func (d *crashDisk) Delete(name string, syncDir bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change("delete", name); err != nil {
		return err
	}
	if d.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	d.moves = append(d.moves, move{name: name})
	if syncDir {
		d.syncNames()
	}
	return nil
}

func (d *crashDisk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

func (d *crashDisk) FullPathname(name string) (string, error) { return name, nil }

// crashFile is an open file.
type crashFile struct {
	disk      *crashDisk
	file      *inode
	name      string
	lock      vfs.LockLevel
	syncNames bool
	shm       vfs.SharedMemory
}

func (f *crashFile) SharedMemory() vfs.SharedMemory { return f.shm }

func (f *crashFile) Close() error {
	if f.shm != nil {
		_ = f.shm.Close()
	}
	return f.Unlock(vfs.LOCK_NONE)
}

func (f *crashFile) ReadAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.dead {
		return 0, errPower
	}
	if off >= int64(len(f.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *crashFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.change("write", f.name); err != nil {
		return 0, err
	}
	f.file.writeAt(p, off)
	return len(p), nil
}

func (f *crashFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.change("truncate", f.name); err != nil {
		return err
	}
	f.file.data = resized(f.file.data, size)
	f.file.dirty = append(f.file.dirty, write{off: size})
	return nil
}

func (f *crashFile) Sync(vfs.SyncFlag) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.change("sync", f.name); err != nil {
		if !f.disk.dead {
			f.file.failSync(f.disk.rng)
		}
		return err
	}
	f.file.sync()
	if f.syncNames {
		f.syncNames = false
		f.disk.syncNames()
	}
	return nil
}

func (f *crashFile) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.file.data)), nil
}

// Lock follows https://sqlite.org/lockingv3.html among the files of one process.
func (f *crashFile) Lock(want vfs.LockLevel) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.lock >= want {
		return nil
	}
	switch want {
	case vfs.LOCK_SHARED:
		if f.file.pending {
			return sqlite3.BUSY
		}
		f.file.shared++
	case vfs.LOCK_RESERVED:
		if f.file.reserved {
			return sqlite3.BUSY
		}
		f.file.reserved = true
	default:
		if f.lock < vfs.LOCK_PENDING {
			if f.file.pending {
				return sqlite3.BUSY
			}
			f.file.pending, f.lock = true, vfs.LOCK_PENDING
		}
		if f.file.shared > 1 {
			return sqlite3.BUSY
		}
	}
	f.lock = want
	return nil
}

func (f *crashFile) Unlock(to vfs.LockLevel) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.lock <= to {
		return nil
	}
	if f.lock >= vfs.LOCK_RESERVED {
		f.file.reserved = false
	}
	if f.lock >= vfs.LOCK_PENDING {
		f.file.pending = false
	}
	if to == vfs.LOCK_NONE {
		f.file.shared--
	}
	f.lock = to
	return nil
}

func (f *crashFile) CheckReservedLock() (bool, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.file.reserved, nil
}

func (f *crashFile) SectorSize() int { return cachePage }

// DeviceCharacteristics are those that go-sqlite3 claims of a real disk.
func (f *crashFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SUBPAGE_READ
}
