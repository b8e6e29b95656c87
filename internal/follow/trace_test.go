package follow_test

import (
	"testing"
	"time"

	"conway/internal/follow"
	"conway/internal/oncall"
)

func TestTraceIsAskedOfEachStoreInItsLanguage(t *testing.T) {
	s := follow.Service{Name: "checkout", Labels: map[string]string{"app": "shop"}}
	w := oncall.Window{Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	for _, c := range []struct {
		lang         follow.Lang
		query, id    string
		want, absent string
	}{
		{follow.SPL, `index=prod service={{service}} error | head 5`, "4bf9", `index=prod "4bf9"`, ""},
		{follow.SPL, `(index=a OR index=b) x`, "4bf9", `"4bf9"`, ""},
		{follow.Sumo, `_index=prod _sourceCategory={{service}}`, "4bf9", `_index=prod "4bf9"`, ""},
		{follow.LogQL, `{app="{{app}}", env=~"a}b"} |= "x" | json`, "4bf9", `{app="shop", env=~"a}b"} |= "4bf9"`, ""},
		{follow.LogQL, `{ {{app}}="b"} | json`, "4bf9", `{ shop="b"} |= "4bf9"`, ""},
		{follow.LogQL, `{app="{{cluster}}"}`, "4bf9", "", "the page has no such label"},
		{follow.LogQL, `{app="shop"} | json`, `4b" or "`, `{app="shop"} |= "4b\" or \""`, ""},
		{follow.Lucene, `level:error`, `4b"f9`, `"4b\"f9"`, ""},
		{follow.LogsQL, `*`, "4bf9", `"4bf9"`, ""},
		{follow.CloudWatch, `{ $.level = "error" }`, "4bf9", `"4bf9"`, ""},
		{follow.Parquet, `service="{{service}}"`, "4bf9", `"4bf9"`, ""},
		{follow.SPL, `index=prod`, "4bf*", "", "it would match any text"},
		{follow.Label, `app={{service}}`, "4bf9", "", "its pods cannot be searched for a text"},
		{follow.SQL, `service = '{{service}}'`, "4bf9", "", "its column is not known"},
	} {
		got := follow.TraceQueries([]follow.LogTemplate{{Source: "store", Lang: c.lang, Query: c.query}}, s, nil, w, c.id, 7)
		want := map[string]oncall.LogQuery{}
		if c.absent == "" {
			want["store"] = oncall.LogQuery{Query: c.want, Window: w, Limit: 7}
		}
		if len(got) != len(want) || got["store"] != want["store"] {
			t.Errorf("%s for %s is %+v, want %+v %s", c.query, c.id, got, want, c.absent)
		}
	}
}
