package follow_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"conway/internal/follow"
	"conway/internal/oncall"
)

// refused marks a value that must not be put in.
const refused = "\x00refused"

func TestFillLogs(t *testing.T) {
	for name, tt := range map[string]struct {
		lang     follow.Lang
		template string
		values   map[string]string
	}{
		"LogQL label": {follow.LogQL, `{app="{{x}}"}`, map[string]string{
			"checkout":         `{app="checkout"}`,
			`a"} or {app=~".+`: `{app="a\"} or {app=~\".+"}`,
			`a\`:               `{app="a\\"}`,
			"a\nb":             refused,
		}},
		"LogQL line filter":            {follow.LogQL, `{a="b"} |= "{{x}}"`, map[string]string{`a" | json | x="`: `{a="b"} |= "a\" | json | x=\""`}},
		"LogQL regex":                  {follow.LogQL, `{a="b"} |~ "{{x}}"`, map[string]string{`.*`: `{a="b"} |~ "\\.\\*"`}},
		"LogQL label regex, backquote": {follow.LogQL, "{a=~`{{x}}.*`}", map[string]string{`a|b`: "{a=~`a\\|b.*`}", "a`b": refused}},
		"LogQL pattern":                {follow.LogQL, `{a="b"} |> "{{x}}"`, map[string]string{"a": `{a="b"} |> "a"`, "<_>": refused}},
		"LogQL template":               {follow.LogQL, `{a="b"} | line_format "{{x}}"`, map[string]string{"${a}": refused}},
		"LogQL bare":                   {follow.LogQL, `{ {{x}}="b"}`, map[string]string{"app": `{ app="b"}`, `a="b",c`: refused, "unwrap": refused}},

		"SPL bare": {follow.SPL, `index=prod service={{x}} error`, map[string]string{
			"checkout":           `index=prod service=checkout error`,
			"check-out.v2":       `index=prod service=check-out.v2 error`,
			"a b":                `index=prod service="a b" error`,
			"a OR index=_audit":  `index=prod service="a OR index=_audit" error`,
			`a" | delete | x="`:  `index=prod service="a\" | delete | x=\"" error`,
			"a | outputlookup b": `index=prod service="a | outputlookup b" error`,
			"OR":                 `index=prod service="OR" error`,
			"[search index=x]":   `index=prod service="[search index=x]" error`,
			"*":                  refused,
			"`drop_everything`":  refused,
			"a\x00":              refused,
		}},
		"SPL quoted":       {follow.SPL, `service="{{x}}"`, map[string]string{`a\`: `service="a\\"`, `a"b`: `service="a\"b"`, "a*": refused}},
		"SPL part":         {follow.SPL, `source=/var/log/{{x}}/*`, map[string]string{"app": `source=/var/log/app/*`, "a b": refused}},
		"SPL rex":          {follow.SPL, `index=a | rex "{{x}}=(?<v>.)"`, map[string]string{"id": `index=a | rex "id=(?<v>.)"`, "a.b": refused, "(": refused}},
		"SPL field":        {follow.SPL, `index=a | where 'my {{x}}'=1`, map[string]string{"id": `index=a | where 'my id'=1`, "a' or 1=1": refused}},
		"SPL later search": {follow.SPL, `index=a | search b="{{x}}"`, map[string]string{"a.b": `index=a | search b="a.b"`}},

		"Sumo": {follow.Sumo, `_sourceCategory=prod/{{x}} error`, map[string]string{"app": `_sourceCategory=prod/app error`, "a b": refused, "a | count": refused}},
		"Sumo bare": {follow.Sumo, `{{x}}`, map[string]string{
			"app": "app", "a | count": `"a | count"`, `"`: `"\""`, "not": `"not"`, "a*": refused, "a?": refused, "// a": `"// a"`,
		}},
		"Sumo parse": {follow.Sumo, `a | parse "{{x}}=*"`, map[string]string{"id": `a | parse "id=*"`, "*": refused}},

		"Lucene": {follow.Lucene, `service:{{x}} AND level:error`, map[string]string{
			"checkout":  `service:checkout AND level:error`,
			"a OR *:*":  `service:"a OR *:*" AND level:error`,
			`a" OR b:"`: `service:"a\" OR b:\"" AND level:error`,
			"a:b":       `service:"a:b" AND level:error`,
			"<":         `service:"<" AND level:error`,
			"NOT":       `service:"NOT" AND level:error`,
			"-a":        `service:"-a" AND level:error`,
			`\`:         `service:"\\" AND level:error`,
		}},
		"Lucene prefix": {follow.Lucene, `pod:{{x}}*`, map[string]string{"app-1": `pod:app-1*`, "a b": refused, "a/": refused}},
		"Lucene regex":  {follow.Lucene, `pod:/{{x}}.+/`, map[string]string{"app": `pod:/app.+/`, "a|b": refused, "a/ OR b": refused}},

		"LogsQL": {follow.LogsQL, `service:={{x}} error`, map[string]string{
			"checkout": `service:=checkout error`, "a or *": `service:="a or *" error`, `a" | delete`: `service:="a\" | delete" error`, "not": `service:="not" error`,
		}},
		"LogsQL stream": {follow.LogsQL, `{app="{{x}}"}`, map[string]string{`a"} or {b="`: `{app="a\"} or {b=\""}`}},
		"LogsQL regex":  {follow.LogsQL, `_msg:~"{{x}}"`, map[string]string{"a.b": `_msg:~"a\\.b"`}},
		"LogsQL pipe":   {follow.LogsQL, `* | extract "{{x}}=<v>"`, map[string]string{"id": `* | extract "id=<v>"`, "<a>": refused}},
		"LogsQL raw":    {follow.LogsQL, "a:`{{x}}`", map[string]string{`a"b\`: "a:`a\"b\\`", "`": refused}},

		"SQL": {follow.SQL, `SELECT * FROM logs WHERE service = '{{x}}' AND dt = '2026'`, map[string]string{
			"checkout":     `SELECT * FROM logs WHERE service = 'checkout' AND dt = '2026'`,
			"o'neil":       `SELECT * FROM logs WHERE service = 'o''neil' AND dt = '2026'`,
			"' OR '1'='1":  `SELECT * FROM logs WHERE service = ''' OR ''1''=''1' AND dt = '2026'`,
			`\' OR 1=1 --`: `SELECT * FROM logs WHERE service = '\'' OR 1=1 --' AND dt = '2026'`,
		}},
		"SQL list":       {follow.SQL, `a IN ('b', '{{x}}')`, map[string]string{"%": `a IN ('b', '%')`}},
		"SQL like":       {follow.SQL, `a LIKE '%{{x}}%'`, map[string]string{"app": `a LIKE '%app%'`, "%": refused, "a_b": refused}},
		"SQL function":   {follow.SQL, `regexp_like(a, '{{x}}')`, map[string]string{"app": `regexp_like(a, 'app')`, ".*": refused}},
		"SQL bare":       {follow.SQL, `a = {{x}}`, map[string]string{"12": `a = 12`, "a": refused, "1 OR 1=1": refused}},
		"SQL identifier": {follow.SQL, `"{{x}}" = 1`, map[string]string{"a": `"a" = 1`, `a" = 1 OR "b`: refused}},
		"SQL comment":    {follow.SQL, "a = 1 -- it's\n AND b = '{{x}}'", map[string]string{"'": "a = 1 -- it's\n AND b = ''''"}},
		"SQL unicode":    {follow.SQL, `a = U&'{{x}}'`, map[string]string{`\0027`: refused}},

		"CloudWatch term": {follow.CloudWatch, `{{x}} -debug`, map[string]string{
			"checkout": `checkout -debug`, "a b": `"a b" -debug`, `a" ?"b`: `"a\" ?\"b" -debug`, "-x": `"-x" -debug`,
		}},
		"CloudWatch JSON":  {follow.CloudWatch, `{ $.service = "{{x}}" }`, map[string]string{`a" || $.b = "c`: `{ $.service = "a\" || $.b = \"c" }`, "*": refused}},
		"CloudWatch regex": {follow.CloudWatch, `%{{x}}[0-9]%`, map[string]string{"app": `%app[0-9]%`, "a|b": refused, "a%": refused}},

		"Parquet": {follow.Parquet, `service={{x}} level>=error text~"{{x}}"`, map[string]string{
			"checkout": `service=checkout level>=error text~"checkout"`, `a" level<error`: `service="a\" level<error" level>=error text~"a\" level<error"`,
		}},
		"label":   {follow.Label, `app={{x}}`, map[string]string{"web-1.a_B": "app=web-1.a_B", "x,tier=db": refused, "a b": refused, "a|b": refused, "a.*": refused, "-": "app=-", "é": refused}},
		"literal": {follow.Literal, `app={{x}}`, map[string]string{`a"b`: `app=a"b`, "a\nb": refused}},
	} {
		t.Run(name, func(t *testing.T) {
			for v, want := range tt.values {
				got, err := follow.Fill(tt.template, map[string]string{"x": v}, tt.lang)
				if want == refused {
					if err == nil {
						t.Errorf("%q was put in: %s", v, got)
					}
					continue
				}
				if err != nil || got != want {
					t.Errorf("%q: got %s, %v; want %s", v, got, err, want)
				}
			}
		})
	}
}

// TestFilledStringIsTheValue reads back what Fill wrote between quotes: whatever
// the value, the string ends where the template ends it and holds the value.
func TestFilledStringIsTheValue(t *testing.T) {
	type language struct {
		lang          follow.Lang
		before, after string
		quote         string
		doubled       bool
	}
	all := []language{
		{follow.LogQL, `{a=`, `}`, `"`, false},
		{follow.SPL, `a=`, ` b`, `"`, false},
		{follow.SPL, `a=`, ` b`, "", false},
		{follow.Sumo, `a=`, ` b`, `"`, false},
		{follow.Sumo, `a=`, ` b`, "", false},
		{follow.Lucene, `a:`, ` b`, `"`, false},
		{follow.Lucene, `a:`, ` b`, "", false},
		{follow.LogsQL, `a:=`, ` b`, `"`, false},
		{follow.LogsQL, `a:=`, ` b`, `'`, false},
		{follow.LogsQL, `a:`, ` b`, "", false},
		{follow.SQL, `a = `, ` AND b`, `'`, true},
		{follow.CloudWatch, `{ $.a = `, ` }`, `"`, false},
		{follow.Parquet, `a=`, ` b`, `"`, false},
		{follow.Parquet, `a=`, ` b`, "", false},
	}
	filled := map[follow.Lang]int{}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\"'`\\{}.*?%|<>()[]:=~-/ aO")))).Draw(t, "value")
		for _, l := range all {
			got, err := follow.Fill(l.before+l.quote+"{{x}}"+l.quote+l.after, map[string]string{"x": v}, l.lang)
			if err != nil {
				continue
			}
			filled[l.lang]++
			rest, ok := strings.CutPrefix(got, l.before)
			if !ok {
				t.Fatalf("%q: the template's beginning is gone: %s", v, got)
			}
			read, tail := readBack(rest, l.doubled)
			if read != v || tail != l.after {
				t.Fatalf("language %d: %q became %s, which reads as %q and then %q", l.lang, v, got, read, tail)
			}
		}
	})
	for _, l := range all {
		if filled[l.lang] == 0 {
			t.Errorf("language %d refused every value", l.lang)
		}
	}
}

// readBack reads a string or a plain word from the beginning of s.
func readBack(s string, doubled bool) (value, rest string) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		n := strings.IndexFunc(s, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-", r)
		})
		if n < 0 {
			n = len(s)
		}
		return s[:n], s[n:]
	}
	quote := s[0]
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote && doubled && i+1 < len(s) && s[i+1] == quote, s[i] == '\\' && !doubled:
			i++
			out.WriteByte(s[i])
		case s[i] == quote:
			return out.String(), s[i+1:]
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), "\x00not closed"
}

func TestLogQueries(t *testing.T) {
	page := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "1"}}
	detail := &oncall.PageDetail{Labels: map[string]string{"pod": "a b"}}
	s := service(t, "checkout")
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := oncall.Window{Start: end.Add(-time.Hour), End: end}
	got := follow.LogQueries([]follow.LogTemplate{
		{Source: "splunk", Lang: follow.SPL, Query: `index=prod service={{service}} pod={{pod}}`, Limit: 500},
		{Source: "loki", Lang: follow.LogQL, Query: `{region="{{region}}"}`},
		{Source: "athena", Lang: follow.SQL, Query: `pod = {{pod}}`},
	}, s, page, detail, w)
	want := oncall.LogQuery{Scope: follow.Scope(s, page), Query: `index=prod service=checkout-api pod="a b"`, Window: w, Limit: 500}
	if got["splunk"] != want {
		t.Errorf("splunk is asked %+v, want %+v", got["splunk"], want)
	}
	if q := got["loki"]; q.Query != "" || q.Unfilled != "this page has no label region" || q.Scope != want.Scope {
		t.Errorf("loki is asked %+v", q)
	}
	if q := got["athena"]; q.Query != "" || !strings.Contains(q.Unfilled, "put the place in quotes") {
		t.Errorf("athena is asked %+v", q)
	}
	if len(got) != 3 {
		t.Errorf("%d queries for 3 stores", len(got))
	}
}
