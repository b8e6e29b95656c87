package splunk

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// columns are the fields of a line that are asked for. Those of conway are times
// as numbers: Splunk writes _time in the user's zone and to the user's taste.
const columns = "_time, _raw, host, source, sourcetype, index, _bkt, _cd, " + fieldAt + ", " + fieldArrived

const (
	fieldAt      = "conway_at"
	fieldArrived = "conway_indexed"
)

// changing are the commands that change something or reach outside of Splunk, and
// map, which runs whatever is in a string.
func changing() []string {
	return []string{
		"delete", "collect", "mcollect", "meventcollect", "tscollect", "sumindex", "stash", "summaryindex",
		"outputlookup", "outputcsv", "outputtext", "outputtelemetry", "sendemail", "sendalert",
		"script", "run", "runshellscript", "dbxoutput", "dump", "crawl", "map",
	}
}

// query is SPL, cut before its first command.
type query struct {
	// clause is what is searched for, without the word search; rest are the commands
	// after it, with their leading bar, and empty when there are none.
	clause, rest string
	// generating is true when it begins with a command of its own.
	generating bool
}

// parse cuts a query and refuses what must not be run. The error is a sentence
// about it.
func parse(spl string) (query, error) {
	spl = strings.TrimSpace(spl)
	first, err := scan(spl)
	if err != nil {
		return query{}, err
	}
	if strings.HasPrefix(spl, "|") {
		return query{rest: spl, generating: true}, nil
	}
	q := query{clause: spl}
	if first >= 0 {
		q.clause, q.rest = strings.TrimSpace(spl[:first]), spl[first:]
	}
	if word, after, _ := strings.Cut(q.clause, " "); strings.EqualFold(word, "search") {
		q.clause = strings.TrimSpace(after)
	}
	if q.clause == "" {
		q.clause = "*"
	}
	return q, nil
}

// scan returns where the first command of the outer search begins, negative when
// there is none, and looks at all commands, also those within brackets.
func scan(spl string) (first int, err error) {
	first = -1
	depth, quoted := 0, false
	for i := 0; i < len(spl); i++ {
		c := spl[i]
		switch {
		case c == '\\' && !quoted && i+1 < len(spl) && spl[i+1] == '"':
			// Whether that begins a text is not for a guess on which a | depends.
			return -1, fmt.Errorf(`the query has \" outside quotation marks; put the whole text in quotation marks`)
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[', c == '|':
			if word := command(spl[i+1:]); slices.Contains(changing(), word) {
				return -1, fmt.Errorf("the query uses %s, which does more than search; conway only reads logs", word)
			}
			if c == '[' {
				depth++
			} else if depth == 0 && first < 0 {
				first = i
			}
		case c == ']':
			depth--
		}
	}
	if quoted {
		return -1, fmt.Errorf("the query has a quotation mark that is not closed")
	}
	return first, nil
}

// command returns the first word in lower case, past comments, which are between
// three grave accents.
func command(s string) string {
	const fence = "```"
	for {
		s = strings.TrimLeft(s, " \t\r\n|")
		if !strings.HasPrefix(s, fence) {
			break
		}
		_, after, closed := strings.Cut(s[len(fence):], fence)
		if !closed {
			break
		}
		s = after
	}
	end := strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' })
	if end >= 0 {
		s = s[:end]
	}
	return strings.ToLower(s)
}

// search returns the SPL for the newest lines, at most n. With a since, it is for
// those that were indexed then or later.
func (q query) search(n int, since time.Time) string {
	var b strings.Builder
	switch {
	case q.generating:
		b.WriteString(q.rest)
	case since.IsZero():
		fmt.Fprintf(&b, "search %s %s", q.clause, q.rest)
	default:
		// The brackets keep an OR in the clause to itself.
		fmt.Fprintf(&b, "search _index_earliest=%d (%s) %s", since.Unix(), q.clause, q.rest)
	}
	fmt.Fprintf(&b, " | head %d | eval %s=_time, %s=_indextime", n, fieldAt, fieldArrived)
	if q.rest == "" {
		// After commands of the query's own, its columns may be all there is.
		b.WriteString(" | fields " + columns)
	}
	return b.String()
}

// epoch writes a time as seconds, as Splunk reads it.
func epoch(t time.Time) string {
	us := t.UnixMicro()
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}
