package oncall

import (
	"strings"
	"time"
)

// ParseLine finds the time, level and message of one log line. It knows JSON
// objects, logfmt, klog and plain text with a leading time, and looks inside the
// wrappers that container runtimes put around a line: the CRI prefix
// "2026-03-02T11:04:31.1Z stdout F " and Docker's {"log":…,"time":…}.
//
// At is the line's own time, the wrapper's if it has one; read where the line
// has none. A time without a zone is taken to be in read's zone and a time
// without a year to lie near read. Message is a substring of raw whenever no
// decoding was needed, and raw itself when nothing was recognised. Equal
// arguments give equal lines, and no input makes it panic.
func ParseLine(raw string, read time.Time) LogLine {
	l := LogLine{At: read, Raw: raw, Message: raw}
	body := trimLine(raw)
	if body == "" {
		return l
	}
	p := lineParser{line: l, read: read}
	p.parse(body, maxWrappers)
	return p.line
}

// maxWrappers is how many wrappers around wrappers are opened. A Docker line
// that is shipped through another runtime makes two.
const maxWrappers = 2

// lineParser fills in a line. A time that was found first stays.
type lineParser struct {
	line  LogLine
	read  time.Time
	timed bool
}

func (p *lineParser) setTime(t time.Time) {
	if !p.timed {
		p.line.At, p.timed = t, true
	}
}

// parse reads a line that may begin with a time.
func (p *lineParser) parse(s string, wrappers int) {
	if s == "" {
		return
	}
	if s[0] == '{' && p.json(s, wrappers) {
		return
	}
	s, pri := cutPriority(s)
	t, n := leadingTime(s, p.read)
	if n == 0 {
		p.untimed(s)
		p.orLevel(pri)
		return
	}
	p.setTime(t)
	rest := s[n:]
	if inner, ok := cutCRI(rest); ok {
		p.line.Message = inner
		if wrappers > 0 {
			p.parse(trimLine(inner), wrappers-1)
		}
		return
	}
	rest = cutSeparator(rest)
	if rest == "" {
		return
	}
	p.line.Message = rest
	if rest[0] == '{' && p.json(rest, wrappers) {
		return
	}
	if isLogfmt(rest) {
		p.logfmt(rest)
		return
	}
	p.text(rest, true)
	p.orLevel(pri)
}

// untimed reads a line that does not begin with a time.
func (p *lineParser) untimed(s string) {
	switch {
	case isLogfmt(s):
		p.line.Message = s
		p.logfmt(s)
	case p.klog(s):
	default:
		if t, ok := accessLogTime(s, p.read); ok {
			p.setTime(t)
		}
		p.line.Message = s
		p.text(s, false)
	}
}

func (p *lineParser) orLevel(l Level) {
	if p.line.Level == LevelNone {
		p.line.Level = l
	}
}

// text finds a level word, and takes it off the message when it leads there.
func (p *lineParser) text(s string, afterTime bool) {
	w := findLevel(s, afterTime)
	if w.level == LevelNone {
		return
	}
	p.line.Level = w.level
	if !w.leads {
		return
	}
	if rest := cutSeparator(s[w.end:]); rest != "" {
		p.line.Message = rest
	}
}

// logfmt reads the few keys that make a line.
func (p *lineParser) logfmt(s string) {
	c := logfmtCursor{s: s}
	var got keyRole
	for m := (member{}); got != allRoles && c.next(&m); {
		got |= p.take(&m, got)
	}
}

// json reads the few keys that make a line from an object. It reports false,
// having changed nothing, when s is not one.
func (p *lineParser) json(s string, wrappers int) bool {
	before := *p
	c := jsonCursor{s: s}
	var got keyRole
	var wrapped member
	for m := (member{}); got != allRoles && c.next(&m); {
		role := p.take(&m, got)
		got |= role
		if role == 0 && wrapped.key == "" && m.kind == kindString && (m.key == "log" || m.key == "event") {
			wrapped = m
		}
	}
	if c.bad || (c.cut && got == 0) {
		*p = before
		return false
	}
	if got&roleMessage == 0 {
		p.line.Message = s
	}
	if got&roleMessage == 0 && wrapped.key != "" {
		inner := trimLine(wrapped.lineText())
		p.line.Message = inner
		if wrapped.key == "log" && wrappers > 0 {
			p.parse(inner, wrappers-1)
		}
	}
	return true
}

