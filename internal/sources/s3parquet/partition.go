package s3parquet

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
)

// partition is one column that the folders of a file name and the file does not
// hold.
type partition struct{ name, value string }

// hiveNull is Hive's word for no value.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// placed is what the folders say of the files in them.
type placed struct {
	columns []partition
	// span is the stretch of time that they name, in UTC; zero for none.
	span oncall.Window
}

// calendar is a time that is named piece by piece.
type calendar struct{ year, month, day, hour int }

// place reads the folders of a name: Hive's name=value, dates, and the bare
// 2026/03/02/10 of Firehose.
func place(name string) placed {
	var p placed
	c := calendar{month: -1, day: -1, hour: -1}
	segments := strings.Split(name, "/")
	for _, s := range segments[:len(segments)-1] {
		key, value, hive := strings.Cut(s, "=")
		if !hive {
			c.bare(s)
			continue
		}
		if v, err := url.PathUnescape(value); err == nil {
			value = v
		}
		if c.named(strings.ToLower(key), value) {
			continue
		}
		if value != hiveNull {
			p.columns = append(p.columns, partition{key, value})
		}
	}
	p.span = c.span()
	return p
}

// bare takes a folder that is a number or a date.
func (c *calendar) bare(s string) {
	if c.date(s) {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return
	}
	switch {
	case c.year == 0:
		if len(s) == 4 && n > 1970 && n < 2200 {
			c.year = n
		}
	case len(s) != 2:
	case c.month < 0:
		c.set(&c.month, n, 1, 12)
	case c.day < 0:
		c.set(&c.day, n, 1, 31)
	case c.hour < 0:
		c.set(&c.hour, n, 0, 23)
	}
}

// named takes a folder of the form name=value, and reports whether it is a time.
func (c *calendar) named(name, value string) bool {
	if c.date(value) {
		return true
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return false
	}
	switch name {
	case "year", "y", "yyyy":
		return c.set(&c.year, n, 1971, 2199)
	case "month", "mon", "mm":
		return c.set(&c.month, n, 1, 12)
	case "day", "d", "dd":
		return c.set(&c.day, n, 1, 31)
	case "hour", "hr", "h", "hh":
		return c.set(&c.hour, n, 0, 23)
	}
	return false
}

func (c *calendar) set(field *int, n, low, high int) bool {
	if n < low || n > high {
		return false
	}
	*field = n
	return true
}

// date takes 2026-03-02 or 20260302, with an hour behind it or without.
func (c *calendar) date(s string) bool {
	for _, layout := range []string{"2006-01-02", "20060102", "2006-01-02-15", "2006-01-02T15", "2006-01-02 15", "2006010215"} {
		t, err := time.Parse(layout, s)
		if err != nil || len(s) != len(layout) || t.Year() < 1971 || t.Year() > 2199 {
			continue
		}
		c.year, c.month, c.day = t.Year(), int(t.Month()), t.Day()
		if strings.HasSuffix(layout, "15") {
			c.hour = t.Hour()
		}
		return true
	}
	return false
}

func (c *calendar) span() oncall.Window {
	at := func(month, day, hour int) time.Time {
		return time.Date(c.year, time.Month(month), day, hour, 0, 0, 0, time.UTC)
	}
	switch {
	case c.year == 0:
		return oncall.Window{}
	case c.month < 0:
		return oncall.Window{Start: at(1, 1, 0), End: at(13, 1, 0)}
	case c.day < 0:
		return oncall.Window{Start: at(c.month, 1, 0), End: at(c.month+1, 1, 0)}
	case c.hour < 0:
		return oncall.Window{Start: at(c.month, c.day, 0), End: at(c.month, c.day+1, 0)}
	}
	return oncall.Window{Start: at(c.month, c.day, c.hour), End: at(c.month, c.day, c.hour+1)}
}

// within reports whether files of the span may hold rows of the window, when
// rows may lie a while beside the time that their folder names.
func (p placed) within(w oncall.Window, beside time.Duration) bool {
	if p.span.Start.IsZero() {
		return true
	}
	if !w.End.IsZero() && !p.span.Start.Add(-beside).Before(w.End) {
		return false
	}
	return p.span.End.Add(beside).After(w.Start)
}
