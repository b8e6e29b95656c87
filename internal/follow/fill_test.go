package follow_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"conway/internal/follow"
	"conway/internal/oncall"
)

func TestFill(t *testing.T) {
	tests := []struct {
		name, template, value, want string
		refused                     bool
	}{
		{"plain", `up{job="{{x}}"}`, `checkout`, `up{job="checkout"}`, false},
		{"spaces", `up{job="{{ x }}"}`, `a`, `up{job="a"}`, false},
		{"twice", `{{x}}:{{x}}`, `a`, `a:a`, false},
		{"quote", `up{job="{{x}}"}`, `a"} or vector(1) #`, `up{job="a\"} or vector(1) #"}`, false},
		{"backslash", `up{job="{{x}}"}`, `a\`, `up{job="a\\"}`, false},
		{"the other quote", `up{job="{{x}}"}`, `it's`, `up{job="it's"}`, false},
		{"single quotes", `up{job='{{x}}'}`, `it's "a"`, `up{job='it\'s "a"'}`, false},
		{"backquotes", "up{job=`{{x}}`}", `a\"b`, "up{job=`a\\\"b`}", false},
		{"backquote in backquotes", "up{job=`{{x}}`}", "a`b", "", true},
		{"not equal", `up{job!="{{x}}"}`, `a.b`, `up{job!="a.b"}`, false},
		{"regex", `up{job=~"{{x}}-.*"}`, `a.b|c`, `up{job=~"a\\.b\\|c-.*"}`, false},
		{"not regex", `up{job !~ '{{x}}'}`, `.*`, `up{job !~ '\\.\\*'}`, false},
		{"regex in backquotes", "up{job=~`{{x}}`}", `a.b`, "up{job=~`a\\.b`}", false},
		{"regex with a quote", `up{job=~"{{x}}"}`, `a"b`, `up{job=~"a\"b"}`, false},
		{"regex after a backslash", `up{job=~"\\{{x}}"}`, `d`, "", true},
		{"a function's text", `label_replace(up, "a", "{{x}}", "b", "c")`, `eu-1`, `label_replace(up, "a", "eu-1", "b", "c")`, false},
		{"a function's text with a meaning", `label_replace(up, "a", "{{x}}", "b", "c")`, `$1`, "", true},
		{"name", `rate({{x}}[5m])`, `http:errors_total`, `rate(http:errors_total[5m])`, false},
		{"part of a name", `job:{{x}}:rate5m`, `7a`, `job:7a:rate5m`, false},
		{"not a name", `rate({{x}}[5m])`, `a-b`, "", true},
		{"a number for a name", `rate({{x}}[5m])`, `7a`, "", true},
		{"a query for a name", `rate({{x}}[5m])`, `a) or (b`, "", true},
		{"a word of the language", `up {{x}} up`, `Or`, "", true},
		{"line break", `up{job="{{x}}"}`, "a\nb", "", true},
		{"control", `up{job="{{x}}"}`, "a\x1b[2J", "", true},
		{"invalid UTF-8", `up{job="{{x}}"}`, "a\xff", "", true},
		{"letters of any script", `up{job="{{x}}"}`, "größe", `up{job="größe"}`, false},
		{"a place in a value", `up{job="{{x}}"}`, "{{y}}", `up{job="{{y}}"}`, false},
		{"an escaped quote in the template", `up{job="\"{{x}}"}`, `a`, `up{job="\"a"}`, false},
		{"a quote in a comment", "up # it's\n + {{x}}", `a`, "up # it's\n + a", false},
		{"an open quote", `up{job="{{x}}`, `a`, "", true},
		{"an open place", `up{job="{{x"}`, `a`, "", true},
		{"no name", `up{job="{{}}"}`, `a`, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := follow.Fill(tt.template, map[string]string{"x": tt.value}, follow.PromQL)
			if got != tt.want || (err != nil) != tt.refused {
				t.Errorf("got %q, %v; want %q, refused %v", got, err, tt.want, tt.refused)
			}
			if err != nil && len(tt.value) > 3 && strings.Contains(err.Error(), tt.value) {
				t.Errorf("the error holds the value: %v", err)
			}
		})
	}
	for _, vars := range []map[string]string{nil, {"cluster": ""}} {
		_, err := follow.Fill(`up{cluster="{{cluster}}"}`, vars, follow.PromQL)
		var missing *follow.MissingError
		if !errors.As(err, &missing) || missing.Name != "cluster" || !strings.Contains(err.Error(), "cluster") {
			t.Errorf("error %v, want it to name cluster", err)
		}
	}
	if _, err := follow.Fill("up", nil, follow.Lang(99)); err == nil {
		t.Error("a language that is not known was filled")
	}
}

