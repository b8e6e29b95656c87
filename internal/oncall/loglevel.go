package oncall

import "strings"

// ParseLevel reads a level as loggers write it: a word or abbreviation in any
// case, one of the letters that stand for them, pino's and bunyan's numbers (10
// trace to 60 fatal) or syslog's (0 emergency to 7 debug). It returns LevelNone
// for anything else.
func ParseLevel(s string) Level {
	switch {
	case s == "":
		return LevelNone
	case len(s) == 1 && isLetter(s[0]):
		return letterLevel(s[0] &^ 0x20)
	case isDigit(s[0]):
		return numberLevel(s)
	}
	return wordLevel(s)
}

func letterLevel(c byte) Level {
	switch c {
	case 'T', 'V':
		return LevelTrace
	case 'D':
		return LevelDebug
	case 'I', 'N':
		return LevelInfo
	case 'W':
		return LevelWarn
	case 'E':
		return LevelError
	case 'F', 'C', 'P', 'A':
		return LevelFatal
	}
	return LevelNone
}

// numberLevel reads pino's numbers, between which own levels may lie, and
// syslog's, which GELF uses too.
func numberLevel(s string) Level {
	n := 0
	for _, c := range []byte(s) {
		if !isDigit(c) || n > 100 {
			return LevelNone
		}
		n = 10*n + int(c-'0')
	}
	switch {
	case n <= 7:
		return syslogLevel(n)
	case n < 10 || n >= 70:
		return LevelNone
	}
	return LevelTrace + Level(n/10-1)
}

// syslogLevel reads a severity of RFC 5424, table 2.
func syslogLevel(n int) Level {
	switch n {
	case 0, 1, 2:
		return LevelFatal
	case 3:
		return LevelError
	case 4:
		return LevelWarn
	case 5, 6:
		return LevelInfo
	}
	return LevelDebug
}

// longestLevel is len("informational"), beyond which no word is a level.
const longestLevel = 13

func wordLevel(s string) Level {
	if len(s) < 3 || len(s) > longestLevel {
		return LevelNone
	}
	var lower [longestLevel]byte
	for i := range len(s) {
		if !isLetter(s[i]) {
			return LevelNone
		}
		lower[i] = s[i] | 0x20
	}
	switch string(lower[:len(s)]) {
	case "trace", "trc", "verbose", "finest":
		return LevelTrace
	case "debug", "dbg", "debu":
		return LevelDebug
	case "info", "inf", "information", "informational", "notice":
		return LevelInfo
	case "warn", "wrn", "warning":
		return LevelWarn
	case "error", "err", "eror", "severe":
		return LevelError
	case "fatal", "ftl", "fata", "crit", "critical", "panic", "dpanic", "alert", "emerg", "emergency":
		return LevelFatal
	}
	return LevelNone
}

// levelReach is how far into a line a level word is looked for. Later ones are
// part of what the line says.
const levelReach = 160

// foundLevel is a level word in prose, and where it ends with its bracket.
type foundLevel struct {
	level Level
	end   int
	// leads is true when it stands first and is nothing but a level, so that the
	// message is what follows.
	leads bool
}

// findLevel looks for a word that is meant as a level: in capitals, in brackets,
// before a colon, after level=, or right after the time. The word error within a
// sentence is not.
func findLevel(s string, afterTime bool) foundLevel {
	reach := s[:min(len(s), levelReach)]
	for i := 0; i < len(reach); {
		if !isLetter(reach[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '_') {
			i++
		}
		if i-start > longestLevel {
			continue
		}
		level := wordLevel(s[start:i])
		if level == LevelNone {
			continue
		}
		if f, ok := meantAsLevel(s, start, i, afterTime); ok {
			f.level = level
			return f
		}
	}
	return foundLevel{}
}

// meantAsLevel judges the word s[start:end] by what stands around it.
func meantAsLevel(s string, start, end int, afterTime bool) (foundLevel, bool) {
	var before, after byte = ' ', ' '
	if start > 0 {
		before = s[start-1]
	}
	if end < len(s) {
		after = s[end]
	}
	switch {
	case before == '[' && after == ']', before == '<' && after == '>':
		return foundLevel{end: end + 1, leads: start == 1}, true
	case after == '=' || after == '.' || after == '/' || after == '(':
		return foundLevel{}, false
	case before == '=' || before == '"' || before == '\'':
		return foundLevel{end: end}, afterLevelKey(s[:start])
	case strings.IndexByte(" \t[(|:-", before) < 0:
		return foundLevel{}, false
	case isUpper(s[start:end]) && strings.IndexByte(" \t]):|,-", after) >= 0:
		if after == ':' || after == ',' {
			end++
		}
		return foundLevel{end: end, leads: start == 0}, true
	}
	return meantInLowerCase(s, start, end, afterTime)
}

// meantInLowerCase judges a word that has no brackets, no key and no capitals:
// it is a level before a colon, or right after the time.
func meantInLowerCase(s string, start, end int, afterTime bool) (foundLevel, bool) {
	rest := s[end:]
	first := start == 0 && afterTime
	if rest == ":" || strings.HasPrefix(rest, ": ") || strings.HasPrefix(rest, ":\t") {
		return foundLevel{end: end + 1, leads: first}, start == 0 || isBlank(s[start-1])
	}
	if !first || rest == "" || strings.IndexByte(" \t|", rest[0]) < 0 {
		return foundLevel{}, false
	}
	return foundLevel{end: end, leads: true}, true
}

// afterLevelKey reports whether s ends in level=, lvl= or severity=, perhaps
// with an opening quote, or the same with a colon.
func afterLevelKey(s string) bool {
	s = strings.TrimRight(s, `"' `)
	if s == "" || (s[len(s)-1] != '=' && s[len(s)-1] != ':') {
		return false
	}
	s = strings.TrimRight(s[:len(s)-1], `"'`)
	i := len(s)
	for i > 0 && (isLetter(s[i-1]) || s[i-1] == '_' || s[i-1] == '.') {
		i--
	}
	return roleOf(s[i:]) == roleLevel
}

func isUpper(s string) bool {
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
