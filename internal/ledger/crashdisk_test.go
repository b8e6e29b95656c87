package ledger

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

const (
	// diskSector is the unit that a disk writes whole or not, if at all.
	diskSector = 512
	// cachePage is the unit in which the system's cache writes back.
	cachePage = 4096
)

// errPower is what every operation returns once the power is gone.
var errPower = errors.New("the power is gone")

// crashDisk is a disk with a write-back cache. What was written is read back at
// once and survives a power cut only once it was synced; until then each of its
// sectors may have arrived or not, in any order, or in part. Names of files come
// and go in order, and are durable once their folder was synced.
//
// A sync that fails leaves the cache as if it were clean, as Linux does: what it
// held is read back, and no later sync writes it.
type crashDisk struct {
	name string
	// dir is a real folder for the shared memory of this boot.
	dir string

	mu    sync.Mutex
	rng   *rand.Rand
	files map[string]*inode
	// safe is the folder as it is on the disk, moves what happened to it since.
	safe  map[string]*inode
	moves []move
	// ops counts operations that change something; the power goes before the one
	// numbered crashAt.
	ops, crashAt int
	dead         bool
	// fault may fail an operation: "write", "sync", "truncate", "delete"
	// or "rename".
	fault func(op, path string, n int) error
}

type move struct {
	name string
	file *inode // nil for a deletion
	from string // for a renaming
}

// inode is one file.
type inode struct {
	data  []byte  // as it is read
	disk  []byte  // as it would be found after a power cut
	dirty []write // what lies between the two, in order

	shared            int
	reserved, pending bool
}

// write is one write, or a truncation to size off when data is nil.
type write struct {
	off  int64
	data []byte
}

var diskNumber atomic.Int64

// newCrashDisk returns an empty disk, which is to be discarded.
func newCrashDisk(rng *rand.Rand, dir string) *crashDisk {
	d := &crashDisk{
		name: fmt.Sprint("crash", diskNumber.Add(1)), dir: dir, rng: rng,
		files: map[string]*inode{}, safe: map[string]*inode{}, crashAt: -1,
	}
	vfs.Register(d.name, d)
	return d
}

// discard frees the disk, once nothing is open on it.
func (d *crashDisk) discard() { vfs.Unregister(d.name) }

// change counts an operation and fails it when the power is gone or a fault is
// due. The lock must be held.
func (d *crashDisk) change(op, path string) error {
	if d.dead || d.ops == d.crashAt {
		d.dead = true
		return errPower
	}
	d.ops++
	if d.fault != nil {
		return d.fault(op, path, d.ops-1)
	}
	return nil
}

// reboot cuts the power and returns the disk as it is found afterwards.
func (d *crashDisk) reboot() *crashDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	n := newCrashDisk(d.rng, d.dir)
	for _, m := range d.moves[:d.rng.IntN(len(d.moves)+1)] {
		d.move(m)
	}
	// In order, so that a seed replays.
	for _, name := range slices.Sorted(maps.Keys(d.safe)) {
		found := d.safe[name].afterPowerCut(d.rng)
		g := &inode{data: append([]byte(nil), found...), disk: found}
		n.files[name], n.safe[name] = g, g
	}
	return n
}

// restart returns the disk as it is found after kill -9: the cache is still
// there.
func (d *crashDisk) restart() *crashDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	n := newCrashDisk(d.rng, d.dir)
	n.safe, n.moves = d.safe, d.moves
	for name, f := range d.files {
		f.shared, f.reserved, f.pending = 0, false, false
		n.files[name] = f
	}
	return n
}

func (d *crashDisk) move(m move) {
	delete(d.safe, m.from)
	if m.file == nil {
		delete(d.safe, m.name)
	} else {
		d.safe[m.name] = m.file
	}
}

func (d *crashDisk) syncNames() {
	for _, m := range d.moves {
		d.move(m)
	}
	d.moves = nil
}

// afterPowerCut returns what is on the disk when the cache is lost.
func (f *inode) afterPowerCut(rng *rand.Rand) []byte {
	out := append([]byte(nil), f.disk...)
	// How much of the cache has been written back by itself.
	share := []float64{0, 0.1, 0.5, 0.9, 1}[rng.IntN(5)]
	prefix := len(f.dirty)
	if rng.IntN(3) == 0 {
		prefix = rng.IntN(len(f.dirty) + 1)
	}
	for _, w := range f.dirty[:prefix] {
		if w.data == nil {
			if rng.Float64() < share {
				out = resized(out, w.off)
			}
			continue
		}
		for at := int64(0); at < int64(len(w.data)); {
			end := min(int64(len(w.data)), at+diskSector-(w.off+at)%diskSector)
			out = f.sector(rng, out, w.off+at, w.data[at:end], share)
			at = end
		}
	}
	return out
}

