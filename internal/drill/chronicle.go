package drill

import (
	"slices"
	"sync"
	"time"
)

// maxMoments bounds the chronicle; an alert that flaps all night stays readable.
const maxMoments = 200

// moment is one thing that happened.
type moment struct {
	at   time.Time
	text string
}

// chronicle is what really happened in a drill, as against what was seen of it.
type chronicle struct {
	mu      sync.Mutex
	list    []moment
	omitted int
}

func (c *chronicle) add(at time.Time, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) >= maxMoments {
		c.omitted++
		return
	}
	c.list = append(c.list, moment{at, text})
}

// moments returns what happened in the order of time, and how much is left out.
func (c *chronicle) moments() ([]moment, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(slices.Clone(c.list)), c.omitted
}

func sorted(list []moment) []moment {
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	return list
}