// TestFilledValueIsTheValue reads back what Fill wrote, as Prometheus would: no
// value can end its string or match anything but itself.
func TestFilledValueIsTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune(`"'\{}.*+?()|[]^$#=~ ab`)))).Draw(t, "value")
		for _, quote := range []string{`"`, `'`} {
			for _, op := range []string{"=", "!=", "=~", "!~"} {
				got, err := follow.Fill(`up{a`+op+quote+`{{x}}`+quote+`}`, map[string]string{"x": v}, follow.PromQL)
				if err != nil {
					if v != "" && !strings.ContainsFunc(v, unicode.IsControl) {
						t.Fatalf("%q refused: %v", v, err)
					}
					continue
				}
				lit := strings.TrimSuffix(strings.TrimPrefix(got, `up{a`+op+quote), quote+`}`)
				read := unquote(t, lit, quote[0])
				if strings.HasSuffix(op, "~") {
					if !regexp.MustCompile(`^(?s:` + read + `)$`).MatchString(v) {
						t.Fatalf("%q became %q, which does not match it", v, got)
					}
					if regexp.QuoteMeta(v) != read {
						t.Fatalf("%q became the pattern %q", v, read)
					}
				} else if read != v {
					t.Fatalf("%q became %q", v, read)
				}
			}
		}
	})
}

// unquote reads the inside of a literal with Go's rules, which are PromQL's.
func unquote(t *rapid.T, lit string, quote byte) string {
	var out strings.Builder
	for lit != "" {
		r, _, rest, err := strconv.UnquoteChar(lit, quote)
		if err != nil {
			t.Fatalf("literal %q cannot be read: %v", lit, err)
		}
		out.WriteRune(r)
		lit = rest
	}
	return out.String()
}

func TestQuestions(t *testing.T) {
	five := 5.0
	panels := []follow.Panel{
		{Title: "errors", Source: "prom", Query: `e{service="{{service}}",pod="{{pod}}"}`, Unit: oncall.UnitPercent, Critical: &five},
		{Title: "cluster", Source: "prom", Query: `c{cluster="{{region}}"}`},
		{Title: "other", Source: "thanos", Query: `rate({{pod}}[5m])`},
	}
	page := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "1"}}
	detail := &oncall.PageDetail{Labels: map[string]string{"pod": "a-1", "service": "alert's own"}}
	s := service(t, "checkout")
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	got := follow.Questions(panels, s, page, detail, time.Hour, end, 80)
	if len(got) != 2 {
		t.Fatalf("%d questions, want one for each source", len(got))
	}
	prom := got["prom"]
	if prom.Scope != follow.Scope(s, page) || prom.Span != time.Hour || !prom.End.Equal(end) || prom.Columns != 80 {
		t.Errorf("question %+v", prom)
	}
	if q := prom.Queries[0]; q.Query != `e{service="checkout-api",pod="a-1"}` || q.Unfilled != "" || q.Critical != &five || q.Unit != oncall.UnitPercent {
		t.Errorf("query %+v", q)
	}
	if q := prom.Queries[1]; q.Query != "" || q.Unfilled != "this page has no label region" || q.Panel != "cluster" {
		t.Errorf("query %+v, want the reason why it cannot be asked", q)
	}
	if q := got["thanos"].Queries[0]; q.Query != "" || q.Unfilled == "" {
		t.Errorf("query %+v, want a value that cannot be escaped refused", q)
	}
	none := follow.Questions(panels[1:2], follow.Service{}, oncall.Page{}, nil, time.Hour, end, 80)["prom"].Queries[0]
	if none.Query != "" || none.Unfilled != "no page is selected, whose region this is about" {
		t.Errorf("without a page: %+v", none)
	}
	other := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "2"}}
	if follow.Scope(s, page) == follow.Scope(s, other) {
		t.Error("two pages with different labels share a scope")
	}
	if v := follow.Vars(follow.Service{Name: "x"}, nil)["service"]; v != "x" {
		t.Errorf("service is %q without labels, want its name", v)
	}
}
