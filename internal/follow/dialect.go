package follow

import (
	"slices"
	"strings"
	"unicode"
)

// bareRule is what may stand outside of quotes.
type bareRule uint8

const (
	// asName takes names and the ends of names.
	asName bareRule = iota
	// asToken takes plain words, and puts quotes around everything else.
	asToken
	// asNumber takes whole numbers.
	asNumber
	// asLabel takes letters, digits, dots, dashes and underscores.
	asLabel
	// asText takes everything: there is no language to break.
	asText
)

// dialect is what Fill must know of a language. Where a language leaves it open
// what a character means, the value is refused rather than guessed.
type dialect struct {
	// quotes begin a string; those of them in raw know no escape, and where
	// doubled is true a quote is written twice instead of escaped.
	quotes, raw string
	doubled     bool
	bare        bareRule
	// comments are the marks at the beginning and at the end of a comment.
	comments [][2]string
	// wild are the characters that match any text even in quotes; never those that
	// no place can take.
	wild, never string
	// words are the language's own words, in lower case.
	words []string
	// opens says what a string is for, from what stands before it.
	opens func(before string, quote byte) place
	// opensAt says whether a quote's character opens a string there, nil for
	// always.
	opensAt func(before string, quote byte) bool
	// regexAt says whether a regular expression without quotes is open, nil for
	// never.
	regexAt func(before string) bool
}

func (d dialect) word(v string) bool { return slices.Contains(d.words, strings.ToLower(v)) }

// dialectOf returns what is known of a language.
//
// The strings: PromQL https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals,
// LogQL https://grafana.com/docs/loki/latest/query/log_queries/,
// SPL https://docs.splunk.com/Documentation/SplunkCloud/latest/Search/Search,
// Sumo https://help.sumologic.com/docs/search/get-started-with-search/build-search/keyword-search-expressions/,
// Lucene https://www.elastic.co/guide/en/elasticsearch/reference/current/query-dsl-query-string-query.html,
// LogsQL https://docs.victoriametrics.com/victorialogs/logsql/#string-literals,
// SQL https://trino.io/docs/current/language/types.html#string,
// CloudWatch https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
func dialectOf(l Lang) (dialect, bool) {
	hash := [2]string{"#", "\n"}
	switch l {
	case PromQL:
		return dialect{quotes: "\"'`", raw: "`", comments: [][2]string{hash}, opens: metricString, words: []string{
			"and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left", "group_right",
			"offset", "bool", "start", "end", "inf", "nan",
		}}, true
	case LogQL:
		return dialect{quotes: "\"`", raw: "`", comments: [][2]string{hash}, opens: lokiString, words: []string{
			"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool",
			"json", "logfmt", "regexp", "pattern", "unpack", "unwrap", "line_format", "label_format", "decolorize", "drop", "keep", "ip",
		}}, true
	case SPL:
		return dialect{quotes: "\"'", bare: asToken, never: "`", wild: "*", opens: piped("search"), words: []string{
			"and", "or", "not", "in", "by", "as", "where", "search", "true", "false", "null", "case", "term",
		}}, true
	case Sumo:
		return dialect{
			quotes: "\"", bare: asToken, comments: [][2]string{{"//", "\n"}, {"/*", "*/"}}, wild: "*?", opens: piped(),
			words: []string{"and", "or", "not", "in", "by", "as", "where", "true", "false", "null", "matches"},
		}, true
	case Lucene:
		return dialect{
			quotes: "\"", bare: asToken, opens: always(matched), regexAt: openSlash,
			words: []string{"and", "or", "not", "to"},
		}, true
	case LogsQL:
		return dialect{quotes: "\"'`", raw: "`", bare: asToken, comments: [][2]string{hash}, opens: victoriaString, words: []string{
			"and", "or", "not", "in", "by", "as", "if", "exact", "range", "re", "seq", "eq", "i", "options", "contains_all", "contains_any",
		}}, true
	case SQL:
		return dialect{quotes: "'\"", doubled: true, bare: asNumber, comments: [][2]string{{"--", "\n"}, {"/*", "*/"}}, opens: sqlString}, true
	case CloudWatch:
		return dialect{quotes: "\"%", raw: "%", bare: asToken, wild: "*", opens: cloudWatchString, opensAt: cloudWatchQuote, words: []string{
			"is", "null", "not", "exists", "true", "false",
		}}, true
	case Parquet:
		return dialect{quotes: "\"", bare: asToken, opens: always(matched), words: []string{"and", "or", "not"}}, true
	case Label, Grep:
		return dialect{bare: asLabel}, true
	case Literal:
		return dialect{bare: asText}, true
	}
	return dialect{}, false
}

func always(p place) func(string, byte) place {
	return func(string, byte) place { return p }
}

func ending(before string, ends ...string) bool {
	before = strings.TrimRightFunc(before, unicode.IsSpace)
	return slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(before, e) })
}

func metricString(before string, _ byte) place {
	switch {
	case ending(before, "=~", "!~"):
		return regex
	case ending(before, "="):
		return matched
	}
	return other
}

// lokiString knows line filters too; what |> and other functions take has marks
// of its own.
func lokiString(before string, quote byte) place {
	if ending(before, "|~") {
		return regex
	}
	return metricString(before, quote)
}

// victoriaString: a phrase is a match wherever it stands before the first pipe.
func victoriaString(before string, _ byte) place {
	switch {
	case ending(before, "~"):
		return regex
	case ending(before, "=", ":"):
		return matched
	case outside(before, '|'):
		return other
	}
	return matched
}

// piped returns the rule of a language whose first command searches: strings
// there are matched, those of later commands may be patterns. The named commands
// search too.
func piped(searches ...string) func(string, byte) place {
	return func(before string, quote byte) place {
		if quote == '\'' {
			return named
		}
		if !outside(before, '|') {
			return matched
		}
		last := strings.Fields(before[strings.LastIndexByte(before, '|')+1:])
		if len(last) > 0 && slices.Contains(searches, strings.ToLower(last[0])) {
			return matched
		}
		return other
	}
}

// outside reports whether c stands in the text outside of double quotes.
func outside(s string, c byte) bool {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return true
		}
	}
	return false
}

// openSlash reports whether a regular expression between slashes has been begun.
func openSlash(before string) bool {
	open := false
	for i := 0; i < len(before); i++ {
		switch before[i] {
		case '\\':
			i++
		case '/':
			open = !open
		}
	}
	return open
}

// sqlString: only what is compared is a plain string. What LIKE and functions
// take are patterns, and U& gives a backslash a meaning.
func sqlString(before string, quote byte) place {
	switch {
	case quote == '"':
		return named
	case ending(before, "=", "<>", "<", ">"), inList(before):
		return matched
	case ending(strings.ToLower(before), " like"):
		return like
	}
	return other
}

// inList reports whether the text ends within the list of an IN.
func inList(before string) bool {
	i := strings.LastIndexByte(before, '(')
	return i >= 0 && !strings.Contains(before[i:], ")") && ending(strings.ToLower(before[:i]), " in") &&
		ending(before, "(", ",")
}

// cloudWatchString: a quoted term is a phrase. Between percent signs stands a
// regular expression, whose language knows few escapes.
func cloudWatchString(_ string, quote byte) place {
	if quote == '%' {
		return named
	}
	return matched
}

// cloudWatchQuote: a percent sign opens an expression at the beginning of a term.
func cloudWatchQuote(before string, quote byte) bool {
	return quote != '%' || before == "" || strings.IndexByte(" \t=([", before[len(before)-1]) >= 0
}
