package ledger

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// crockford is the base 32 alphabet of ULIDs: no I, L, O or U.
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	idLength  = 26
	// randomBytes is how much of an id's 16 bytes is not its time in ms.
	randomBytes = 10
)

// ids makes ULIDs. Each sorts after the one before it, even within one
// millisecond and when the clock is set back.
type ids struct {
	mu   sync.Mutex
	last int64
	tail [randomBytes]byte
}

// next returns an id for now.
func (g *ids) next(now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ms := max(0, now.UnixMilli()); ms > g.last {
		g.last = ms
		_, _ = rand.Read(g.tail[:]) // crypto/rand ends the program rather than fail
		// A first bit of 0 leaves room to count up.
		g.tail[0] &= 0x7f
	} else {
		g.increment()
	}
	return encodeID(g.last, g.tail)
}

// increment adds one to the random part, carrying into the time.
func (g *ids) increment() {
	for i := len(g.tail) - 1; i >= 0; i-- {
		g.tail[i]++
		if g.tail[i] != 0 {
			return
		}
	}
	g.last++
}

func encodeID(ms int64, tail [randomBytes]byte) string {
	var b [6 + randomBytes]byte
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	copy(b[6:], tail[:])
	// 26 characters are 130 bits: the first two are always 0.
	var out [idLength]byte
	for i := range out {
		v := 0
		for bit := i*5 - 2; bit < i*5+3; bit++ {
			v <<= 1
			if bit >= 0 {
				v |= int(b[bit/8]>>(7-bit%8)) & 1
			}
		}
		out[i] = crockford[v]
	}
	return string(out[:])
}

func checkID(id string) error {
	if len(id) != idLength || strings.Trim(id, crockford) != "" || id[0] > '7' {
		return fmt.Errorf("id %.40q is not a ULID", id)
	}
	return nil
}
