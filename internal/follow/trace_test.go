package follow_test

import (
	"slices"
	"testing"
	"time"

	"conway/internal/follow"
	"conway/internal/oncall"
)

func TestTraceIsAskedOfEachStoreInItsLanguage(t *testing.T) {
	s := follow.Service{Name: "checkout", Labels: map[string]string{"app": "shop"}}
	w := oncall.Window{Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	for _, c := range []struct {
		lang      follow.Lang
		query, id string
		want      []string
		absent    string
	}{
		{follow.SPL, `index=prod service={{service}} error | head 5`, "4bf9", []string{`index=prod "4bf9"`}, ""},
		{follow.SPL, `(index=a OR index=b) x`, "4bf9", []string{`"4bf9"`}, ""},
		{follow.Sumo, `_index=prod _sourceCategory={{service}}`, "4bf9", []string{`_index=prod "4bf9"`}, ""},
		{follow.LogQL, `{app="{{app}}", env=~"a}b"} |= "x" | json`, "4bf9", []string{
			`{app="shop", env=~"a}b"} |= "4bf9"`,
			`{app="shop", env=~"a}b"} != "4bf9" | trace_id="4bf9" or request_id="4bf9" or otel_trace="4bf9"`,
		}, ""},
		{follow.LogQL, `{ {{app}}="b"} | json`, "4bf9", []string{
			`{ shop="b"} |= "4bf9"`, `{ shop="b"} != "4bf9" | trace_id="4bf9" or request_id="4bf9" or otel_trace="4bf9"`,
		}, ""},
		{follow.LogQL, `{app="{{cluster}}"}`, "4bf9", nil, "the page has no such label"},
		{follow.LogQL, `{app="shop"} | json`, `4b" or "`, []string{
			`{app="shop"} |= "4b\" or \""`, `{app="shop"} != "4b\" or \"" | trace_id="4b\" or \"" or request_id="4b\" or \"" or otel_trace="4b\" or \""`,
		}, ""},
		{follow.Lucene, `level:error`, `4b"f9`, []string{`"4b\"f9"`}, ""},
		{follow.LogsQL, `*`, "4bf9", []string{`"4bf9" or trace_id:"4bf9" or request_id:"4bf9" or otel_trace:"4bf9"`}, ""},
		{follow.CloudWatch, `{ $.level = "error" }`, "4bf9", []string{`"4bf9"`}, ""},
		{follow.Parquet, `service="{{service}}"`, "4bf9", []string{
			`text~"4bf9" trace!="4bf9" request_id!="4bf9" otel_trace!="4bf9"`, `trace="4bf9"`,
			`request_id="4bf9" trace!="4bf9"`, `otel_trace="4bf9" trace!="4bf9" request_id!="4bf9"`,
		}, ""},
		{follow.SPL, `index=prod`, "4bf*", nil, "it would match any text"},
		{follow.Label, `app={{service}} | declined`, "4bf9", []string{`app=checkout | 4bf9`}, ""},
		{follow.Grep, `_SYSTEMD_UNIT={{service}} declined`, "4bf9", []string{`4bf9`}, ""},
		{follow.Grep, ``, "4b.*f9", nil, "it is an expression"},
		{follow.Literal, ``, `4b "f9`, []string{`4b "f9`}, ""},
		{follow.SQL, `service = '{{service}}'`, "4bf9", nil, "its column is not known"},
	} {
		got := follow.TraceQueries([]follow.LogTemplate{{Source: "store", Lang: c.lang, Query: c.query}}, s, nil, w, "otel_trace", c.id, 7)
		var want []follow.TraceQuery
		for _, q := range c.want {
			want = append(want, follow.TraceQuery{Source: "store", LogQuery: oncall.LogQuery{Query: q, Window: w, Limit: 7}})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s for %s is %+v, want %+v %s", c.query, c.id, got, want, c.absent)
		}
	}
	// A name that would be more than one is not asked for.
	got := follow.TraceQueries([]follow.LogTemplate{{Source: "store", Lang: follow.LogsQL}}, s, nil, w, `a" or *`, "4bf9", 7)
	if len(got) != 1 || got[0].Query != `"4bf9" or trace_id:"4bf9" or request_id:"4bf9"` {
		t.Errorf("for an odd field it is %+v", got)
	}
}
