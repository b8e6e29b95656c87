package oncall

import "time"

// Level is a log line's severity.
type Level uint8

// The levels. LevelNone is a line that does not say.
const (
	LevelNone Level = iota
	LevelTrace
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelFatal
)

// String returns the level in the five letters or fewer that a row shows.
func (l Level) String() string {
	switch l {
	case LevelTrace:
		return "TRACE"
	case LevelDebug:
		return "DEBUG"
	case LevelInfo:
		return "INFO"
	case LevelWarn:
		return "WARN"
	case LevelError:
		return "ERROR"
	case LevelFatal:
		return "FATAL"
	case LevelNone:
	}
	return ""
}

// MarshalText makes levels words in JSON.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// LogLine is one line of a log. Its fields beyond time, level and message are
// read from Raw when somebody asks, because most lines are never looked at.
type LogLine struct {
	// At is the line's own time, or when it was read if it has none.
	At    time.Time `json:"at"`
	Level Level     `json:"level,omitempty"`
	// Source is the configured name of the source, Origin the file, stream or
	// pod within it.
	Source string `json:"source"`
	Origin string `json:"origin,omitempty"`
	// Raw is the line as it came, without its newline, cut at the reader's cap.
	Raw string `json:"raw"`
	// Message is the part a person reads first; a substring of Raw whenever no
	// decoding was needed.
	Message string `json:"message"`
	// Cut is true when the line was longer than the reader's cap.
	Cut bool `json:"cut,omitempty"`
	// Late is true when it came so long after newer lines that it stands among
	// them where it came, and not where its time belongs.
	Late bool `json:"late,omitempty"`
}

// Field is one key and value of a structured line, in the order they came.
type Field struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}
