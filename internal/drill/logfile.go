package drill

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxLog is the size at which a log is rotated; two of them are kept, so that a
// drill that is forgotten over night fills no disk.
const maxLog = 16 << 20

// pair is one field of a log line.
type pair struct {
	key   string
	value any
}

// logFile writes one service's log, a line at a time, in JSON or logfmt. Only a
// rotation ever takes a line away.
type logFile struct {
	path   string
	logfmt bool

	mu   sync.Mutex
	f    *os.File
	size int64
	err  error
}

func openLog(path string, logfmt bool) (*logFile, error) {
	l := &logFile{path: path, logfmt: logfmt}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.f, l.size = f, info.Size()
	return nil
}

// line appends one line. The first failure is kept for close: a service goes on
// when its log does not.
func (l *logFile) line(at time.Time, level, msg string, pairs ...pair) {
	all := append([]pair{{"ts", at.UTC().Format("2006-01-02T15:04:05.000Z07:00")}, {"level", level}, {"msg", msg}}, pairs...)
	b := jsonLine(all)
	if l.logfmt {
		b = logfmtLine(all)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return
	}
	if l.size+int64(len(b)) > maxLog {
		l.rotate()
	}
	if l.f == nil {
		return
	}
	n, err := l.f.Write(b)
	l.size += int64(n)
	if l.err == nil {
		l.err = err
	}
}

func (l *logFile) rotate() {
	err := errors.Join(l.f.Close(), os.Rename(l.path, l.path+".1"))
	l.f = nil
	if err = errors.Join(err, l.open()); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.err
	if l.f != nil {
		err = errors.Join(err, l.f.Close())
		l.f = nil
	}
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

func jsonLine(pairs []pair) []byte {
	var b strings.Builder
	for i, p := range pairs {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.WriteString(strconv.Quote(p.key))
		b.WriteByte(':')
		v, err := json.Marshal(p.value)
		if err != nil {
			v = []byte("null")
		}
		b.Write(v)
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func logfmtLine(pairs []pair) []byte {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(' ')
		}
		v := fmt.Sprint(p.value)
		if v == "" || strings.ContainsAny(v, " =\"\\\n\t") {
			v = strconv.Quote(v)
		}
		b.WriteString(p.key + "=" + v)
	}
	b.WriteByte('\n')
	return []byte(b.String())
}
