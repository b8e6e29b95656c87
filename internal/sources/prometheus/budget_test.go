package prometheus

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/oncall"
)

// budgetServer answers the queries of budgets with the results given.
func budgetServer(asked *atomic.Int64, results map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query")
		result, ok := results[query]
		if !ok {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1772449471,"1"]}]}}`))
			return
		}
		asked.Add(1)
		if result == "refused" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"bad_data","error":"parse error"}`))
			return
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[` + result + `]}}`))
	})
}

func sample(v string) string { return `{"metric":{},"value":[1772449471,"` + v + `"]}` }

func TestBudgets(t *testing.T) {
	var asked atomic.Int64
	h := budgetServer(&asked, map[string]string{
		"left": sample("0.61"), "burn": sample("48.8"), "days": sample("30"),
		"two": sample("1") + "," + sample("2"), "none": "", "nan": sample("NaN"), "bad": "refused",
	})
	r := start(t, h, Options{}, oncall.Question{})
	r.next(t) // no question yet
	r.Ask(oncall.Question{Scope: "checkout", Span: time.Hour, Columns: 60, Budgets: []oncall.BudgetQuery{
		{SLO: "good", LeftQuery: "left", BurnQuery: "burn", DaysQuery: "days", Spends: true},
		{SLO: "two", LeftQuery: "two", BurnQuery: "burn"},
		{SLO: "quiet", LeftQuery: "none", BurnQuery: "nan"},
		{SLO: "bad", LeftQuery: "bad", BurnQuery: "burn"},
		{SLO: "unasked", Unasked: "no file describes it"},
	}})
	if first := r.next(t); len(first.Budgets) != 1 || first.Budgets[0].SLO != "unasked" {
		t.Errorf("before they were asked for, the budgets are %+v", first.Budgets)
	}
	e := r.next(t)
	if len(e.Budgets) != 5 {
		t.Fatalf("budgets %+v", e.Budgets)
	}
	good, two, quiet, bad := e.Budgets[0], e.Budgets[1], e.Budgets[2], e.Budgets[3]
	gone, runsOut := good.Gone()
	if good.Left == nil || good.Left.V != 0.61 || good.Period != 30*24*time.Hour || !good.Spends || !runsOut || gone.Truncate(time.Hour) != 9*time.Hour {
		t.Errorf("%+v is gone in %v, %v", good, gone, runsOut)
	}
	if two.Fault == nil || two.Left != nil || !strings.Contains(two.Fault.Error(), "2 series where one number is needed; put sum(…)") {
		t.Errorf("two series became %+v", two)
	}
	if quiet.Left != nil || quiet.Burn != nil || quiet.Fault != nil {
		t.Errorf("no number became %+v", quiet)
	}
	if bad.Fault == nil || bad.Fault.Kind != oncall.Rejected {
		t.Errorf("a refused query became %+v", bad.Fault)
	}
	before := asked.Load()
	r.Refresh()
	if again := r.next(t); len(again.Budgets) != 5 || asked.Load() != before {
		t.Errorf("within a minute %d more were asked, and there are %d", asked.Load()-before, len(again.Budgets))
	}
}

func TestEvaluate(t *testing.T) {
	var asked atomic.Int64
	r := start(t, budgetServer(&asked, map[string]string{"x": sample("0.26"), "none": "", "bad": "refused"}), Options{}, oncall.Question{})
	if v, ok, err := r.Evaluate(t.Context(), "x", time.Unix(1772449471, 0)); v != 0.26 || !ok || err != nil {
		t.Errorf("%v, %v, %v", v, ok, err)
	}
	if _, ok, err := r.Evaluate(t.Context(), "none", time.Now()); ok || err != nil {
		t.Errorf("nothing is %v, %v", ok, err)
	}
	if _, ok, err := r.Evaluate(t.Context(), "bad", time.Now()); ok || err == nil {
		t.Errorf("a refused query is %v, %v", ok, err)
	}
}