// take uses a member for what it is in the line, and returns that. What the
// line already has is not taken again.
func (p *lineParser) take(m *member, got keyRole) keyRole {
	role := roleOf(m.key)
	if role == 0 || got&role != 0 || m.kind == kindNull {
		return 0
	}
	switch role { //nolint:exhaustive // a key has one role; allRoles is a set
	case roleTime:
		t, ok := ParseTime(m.val, p.read)
		if !ok || m.kind == kindNested {
			return 0
		}
		p.setTime(t)
	case roleLevel:
		level := ParseLevel(m.val)
		if level == LevelNone {
			return 0
		}
		p.line.Level = level
	case roleMessage:
		p.line.Message = m.text()
	}
	return role
}

// keyRole is what a key means for a line; a set of them is what was found.
type keyRole uint8

const (
	roleTime keyRole = 1 << iota
	roleLevel
	roleMessage

	allRoles = roleTime | roleLevel | roleMessage
)

// roleOf names the keys by which common loggers call the three parts of a line.
// A member called "log" or "event" is a message only when there is no other.
func roleOf(key string) keyRole {
	switch key {
	case "time", "ts", "timestamp", "@timestamp", "t", "Timestamp", "asctime":
		return roleTime
	case "level", "severity", "lvl", "levelname", "log.level", "loglevel", "severity_text", "SeverityText":
		return roleLevel
	case "msg", "message", "Body", "body":
		return roleMessage
	}
	return 0
}

// klog reads Kubernetes' own header, "E0302 11:04:31.123456   1 file.go:12] ".
func (p *lineParser) klog(s string) bool {
	if len(s) < len("E0302 11:04:31") || s[5] != ' ' {
		return false
	}
	month, ok1 := twoDigits(s, 1)
	day, ok2 := twoDigits(s, 3)
	level := letterLevel(s[0])
	if !ok1 || !ok2 || month < 1 || month > 12 || level == LevelNone || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	clock, n := clockAt(s[6:])
	if n == 0 {
		return false
	}
	p.setTime(nearYear(time.Month(month), day, clock, p.read))
	p.line.Level = level
	p.line.Message = s
	if i := strings.Index(s, "] "); i >= 0 && i+2 < len(s) {
		p.line.Message = s[i+2:]
	}
	return true
}

// cutCRI takes "stdout F " off what follows the time in a line of the container
// runtime interface. A partial line, tagged P, is read like a whole one.
// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
func cutCRI(s string) (string, bool) {
	const head = " stdout "
	if len(s) <= len(head) || (s[:8] != head && s[:8] != " stderr ") || (s[8] != 'F' && s[8] != 'P') {
		return "", false
	}
	rest := s[9:]
	// More tags may follow, separated by colons.
	if rest != "" && rest[0] == ':' {
		i := strings.IndexByte(rest, ' ')
		if i < 0 {
			return "", false
		}
		rest = rest[i:]
	}
	if rest == "" {
		return "", true
	}
	return rest[1:], rest[0] == ' '
}

// cutPriority takes the "<34>" or "<34>1 " of syslog off a line and returns its
// severity. RFC 5424 section 6.2.1.
func cutPriority(s string) (string, Level) {
	if s[0] != '<' {
		return s, LevelNone
	}
	n, i := 0, 1
	for i < len(s) && i < 4 && isDigit(s[i]) {
		n = 10*n + int(s[i]-'0')
		i++
	}
	if i == 1 || i >= len(s) || s[i] != '>' || n > 191 {
		return s, LevelNone
	}
	rest := strings.TrimPrefix(s[i+1:], "1 ")
	if rest == "" {
		return s, LevelNone
	}
	return rest, syslogLevel(n & 7)
}

// cutSeparator takes the spaces, and one mark set in spaces, between the parts
// of a line off its beginning.
func cutSeparator(s string) string {
	s = strings.TrimLeft(s, " \t")
	for _, mark := range []byte{':', '-', '|'} {
		if len(s) > 1 && s[0] == mark && (s[1] == ' ' || s[1] == '\t') {
			return strings.TrimLeft(s[1:], " \t")
		}
	}
	return s
}

// trimLine takes white space and a byte order mark off the ends.
func trimLine(s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