// sector lets one sector of a write arrive, or not, or in part.
func (f *inode) sector(rng *rand.Rand, out []byte, off int64, data []byte, share float64) []byte {
	if rng.Float64() >= share {
		return out
	}
	out = resized(out, max(int64(len(out)), off+int64(len(data))))
	switch rng.IntN(16) {
	case 0: // torn
		data = data[:rng.IntN(len(data)+1)]
	case 1: // garbage
		data = append([]byte(nil), data...)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
	}
	copy(out[off:], data)
	return out
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

func (f *inode) writeAt(p []byte, off int64) {
	f.data = resized(f.data, max(int64(len(f.data)), off+int64(len(p))))
	copy(f.data[off:], p)
	f.dirty = append(f.dirty, write{off, append([]byte(nil), p...)})
}

// sync writes the dirty pages of the cache to the disk, whole ones.
func (f *inode) sync() {
	for _, w := range f.dirty {
		if w.data == nil {
			f.disk = resized(f.disk, min(int64(len(f.disk)), w.off))
		}
	}
	f.disk = resized(f.disk, int64(len(f.data)))
	for _, w := range f.dirty {
		if w.data == nil {
			continue
		}
		from, to := w.off/cachePage*cachePage, (w.off+int64(len(w.data))+cachePage-1)/cachePage*cachePage
		if to = min(to, int64(len(f.data))); from < to {
			copy(f.disk[from:to], f.data[from:to])
		}
	}
	f.dirty = nil
}

// failSync forgets which pages were dirty; some of them have arrived.
func (f *inode) failSync(rng *rand.Rand) {
	f.disk = f.afterPowerCut(rng)
	f.dirty = nil
}

// TestCrashDisk checks the checker: it loses what it should, and only that.
func TestCrashDisk(t *testing.T) {
	var lost, torn, kept, named int
	for seed := range uint64(500) {
		d := newCrashDisk(rand.New(rand.NewPCG(seed, 0)), t.TempDir())
		f, _, err := d.Open("/f", vfs.OPEN_READWRITE|vfs.OPEN_CREATE|vfs.OPEN_WAL)
		try(t, err)
		w := func(s string, off int64) {
			_, err := f.WriteAt([]byte(s), off)
			try(t, err)
		}
		w(strings.Repeat("a", 3*diskSector), 0)
		try(t, f.Sync(vfs.SYNC_FULL))
		w(strings.Repeat("b", 2*diskSector), diskSector/2)
		w(strings.Repeat("c", diskSector), 3*diskSector)
		_, _, err = d.Open("/g", vfs.OPEN_READWRITE|vfs.OPEN_CREATE|vfs.OPEN_MAIN_DB)
		try(t, err)
		n := d.reboot()
		d.discard()
		n.discard()
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, errPower) {
			t.Fatal("it reads without power")
		}
		got := string(n.files["/f"].data)
		if n.files["/g"] != nil {
			named++
		}
		if len(got) < 3*diskSector || strings.Trim(got[:diskSector/2], "a") != "" || strings.Trim(got[5*diskSector/2:3*diskSector], "a") != "" {
			t.Fatalf("seed %d: it lost what was synced: %q", seed, got)
		}
		switch middle := got[diskSector/2 : 5*diskSector/2]; {
		case strings.Trim(middle, "a") == "":
			lost++
		case strings.Trim(middle, "b") == "":
			kept++
		default:
			torn++
		}
	}
	if lost < 50 || kept < 50 || torn < 50 || named < 50 || named > 450 {
		t.Errorf("lost %d, kept %d, torn %d, named %d", lost, kept, torn, named)
	}
	d := newCrashDisk(rand.New(rand.NewPCG(1, 0)), t.TempDir())
	f, _, err := d.Open("/f", vfs.OPEN_READWRITE|vfs.OPEN_CREATE|vfs.OPEN_WAL)
	try(t, err)
	try(t, f.Sync(vfs.SYNC_FULL))
	d.fault = func(op, _ string, n int) error {
		if op == "sync" && n == 3 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	_, err = f.WriteAt(make([]byte, 4*cachePage), 0)
	try(t, err)
	if err := f.Sync(vfs.SYNC_FULL); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	d.discard()
	if f.(*crashFile).file.dirty != nil {
		t.Error("a failed sync leaves the cache dirty")
	}
}
