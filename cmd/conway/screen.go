package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/ui/memo"
)

// screenFile keeps what the screen remembers of itself beside the ledger, one
// file for each config and user. The newest word wins; two cockpits on one config
// take turns.
type screenFile struct {
	path string
	wake chan struct{}

	mu   sync.Mutex
	next []byte
}

// stateDir is the folder for what a person's cockpit keeps: beside a ledger whose
// place the config names, else the state folder; empty where there is neither.
func stateDir(cfg config.Config, getenv func(string) string) string {
	if cfg.Ledger.Path != "" {
		return filepath.Dir(cfg.Ledger.Path)
	}
	return envelope.StateDir("conway", getenv)
}

// openScreen finds the file of this config and user, and reads it. What is wrong
// with it is told in one sentence, and then it is as if there were none.
func (a *app) openScreen(cfg config.Config) (s *screenFile, was memo.Memory, notice string) {
	dir := stateDir(cfg, a.getenv)
	if dir == "" {
		return nil, memo.Memory{}, ""
	}
	path, _ := config.Path(a.configPath, a.getenv)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(os.Getuid()) + "\x00" + path))
	s = &screenFile{path: filepath.Join(dir, "screen-"+hex.EncodeToString(sum[:6])+".json"), wake: make(chan struct{}, 1)}
	data, err := readScreen(s.path)
	if err == nil {
		was, err = memo.Decode(data)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		notice = fmt.Sprintf("the screen is not as you left it: %s: %v", s.path, err)
	}
	return s, was, notice
}

// readScreen reads the file if it is a plain one.
func readScreen(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("it is not a regular file"))
	}
	return io.ReadAll(io.LimitReader(f, memo.MaxBytes+1))
}

// keep has a memory written soon. It does not wait.
func (s *screenFile) keep(m memo.Memory) {
	data, err := m.Encode()
	if s == nil || err != nil {
		return // a screen whose state cannot be written is still a screen
	}
	s.mu.Lock()
	s.next = data
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes what is kept until ctx ends, and then what came last. The first
// failure is logged: the folder is the ledger's, which says more about it.
func (s *screenFile) run(ctx context.Context, log *slog.Logger) {
	var written []byte
	failed := false
	write := func() {
		s.mu.Lock()
		data := s.next
		s.mu.Unlock()
		if data == nil || bytes.Equal(data, written) {
			return
		}
		if err := replace(s.path, data); err != nil {
			if !failed {
				log.Warn("the state of the screen is not kept", "error", err)
			}
			failed = true
			return
		}
		written = data
	}
	for {
		select {
		case <-s.wake:
			write()
		case <-ctx.Done():
			write()
			return
		}
	}
}

// replace puts a file in the place of another in one step, so that whoever reads
// finds the one or the other whole.
func replace(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".screen-*") // it is made with 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
