package feed

import (
	"container/heap"
	"time"
)

// item is something that will happen.
type item struct {
	at  time.Duration // real time
	seq int
	// life is the process that it is part of and ends with, 0 for the world.
	life int
	name string
	do   func()
	// lost is called in its place when the process is gone; nil for nothing.
	lost func()
}

// schedule is everything that will happen, in order. The zero value is empty.
type schedule struct {
	items []*item
	seq   int
}

func (s *schedule) Len() int { return len(s.items) }
func (s *schedule) Less(i, j int) bool {
	a, b := s.items[i], s.items[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (s *schedule) Swap(i, j int) { s.items[i], s.items[j] = s.items[j], s.items[i] }
func (s *schedule) Push(x any)    { s.items = append(s.items, x.(*item)) }
func (s *schedule) Pop() any {
	last := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return last
}

func (s *schedule) add(i *item) {
	s.seq++
	i.seq = s.seq
	heap.Push(s, i)
}

func (s *schedule) next() *item { return heap.Pop(s).(*item) }

// delay puts off what a sleeping machine does not do.
func (s *schedule) delay(life int, d time.Duration) {
	for _, i := range s.items {
		if i.life == life {
			i.at += d
		}
	}
	heap.Init(s)
}

// kill removes what dies with a process, in order.
func (s *schedule) kill(life int) (dead []*item) {
	var left schedule
	for s.Len() > 0 {
		if i := s.next(); i.life == life {
			dead = append(dead, i)
		} else {
			left.items = append(left.items, i)
		}
	}
	s.items = left.items
	heap.Init(s)
	return dead
}
