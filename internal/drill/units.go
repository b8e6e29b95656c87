package drill

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Span is a duration of scenario time, written as "90s" or "1h30m".
type Span time.Duration

// Wall is a duration that is not compressed, such as the time a request takes.
type Wall time.Duration

// Size is a number of bytes, written as "4MiB", "64KiB" or "512B".
type Size int64

// UnmarshalYAML reads a duration.
func (s *Span) UnmarshalYAML(n ast.Node) error {
	d, err := durationOf(n)
	*s = Span(d)
	return err
}

// UnmarshalYAML reads a duration.
func (w *Wall) UnmarshalYAML(n ast.Node) error {
	d, err := durationOf(n)
	*w = Wall(d)
	return err
}

// UnmarshalYAML reads a number of bytes.
func (z *Size) UnmarshalYAML(n ast.Node) error {
	s := scalar(n)
	number, unit := s, int64(1)
	for _, u := range []struct {
		name string
		size int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"B", 1}} {
		if cut, ok := strings.CutSuffix(s, u.name); ok {
			number, unit = cut, u.size
			break
		}
	}
	v, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
	if err != nil || v < 0 || number == s {
		return faultAt(n, fmt.Sprintf("%q is not a size", s), "write it as 4MiB, 64KiB or 512B")
	}
	*z = Size(v * unit)
	return nil
}

func durationOf(n ast.Node) (time.Duration, error) {
	s := scalar(n)
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, faultAt(n, fmt.Sprintf("%q is not a duration", s), "write it as 8s, 5m or 74h")
	}
	return d, nil
}

func scalar(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// String returns the size as it is written in a scenario.
func (z Size) String() string {
	switch {
	case z >= 1<<20 && z%(1<<20) == 0:
		return strconv.FormatInt(int64(z>>20), 10) + "MiB"
	case z >= 1<<10 && z%(1<<10) == 0:
		return strconv.FormatInt(int64(z>>10), 10) + "KiB"
	}
	return strconv.FormatInt(int64(z), 10) + "B"
}
