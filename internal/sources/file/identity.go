package file

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// identity is what makes two names the same file. It may be given to another
// file once nobody holds this one open.
type identity struct{ dev, ino uint64 }

func identityOf(info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{dev: uint64(st.Dev), ino: st.Ino} //nolint:unconvert // signed on other systems
}

const (
	// headSize and markSize are how many bytes at the beginning and before the
	// place of reading are remembered. The head of a log holds a time, so another
	// file's differs; the mark catches what a fixed header hides.
	headSize = 256
	markSize = 64
)

// place is how far a file has been read, and what it looked like, so that one
// that was truncated and has grown again beyond the place is not taken for the
// same.
type place struct {
	off  int64
	head []byte
	mark []byte
}

// verify reports whether the file still begins as it did. The mark is compared
// by whoever reads on, in the same read.
func (p *place) verify(f io.ReaderAt) bool {
	if len(p.head) == 0 {
		return true
	}
	var now [headSize]byte
	n, err := f.ReadAt(now[:len(p.head)], 0)
	return (err == nil || n == len(p.head)) && bytes.Equal(now[:n], p.head)
}

// advance moves the place behind data, which lies at the place. with is data
// together with the mark before it.
func (p *place) advance(with, data []byte) {
	if p.off == int64(len(p.head)) && len(p.head) < headSize {
		p.head = append(p.head, data[:min(len(data), headSize-len(p.head))]...)
	}
	p.off += int64(len(data))
	p.mark = append(p.mark[:0], with[max(0, len(with)-markSize):]...)
}

// jump moves the place to an offset in the midst of a file.
func (p *place) jump(f io.ReaderAt, off int64) error {
	head := make([]byte, min(off, headSize))
	mark := make([]byte, min(off, markSize))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if _, err := f.ReadAt(mark, off-int64(len(mark))); err != nil && err != io.EOF {
		return err
	}
	*p = place{off: off, head: head, mark: mark}
	return nil
}

const (
	// backBlock is how much is read at a time while looking for the last lines.
	backBlock = 64 << 10
	// maxBack bounds how far back the last lines are looked for.
	maxBack = 64 << 20
)

// lastLines returns the offset at which the last n lines of a file begin. It
// reads from the end backwards, so that the size of the file does not matter.
func lastLines(f *os.File, size int64, n int) (int64, error) {
	if n <= 0 {
		return size, nil
	}
	buf := make([]byte, backBlock)
	first := true
	for end := size; end > 0 && size-end < maxBack; {
		start := max(0, end-backBlock)
		block := buf[:end-start]
		if _, err := f.ReadAt(block, start); err != nil && err != io.EOF {
			return 0, err
		}
		if first && block[len(block)-1] != '\n' {
			n-- // the unfinished line at the end is one of them
		}
		first = false
		for len(block) > 0 {
			i := bytes.LastIndexByte(block, '\n')
			if i < 0 {
				break
			}
			if n == 0 {
				return start + int64(i) + 1, nil
			}
			n--
			block = block[:i]
		}
		end = start
	}
	return max(0, size-maxBack), nil
}
