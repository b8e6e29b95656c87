package oncall

import (
	"strings"
	"time"
)

// ParseTime reads a time as logs and deploy records write it: RFC 3339 with T or
// space, 2026/03/02 11:04:31, syslog's Mar  2 11:04:31, or an epoch number in
// seconds, milliseconds, microseconds or nanoseconds, told apart by size. A time
// without a zone is in near's zone, and one without a year lies near it. The
// whole of s has to be the time.
func ParseTime(s string, near time.Time) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	if t, n := leadingTime(s, near); n == len(s) {
		return t, true
	}
	return parseEpoch(s)
}

// leadingTime reads a time at the beginning of s, perhaps in square brackets,
// and returns how many bytes it took; 0 for none.
func leadingTime(s string, near time.Time) (time.Time, int) {
	if s == "" {
		return time.Time{}, 0
	}
	if s[0] == '[' {
		t, n := bareTime(s[1:], near)
		if n == 0 || n+1 >= len(s) || s[n+1] != ']' {
			return time.Time{}, 0
		}
		return t, n + 2
	}
	return bareTime(s, near)
}

func bareTime(s string, near time.Time) (t time.Time, n int) {
	if isDigit(s0(s)) {
		t, n = dateTime(s, near)
	} else {
		t, n = monthTime(s, near)
	}
	if n > 0 && n < len(s) && (isDigit(s[n]) || isLetter(s[n]) || s[n] == '.') {
		return time.Time{}, 0
	}
	return t, n
}

func s0(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// clock is a time of day.
type clock struct{ hour, min, sec, nano int }

// dateTime reads 2026-03-02T11:04:31.123+01:00 and its relatives.
func dateTime(s string, near time.Time) (time.Time, int) {
	const date = len("2026-03-02T")
	if len(s) < date+len("11:04:31") || s[4] != s[7] || (s[4] != '-' && s[4] != '/' && s[4] != '.') ||
		(s[10] != 'T' && s[10] != ' ' && s[10] != 't' && s[10] != '_') {
		return time.Time{}, 0
	}
	century, ok1 := twoDigits(s, 0)
	year, ok2 := twoDigits(s, 2)
	month, ok3 := twoDigits(s, 5)
	day, ok4 := twoDigits(s, 8)
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, 0
	}
	c, n := clockAt(s[date:])
	if n == 0 {
		return time.Time{}, 0
	}
	n += date
	offset, zone := zoneAt(s[n:])
	loc := time.UTC
	if zone == 0 {
		loc = near.Location()
	}
	t := time.Date(100*century+year, time.Month(month), day, c.hour, c.min, c.sec-offset, c.nano, loc)
	return t.UTC(), n + zone
}

// monthTime reads "Mar  2 11:04:31", "Mar 02 11:04:31.123" and, as Apache and
// ctime write it, "Mon Mar  2 11:04:31 2026".
func monthTime(s string, near time.Time) (time.Time, int) {
	i := 0
	if len(s) > 4 && s[3] == ' ' && isWeekday(s[:3]) {
		i = 4
	}
	const date = len("Mar  2 ")
	if len(s) < i+date+len("11:04:31") {
		return time.Time{}, 0
	}
	month := monthOf(s[i : i+3])
	if month == 0 || s[i+3] != ' ' || s[i+6] != ' ' {
		return time.Time{}, 0
	}
	day, ok := twoDigits(s, i+4)
	if s[i+4] == ' ' && isDigit(s[i+5]) {
		day, ok = int(s[i+5]-'0'), true
	}
	if !ok || day < 1 || day > 31 {
		return time.Time{}, 0
	}
	c, n := clockAt(s[i+date:])
	if n == 0 {
		return time.Time{}, 0
	}
	n += i + date
	if i > 0 && len(s) >= n+5 && s[n] == ' ' {
		century, ok1 := twoDigits(s, n+1)
		year, ok2 := twoDigits(s, n+3)
		if ok1 && ok2 && century >= 19 {
			t := time.Date(100*century+year, month, day, c.hour, c.min, c.sec, c.nano, near.Location())
			return t.UTC(), n + 5
		}
	}
	return nearYear(month, day, c, near), n
}

// accessLogTime finds the [02/Mar/2026:11:04:31 +0000] of the common log format.
func accessLogTime(s string, near time.Time) (time.Time, bool) {
	const form = "[02/Mar/2026:11:04:31"
	i := strings.IndexByte(s[:min(len(s), levelReach)], '[')
	if i < 0 || len(s) < i+len(form) || s[i+3] != '/' || s[i+7] != '/' || s[i+12] != ':' {
		return time.Time{}, false
	}
	day, ok1 := twoDigits(s, i+1)
	month := monthOf(s[i+4 : i+7])
	century, ok2 := twoDigits(s, i+8)
	year, ok3 := twoDigits(s, i+10)
	c, n := clockAt(s[i+13:])
	if !ok1 || !ok2 || !ok3 || month == 0 || n == 0 {
		return time.Time{}, false
	}
	offset, zone := zoneAt(s[i+13+n:])
	loc := time.UTC
	if zone == 0 {
		loc = near.Location()
	}
	return time.Date(100*century+year, month, day, c.hour, c.min, c.sec-offset, c.nano, loc).UTC(), true
}

