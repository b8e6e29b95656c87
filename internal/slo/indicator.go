package slo

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// indicator is how events are counted: wrong ones or good ones of all, or only
// the part of wrong ones.
type indicator struct {
	wrong, good, total, ratio term
}

// term is one query of a file: a counter to be wrapped, or an expression with
// places for the window.
type term struct {
	query   string
	counter bool
}

// window is the place in Sloth's and OpenSLO's queries for the span of time.
const windowPattern = `\{\{\s*\.window\s*\}\}`

func (t term) empty() bool { return t.query == "" }

// over returns the term over the last w, with the function that a counter needs.
func (t term) over(function string, w time.Duration) string {
	if t.counter {
		return fmt.Sprintf("sum(%s(%s[%s]))", function, t.query, duration(w))
	}
	return "(" + regexp.MustCompile(windowPattern).ReplaceAllLiteralString(t.query, duration(w)) + ")"
}

// errorRatio asks for the part of wrong events. "or vector(0)" is for a service
// that has not failed yet, "> 0" makes no traffic no data instead of no failure.
func (i indicator) errorRatio(w time.Duration) string { return i.fraction("rate", w) }

func (i indicator) fraction(function string, w time.Duration) string {
	switch {
	case !i.ratio.empty():
		return i.ratio.over(function, w)
	case !i.wrong.empty():
		return fmt.Sprintf("(%s or vector(0)) / (%s > 0)", i.wrong.over(function, w), i.total.over(function, w))
	}
	return fmt.Sprintf("1 - (%s / (%s > 0))", i.good.over(function, w), i.total.over(function, w))
}

// spent is the same ratio as a part of a difference, of the counts themselves.
func (i indicator) spent(period time.Duration) string {
	f := i.fraction("increase", period)
	if !i.wrong.empty() {
		return f
	}
	return "(" + f + ")"
}

// share asks what part of the budget went in the last d.
func (i indicator) share(allowed string, d, period time.Duration) (query string, estimated bool) {
	if !i.ratio.empty() {
		return fmt.Sprintf("avg_over_time(%s[%s:%s]) * %s / (%s * %s)",
			i.ratio.over("", current), duration(max(d, resolution)), duration(resolution), seconds(d), allowed, seconds(period)), true
	}
	wrong := fmt.Sprintf("(%s - %s)", i.total.over("increase", d), i.good.over("increase", d))
	if !i.wrong.empty() {
		wrong = fmt.Sprintf("(%s or vector(0))", i.wrong.over("increase", d))
	}
	all := fmt.Sprintf("(%s > 0)", i.total.over("increase", period))
	switch i.counts() {
	case "increase":
		return fmt.Sprintf("%s / (%s * %s)", wrong, allowed, all), false
	case "rate":
		return fmt.Sprintf("(%s * %s) / (%s * (%s * %s))", wrong, seconds(d), allowed, all, seconds(period)), false
	}
	return fmt.Sprintf("(%s) * %s / (%s * %s)", i.errorRatio(d), seconds(d), allowed, seconds(period)), true
}

// counts says what the terms give: "increase" for numbers of events, "rate" for
// numbers a second, and "" where that cannot be told.
func (i indicator) counts() string {
	out := ""
	for _, t := range []term{i.wrong, i.good, i.total} {
		if t.empty() {
			continue
		}
		kind := "increase"
		if !t.counter {
			kind = countedBy(t.query)
		}
		if kind == "" || out != "" && out != kind {
			return ""
		}
		out = kind
	}
	return out
}

// countedBy returns the one function of a query that makes numbers of a counter,
// "" for several or none.
func countedBy(query string) string {
	out := ""
	for _, m := range regexp.MustCompile(`\b(rate|increase|irate|delta|idelta|deriv|[a-z]+_over_time)\s*\(`).FindAllStringSubmatch(query, -1) {
		if m[1] != "rate" && m[1] != "increase" || out != "" && out != m[1] {
			return ""
		}
		out = m[1]
	}
	return out
}

// windowed makes a term of a query that has places for the window, and says
// whether it is one.
func windowed(query string) (term, bool) {
	query = strings.TrimSpace(query)
	rest := regexp.MustCompile(windowPattern).ReplaceAllLiteralString(query, "")
	return term{query: query}, rest != query && !strings.Contains(rest, "{{")
}

// counter makes a term of a plain selector, and says whether it is one.
func counter(query string) (term, bool) {
	query = strings.TrimSpace(query)
	const matcher = `\s*[A-Za-z_][A-Za-z0-9_]*\s*(=|!=|=~|!~)\s*("([^"\\]|\\.)*"|'([^'\\]|\\.)*'|` + "`[^`]*`" + `)\s*`
	plain := regexp.MustCompile(`^[A-Za-z_:][A-Za-z0-9_:]*(\s*\{(` + matcher + `(,` + matcher + `)*,?)?\s*\})?$`)
	return term{query: query, counter: true}, plain.MatchString(query)
}

// duration writes a span as PromQL does, in the largest unit that has no rest.
func duration(d time.Duration) string {
	for _, u := range []struct {
		unit string
		of   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d >= u.of && d%u.of == 0 {
			return strconv.FormatInt(int64(d/u.of), 10) + u.unit
		}
	}
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10) + "s"
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
