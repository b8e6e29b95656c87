package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/report"
)

const (
	// pseudonymKeyFile is the file in the state folder that holds this machine's key.
	pseudonymKeyFile = "pseudonym.key"
	// pseudonymLength is how many hexadecimal digits stand for a person.
	pseudonymLength = 16
	// leastKey is how short a key may be: who can guess it can name everybody.
	leastKey = 16
)

// pseudonyms gives people the names by which the ledger knows them. Somebody who
// had one forgotten has the next one from then on, which all who share the key
// find too.
type pseudonyms struct {
	key    []byte
	wishes report.Wishes
}

// of returns the present pseudonym of somebody whom the pager knows by an address
// or an id. What is a pseudonym already stays until it is forgotten.
func (p pseudonyms) of(who string) string {
	all := p.all(who)
	return all[len(all)-1]
}

// at returns the pseudonym that somebody had at a moment.
func (p pseudonyms) at(who string, t time.Time) string {
	all := p.all(who)
	for _, name := range all {
		if gone, forgotten := p.wishes.Forgotten(name); !forgotten || t.Before(gone) {
			return name
		}
	}
	return all[len(all)-1]
}

// all returns every pseudonym that somebody had, the present one last.
func (p pseudonyms) all(who string) []string {
	name := who
	if who != "" && !isPseudonym(who) {
		name = p.hash(strings.ToLower(who))
	}
	out := []string{name}
	for who != "" {
		if _, forgotten := p.wishes.Forgotten(name); !forgotten {
			break
		}
		name = p.hash("after " + name)
		out = append(out, name)
	}
	return out
}

func (p pseudonyms) hash(s string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(s))
	return hex.EncodeToString(mac.Sum(nil))[:pseudonymLength]
}

// with returns the same under what people wished.
func (p pseudonyms) with(w report.Wishes) pseudonyms {
	p.wishes = w
	return p
}

func isPseudonym(s string) bool {
	return len(s) == pseudonymLength && strings.Trim(s, "0123456789abcdef") == ""
}

// pseudonyms reads the key of those who share the ledger, or this machine's own,
// which is made at its first use. A key that is read is told to learn.
func (a *app) pseudonyms(ctx context.Context, cfg config.Config, learn func(string)) (pseudonyms, error) {
	var key string
	var err error
	if cfg.Ledger.PseudonymKey.IsZero() {
		dir := envelope.StateDir("conway", a.getenv)
		if dir == "" {
			return pseudonyms{}, errors.New("there is no folder for the key of the ledger's pseudonyms: set HOME or XDG_STATE_HOME")
		}
		key, err = ownKey(filepath.Join(dir, pseudonymKeyFile))
	} else if key, err = cfg.Ledger.PseudonymKey.Read(ctx); err == nil && len(key) < leastKey {
		err = fmt.Errorf("it is shorter than %d characters; make one with: openssl rand -hex 32", leastKey)
	}
	learn(key)
	if err != nil {
		return pseudonyms{}, fmt.Errorf("read the key of the ledger's pseudonyms: %w", err)
	}
	return pseudonyms{key: []byte(key)}, nil
}

// ownKey reads the key in a file, and makes one where there is none.
func ownKey(path string) (string, error) {
	for range 2 {
		data, err := os.ReadFile(path)
		switch {
		case err == nil && len(data) < leastKey:
			return "", fmt.Errorf("%s is damaged; bring it back from a copy, since with another key nobody in the ledger is known any more", path)
		case err == nil:
			return string(data), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
		if err := makeKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("make %s: %w", path, err)
		}
	}
	return "", fmt.Errorf("%s vanished while it was made; try again", path)
}

// makeKey writes a new key. Whoever is first wins: the file is whole when it gets
// its name, and a name is not given twice.
func makeKey(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), pseudonymKeyFile+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(rand.Text() + rand.Text())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