// clockAt reads 11:04:31 with an optional fraction after a point or a comma.
func clockAt(s string) (clock, int) {
	const form = "11:04:31"
	if len(s) < len(form) || s[2] != ':' || s[5] != ':' {
		return clock{}, 0
	}
	hour, ok1 := twoDigits(s, 0)
	minute, ok2 := twoDigits(s, 3)
	sec, ok3 := twoDigits(s, 6)
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || sec > 60 {
		return clock{}, 0
	}
	c, n := clock{hour: hour, min: minute, sec: sec}, len(form)
	if n+1 < len(s) && (s[n] == '.' || s[n] == ',') && isDigit(s[n+1]) {
		unit := 100_000_000
		for n++; n < len(s) && isDigit(s[n]); n++ {
			c.nano += unit * int(s[n]-'0')
			unit /= 10
		}
	}
	return c, n
}

// zoneAt reads Z, +01:00, +0100, +01 or, after a space, +0100 or UTC, as seconds
// east of Greenwich, and returns how many bytes it took; 0 for none.
func zoneAt(s string) (offset, n int) {
	if s == "" {
		return 0, 0
	}
	if s[0] == 'Z' || s[0] == 'z' {
		return 0, 1
	}
	if s[0] == ' ' {
		if strings.HasPrefix(s, " UTC") || strings.HasPrefix(s, " GMT") {
			return 0, 4
		}
		// Only the form of four digits is a zone rather than a number here.
		if offset, n = zoneAt(s[1:]); n != 5 {
			return 0, 0
		}
		return offset, n + 1
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, 0
	}
	hour, ok := twoDigits(s, 1)
	if !ok || hour > 18 {
		return 0, 0
	}
	n = 3
	minute := 0
	if m, ok := twoDigits(s, 3); ok {
		minute, n = m, 5
	} else if len(s) > 3 && s[3] == ':' {
		if m, ok := twoDigits(s, 4); ok {
			minute, n = m, 6
		}
	}
	offset = 3600*hour + 60*minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, n
}

// nearYear makes a time of one without a year: the one nearest to near that is
// not more than a day ahead of it, because logs are written before they are read.
func nearYear(month time.Month, day int, c clock, near time.Time) time.Time {
	const day24 = 24 * time.Hour
	at := func(year int) time.Time {
		return time.Date(year, month, day, c.hour, c.min, c.sec, c.nano, near.Location())
	}
	t := at(near.Year())
	if t.Sub(near) > day24 {
		t = at(near.Year() - 1)
	} else if next := at(near.Year() + 1); next.Sub(near) <= day24 {
		t = next
	}
	return t.UTC()
}

// parseEpoch reads a number of seconds, or of smaller units, since 1970. It
// counts digits instead of going through a float, which would lose nanoseconds.
func parseEpoch(s string) (time.Time, bool) {
	const minDigits, maxDigits = 9, 19 // 1973 in seconds, 2262 in nanoseconds
	whole, i := 0, 0
	var v int64
	for ; i < len(s) && isDigit(s[i]); i++ {
		if whole++; whole >= maxDigits+1 {
			return time.Time{}, false
		}
		v = 10*v + int64(s[i]-'0')
	}
	if whole < minDigits || s[0] == '0' || v < 0 {
		return time.Time{}, false
	}
	unit := epochUnit(whole)
	var nanos, place int64 = 0, unit
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
			place /= 10
			nanos += place * int64(s[i]-'0')
		}
	}
	if i < len(s) {
		return time.Time{}, false
	}
	perSecond := int64(time.Second) / unit
	return time.Unix(v/perSecond, v%perSecond*unit+nanos).UTC(), true
}

// epochUnit tells the unit of an epoch number, in nanoseconds, by its digits:
// until the year 5138 a number of seconds has at most eleven.
func epochUnit(digits int) int64 {
	switch {
	case digits <= 11:
		return int64(time.Second)
	case digits <= 14:
		return int64(time.Millisecond)
	case digits <= 17:
		return int64(time.Microsecond)
	}
	return 1
}

func twoDigits(s string, i int) (int, bool) {
	if i+1 >= len(s) || !isDigit(s[i]) || !isDigit(s[i+1]) {
		return 0, false
	}
	return 10*int(s[i]-'0') + int(s[i+1]-'0'), true
}

func monthOf(s string) time.Month {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if i := strings.Index(names, s); i >= 0 && i%3 == 0 {
		return time.Month(i/3 + 1)
	}
	return 0
}

func isWeekday(s string) bool {
	i := strings.Index("MonTueWedThuFriSatSun", s)
	return i >= 0 && i%3 == 0
}
