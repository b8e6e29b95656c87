package sourcetest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

// gate stands before a store's server, counts, and breaks what it is told to.
type gate struct {
	next  http.Handler
	holds func([]byte) int

	mu sync.Mutex
	// breaks answers a request in the store's place; nil, or its false, lets it
	// through.
	breaks func(http.ResponseWriter, *http.Request) bool
	// requests, open and aborted count requests: all, those being answered, and
	// those that were given up before their answer.
	requests, open, aborted int
	// sent counts the lines in whole answers.
	sent int
}

func (g *gate) set(breaks func(http.ResponseWriter, *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breaks = breaks
}

func (g *gate) counts() (requests, open, aborted, sent int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests, g.open, g.aborted, g.sent
}

// ServeHTTP answers as the store does, unless it is told otherwise.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// A server hears of a client that is gone only once it has read the request.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	g.requests++
	g.open++
	breaks := g.breaks
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open--
		if r.Context().Err() != nil {
			g.aborted++
		}
	}()
	if breaks == nil || !breaks(w, r) {
		g.next.ServeHTTP(w, r)
	}
}

// count returns how many of the suite's lines a body holds.
func (g *gate) count(body []byte) int {
	if g.holds != nil {
		return g.holds(body)
	}
	return bytes.Count(body, []byte(logMark))
}

// afterLines lets answers through until one with lines has gone out, and hands
// what comes then to breaks. With streams, that first one is broken already.
func (g *gate) afterLines(streams bool, breaks func(w http.ResponseWriter, r *http.Request)) {
	var mu sync.Mutex
	passed := false
	g.set(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		due := passed
		mu.Unlock()
		if due {
			breaks(w, r)
			return true
		}
		if streams {
			// Which answer holds lines is only known afterwards, so an answer that
			// streams is looked at whole and then cut.
			rec := record(g.next, r)
			if g.count(rec.Body.Bytes()) == 0 {
				replay(w, rec, 0)
				return true
			}
			whole := rec.Body.Len()
			rec.Body.Truncate(whole * 2 / 3)
			g.note(rec.Body.Bytes(), 1)
			replay(w, rec, whole)
			panic(http.ErrAbortHandler)
		}
		rec := record(g.next, r)
		if g.note(rec.Body.Bytes(), 0) > 0 {
			mu.Lock()
			passed = true
			mu.Unlock()
		}
		replay(w, rec, 0)
		return true
	})
}

// expireAfter lets all answers through, and calls expire before the n-th goes out.
// It returns a count of the lines that went out, those that did twice once.
func (g *gate) expireAfter(n int, expire func()) (sent func() int) {
	var mu sync.Mutex
	answered, marks := 0, map[string]bool{}
	g.set(func(w http.ResponseWriter, r *http.Request) bool {
		rec := record(g.next, r)
		mu.Lock()
		if answered++; answered == n {
			expire()
		}
		for _, after := range strings.Split(rec.Body.String(), logMark)[1:] {
			marks[after[:min(4, len(after))]] = true
		}
		mu.Unlock()
		replay(w, rec, 0)
		return true
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(marks)
	}
}

// note adds the lines in a body to those sent, but for the last few, which were
// cut.
func (g *gate) note(body []byte, but int) int {
	n := max(0, g.count(body)-but)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent += n
	return n
}
