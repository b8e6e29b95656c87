package splunk

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
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
	if word, after := firstWord(q.clause); strings.EqualFold(word, "search") {
		q.clause = after
	}
	if q.clause == "" {
		q.clause = "*"
	}
	return q, nil
}

// firstWord cuts a text after its first word, which a line break ends as well.
func firstWord(s string) (word, rest string) {
	end := strings.IndexFunc(s, unicode.IsSpace)
	if end < 0 {
		return s, ""
	}
	return s[:end], strings.TrimSpace(s[end:])
}

// scan returns where the first command of the outer search begins, negative when
// there is none, and looks at all commands, also those within brackets.
func scan(spl string) (first int, err error) {
	first, changes, err := commands(spl, `"`)
	if err != nil {
		return -1, err
	}
	if changes == "" {
		// Some commands take names in apostrophes, in which a quotation mark quotes
		// nothing. Elsewhere an apostrophe is one, and an end of it says nothing.
		_, changes, _ = commands(spl, `"'`)
	}
	if changes != "" {
		return -1, fmt.Errorf("the query uses %s, which does more than search; conway only reads logs", changes)
	}
	return first, nil
}

// fence begins and ends a comment, in which quotation marks quote nothing.
const fence = "```"

// commands returns where the first command of the outer search begins, negative
// when there is none, and the first of all commands that changes something, as
// these characters quote.
func commands(spl, quotes string) (first int, changes string, err error) {
	first = -1
	depth, quote, comment := 0, byte(0), false
	for i := 0; i < len(spl); i++ {
		c := spl[i]
		switch {
		case quote == 0 && strings.HasPrefix(spl[i:], fence):
			comment = !comment
			i += len(fence) - 1
		case comment && c != '|' && c != '[':
		case c == '\\' && quote == 0 && strings.HasPrefix(spl[i+1:], `"`):
			// Whether that begins a text is not for a guess on which a | depends.
			return -1, "", fmt.Errorf(`the query has \" outside quotation marks; put the whole text in quotation marks`)
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case strings.IndexByte(quotes, c) >= 0:
			quote = c
		case c == '[', c == '|':
			// Of comments, which not every version knows, the commands count too.
			if word := command(spl[i+1:]); changes == "" && slices.Contains(changing(), word) {
				changes = word
			}
			if c == '|' && depth == 0 && first < 0 && !comment {
				first = i
			} else if c == '[' && !comment {
				depth++
			}
		case c == ']':
			depth--
		}
	}
	switch {
	case quote != 0:
		err = fmt.Errorf("the query has a quotation mark that is not closed")
	case comment:
		err = fmt.Errorf("the query has a comment that is not closed with ```")
	}
	return first, changes, err
}

// command returns the first word in lower case, past comments, which are between
// three grave accents.
func command(s string) string {
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
