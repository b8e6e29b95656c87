package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// chainFormat names what is hashed and how; it is the first thing hashed.
const chainFormat = "conway ledger record 1"

// Hash is the SHA-256 of a record; zero before the first one.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("read hash: %d characters, want %d", len(b), hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("read hash: %w", err)
	}
	return nil
}

// sum returns the hash of a record that follows prev. Every field is preceded by
// its length, so that no two records have the same bytes.
func (r Record) sum(prev Hash) Hash {
	d := sha256.New()
	var n [8]byte
	for _, field := range [][]byte{
		[]byte(chainFormat), prev[:], []byte(r.ID), []byte(timeText(r.At)),
		[]byte(r.Kind), []byte(r.Src), []byte(r.Actor), r.Body,
	} {
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		d.Write(n[:])
		d.Write(field)
	}
	return Hash(d.Sum(nil))
}

// Head is the end of a chain: how many records there are and the hash of the
// last. A copy kept elsewhere proves later that none of them is missing.
type Head struct {
	Count int64 `json:"count"`
	Hash  Hash  `json:"hash"`
}

// String returns "count:hash", which ParseHead reads.
func (h Head) String() string { return strconv.FormatInt(h.Count, 10) + ":" + h.Hash.String() }

// ParseHead reads a Head as String writes it.
func ParseHead(s string) (Head, error) {
	count, hash, ok := strings.Cut(strings.TrimSpace(s), ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if !ok || err != nil || n < 0 {
		return Head{}, fmt.Errorf("read head %q: want COUNT:HASH as it was printed", s)
	}
	h := Head{Count: n}
	if err := h.Hash.UnmarshalText([]byte(hash)); err != nil {
		return Head{}, fmt.Errorf("read head %q: %w", s, err)
	}
	return h, nil
}
