package runbook

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// digestDomain keeps these hashes apart from any other use of SHA-256.
const digestDomain = "conway runbook step v1"

// Digest names one step by content: which file, which bytes, which position. An
// approval is a digest, so it lapses when any of the three changes, and whoever
// runs a step can check that it holds exactly the bytes that were approved.
// Every part goes in behind its length; no two inputs read the same.
func Digest(path string, script []byte, step int) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(digestDomain), []byte(path), script} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
