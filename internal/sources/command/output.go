package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"conway/internal/sources"
	"conway/internal/sources/lines"
)

const (
	// flushEvery is how long lines are collected for one event, about a frame.
	flushEvery = 16 * time.Millisecond
	// readSize is how much is read at a time; a pipe holds 64 KiB.
	readSize = 64 << 10
)

// output collects what a command prints.
type output struct {
	now func() time.Time

	mu      sync.Mutex
	batch   *lines.Batch
	streams []*stream
	// words is the last line of standard error.
	words string
	wg    sync.WaitGroup
}

// stream is one of the two outputs.
type stream struct {
	origin string
	// r is ours, w the command's.
	r, w  *os.File
	split lines.Splitter
}

func newOutput(name string, now func() time.Time, emit sources.Emit) *output {
	return &output{now: now, batch: lines.NewBatch(name, now, emit)}
}

// attach gives the command its outputs.
func (o *output) attach(cmd *exec.Cmd) error {
	for _, origin := range []string{"stdout", "stderr"} {
		r, w, err := os.Pipe()
		if err != nil {
			o.started()
			o.close()
			return fmt.Errorf("make a pipe: %w", err)
		}
		o.streams = append(o.streams, &stream{origin: origin, r: r, w: w})
	}
	cmd.Stdout, cmd.Stderr = o.streams[0].w, o.streams[1].w
	return nil
}

// started closes our copies of the ends that the command has now.
func (o *output) started() {
	for _, s := range o.streams {
		_ = s.w.Close()
	}
}

// close ends all reading, whoever still holds the other ends.
func (o *output) close() {
	for _, s := range o.streams {
		_ = s.r.Close()
	}
}

// read reads both outputs to their ends. The channel it returns is closed then.
func (o *output) read() <-chan struct{} {
	for _, s := range o.streams {
		o.wg.Go(func() { o.readOne(s) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.wg.Wait()
	}()
	return done
}

func (o *output) readOne(s *stream) {
	defer func() {
		_ = s.r.Close()
		if p := recover(); p != nil {
			o.failed(fmt.Errorf("panic: %v", p))
		}
	}()
	buf := make([]byte, readSize)
	for {
		n, err := s.r.Read(buf)
		if n > 0 {
			o.add(s, buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (o *output) add(s *stream, p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	s.split.Add(p, now, o.lineTo(s, now))
}

func (o *output) lineTo(s *stream, now time.Time) lines.Line {
	return func(raw string, cut bool) {
		if s.origin == "stderr" && raw != "" {
			o.words = raw[:min(len(raw), 4*maxWords)]
		}
		o.batch.Add(raw, s.origin, cut, now)
	}
}

// alive tells that the command has started.
func (o *output) alive() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batch.Alive()
}

// flush emits what has been collected, and last lines that have waited long
// enough for their newline.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for _, s := range o.streams {
		if held := s.split.Held(); !held.IsZero() && now.Sub(held) >= lines.HoldBack {
			s.split.Rest(o.lineTo(s, now))
		}
	}
	o.batch.Flush()
}

// finish emits everything that is left. Both outputs have ended.
func (o *output) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for _, s := range o.streams {
		s.split.End(o.lineTo(s, now))
	}
	o.batch.Flush()
}

func (o *output) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.words = errors.Join(errors.New("reading its output failed"), err).Error()
}

func (o *output) lastWords() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.words
}
