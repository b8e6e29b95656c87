package slo_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"conway/internal/documents"
	"conway/internal/slo"
)

func read(t *testing.T, names ...string) (slo.Set, []documents.Fault) {
	t.Helper()
	var files []documents.File
	for _, n := range names {
		data, err := os.ReadFile("testdata/" + n)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, documents.File{Name: n, Data: data})
	}
	all, faults := slo.Read(files)
	return slo.NewSet(all), faults
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestSloth(t *testing.T) {
	set, faults := read(t, "sloth.yaml")
	all := set.Objectives()
	if len(faults) != 0 || len(all) != 2 {
		t.Fatalf("%d objectives, faults %v", len(all), faults)
	}
	o := all[0]
	if o.Name != "availability" || o.Service != "checkout" || o.Target != 0.999 || o.Period != 720*time.Hour || o.ID() != "checkout-availability" ||
		o.Labels["owner"] != "payments" || o.Labels["tier"] != "1" || o.File != "sloth.yaml" || o.Line != 6 {
		t.Errorf("%+v", o)
	}
	const wrong, total = `(sum(rate(http_requests_total{job="checkout",code=~"(5..|429)"}[`, `(sum(rate(http_requests_total{job="checkout"}[`
	equal(t, "error ratio", o.ErrorRatio(time.Hour), "("+wrong+"1h]))) or vector(0)) / ("+total+"1h]))) > 0)")
	equal(t, "burn rate", o.BurnRate(5*time.Minute), "(("+wrong+"5m]))) or vector(0)) / ("+total+"5m]))) > 0)) / (1 - 0.999)")
	equal(t, "budget left", o.BudgetLeft(), "((1 - 0.999) - ("+wrong+"30d]))) or vector(0)) / ("+total+"30d]))) > 0)) / (1 - 0.999)")
	share, estimated := o.BudgetShare(70 * time.Minute)
	equal(t, "budget share of a rate", share, "(("+wrong+"70m]))) or vector(0)) * 4200) / ((1 - 0.999) * (("+total+"30d]))) > 0) * 2592000))")
	if estimated {
		t.Error("events are counted, and the share is called estimated")
	}
	raw := all[1]
	equal(t, "raw error ratio", raw.ErrorRatio(time.Hour), `(avg_over_time(stale:ratio{job="checkout"}[1h]))`)
	equal(t, "raw budget left", raw.BudgetLeft(), `((1 - 0.95) - ((avg_over_time(stale:ratio{job="checkout"}[30d])))) / (1 - 0.95)`)
	share, estimated = raw.BudgetShare(70 * time.Minute)
	equal(t, "raw budget share", share, `avg_over_time((avg_over_time(stale:ratio{job="checkout"}[5m]))[70m:1m]) * 4200 / ((1 - 0.95) * 2592000)`)
	if !estimated {
		t.Error("a share weighted by time is not called estimated")
	}
}

func TestOpenSLO(t *testing.T) {
	set, faults := read(t, "openslo.yaml")
	all := set.Objectives()
	if len(faults) != 0 || len(all) != 1 {
		t.Fatalf("%d objectives, faults %v", len(all), faults)
	}
	o := all[0]
	if o.Name != "search-answers" || o.Service != "search-api" || o.Target != 0.995 || o.Period != 28*24*time.Hour || o.ID() != "search-answers" || o.Labels["team"] != "search" {
		t.Errorf("%+v", o)
	}
	const good, total = `http_requests_total{job="search",code!~"5.."}`, `http_requests_total{job="search"}`
	equal(t, "error ratio", o.ErrorRatio(time.Hour), `1 - (sum(rate(`+good+`[1h])) / (sum(rate(`+total+`[1h])) > 0))`)
	equal(t, "budget left", o.BudgetLeft(), `((1 - 0.995) - (1 - (sum(increase(`+good+`[28d])) / (sum(increase(`+total+`[28d])) > 0)))) / (1 - 0.995)`)
	share, estimated := o.BudgetShare(90 * time.Second)
	equal(t, "budget share", share, `(sum(increase(`+total+`[90s])) - sum(increase(`+good+`[90s]))) / ((1 - 0.995) * (sum(increase(`+total+`[28d])) > 0))`)
	if estimated {
		t.Error("events are counted, and the share is called estimated")
	}
}

func TestPyrra(t *testing.T) {
	set, faults := read(t, "pyrra.yaml")
	all := set.Objectives()
	if len(faults) != 0 || len(all) != 2 {
		t.Fatalf("%d objectives, faults %v", len(all), faults)
	}
	o := all[0]
	if o.Name != "ledger-api-errors" || o.Service != "ledger-api" || o.Target != 0.99 || o.Period != 14*24*time.Hour {
		t.Errorf("%+v", o)
	}
	const wrong, total = `grpc_server_handled_total{job="ledger",grpc_code=~"Aborted|Unavailable"}`, `grpc_server_handled_total{job="ledger"}`
	equal(t, "error ratio", o.ErrorRatio(5*time.Minute), `(sum(rate(`+wrong+`[5m])) or vector(0)) / (sum(rate(`+total+`[5m])) > 0)`)
	equal(t, "budget left", o.BudgetLeft(), `((1 - 0.99) - (sum(increase(`+wrong+`[14d])) or vector(0)) / (sum(increase(`+total+`[14d])) > 0)) / (1 - 0.99)`)
	share, _ := o.BudgetShare(time.Hour)
	equal(t, "budget share", share, `(sum(increase(`+wrong+`[1h])) or vector(0)) / ((1 - 0.99) * (sum(increase(`+total+`[14d])) > 0))`)
	if l := all[1]; l.Period != 10*24*time.Hour || !strings.HasPrefix(l.ErrorRatio(time.Hour), "1 - (sum(rate(request_seconds_bucket") {
		t.Errorf("latency: %+v asks %s", l, l.ErrorRatio(time.Hour))
	}
}

// TestFunctionsThatDoNotCount falls back to time where it cannot be told what the
// queries count.
func TestFunctionsThatDoNotCount(t *testing.T) {
	file := func(wrong, total string) slo.Objective {
		data := "version: prometheus/v1\nservice: s\nslos:\n  - {name: n, objective: 99, sli: {events: {error_query: '" + wrong + "', total_query: '" + total + "'}}}\n"
		all, faults := slo.Read([]documents.File{{Name: "f.yaml", Data: []byte(data)}})
		if len(all) != 1 || len(faults) != 0 {
			t.Fatalf("%v", faults)
		}
		return all[0]
	}
	for _, tt := range []struct {
		wrong, total string
		estimated    bool
		factor       string
	}{
		{"sum(increase(e[{{.window}}]))", "sum(increase(t[{{.window}}]))", false, "(sum(increase(t[30d]))) > 0)"},
		{"sum(rate(e[{{.window}}]))", "sum(rate(t[{{.window}}]))", false, "* 3600)"},
		{"sum(rate(e[{{.window}}]))", "sum(increase(t[{{.window}}]))", true, "* 3600 /"},
		{"sum(sum_over_time(e[{{.window}}]))", "sum(sum_over_time(t[{{.window}}]))", true, "* 3600 /"},
	} {
		query, estimated := file(tt.wrong, tt.total).BudgetShare(time.Hour)
		if estimated != tt.estimated || !strings.Contains(query, tt.factor) {
			t.Errorf("%s of %s: %s, estimated %v", tt.wrong, tt.total, query, estimated)
		}
	}
}

func TestAlertLabels(t *testing.T) {
	set, _ := read(t, "sloth.yaml", "openslo.yaml", "pyrra.yaml")
	for _, tt := range []struct {
		what         string
		labels       map[string]string
		id           string
		named, known bool
		format       slo.Format
	}{
		{"no alert of an SLO", map[string]string{"service": "checkout", "sloth_window": "5m"}, "", false, false, ""},
		{"Sloth's", map[string]string{"sloth_service": "checkout", "sloth_slo": "availability"}, "checkout-availability", true, true, slo.Sloth},
		{"Sloth's id", map[string]string{"sloth_id": "checkout-freshness"}, "checkout-freshness", true, true, slo.Sloth},
		{"Sloth's without a file", map[string]string{"sloth_service": "cart", "sloth_slo": `a"} or up{x="`}, "cart-" + `a"} or up{x="`, true, true, slo.Recorded},
		{"Pyrra's", map[string]string{"slo": "ledger-api-errors"}, "ledger-api-errors", true, true, slo.Pyrra},
		{"another's", map[string]string{"slo": "search-answers"}, "search-answers", true, true, slo.OpenSLO},
		{"Pyrra's without a file", map[string]string{"slo": "elsewhere"}, "elsewhere", true, false, ""},
	} {
		o, named, known := set.Spent(tt.labels)
		if o.ID() != tt.id || named != tt.named || known != tt.known || o.Format != tt.format {
			t.Errorf("%s: %+v, named %v, known %v", tt.what, o, named, known)
		}
	}
	o, _, _ := set.Spent(map[string]string{"sloth_service": "cart", "sloth_slo": `a"} or up{x="`})
	q := o.Query()
	const by = `{sloth_service="cart", sloth_slo="a\"} or up{x=\""}`
	equal(t, "recorded budget", q.LeftQuery, "slo:period_error_budget_remaining:ratio"+by)
	equal(t, "recorded burn", q.BurnQuery, "slo:current_burn_rate:ratio"+by)
	equal(t, "recorded period", q.DaysQuery, "slo:time_period:days"+by)
	if _, estimated := o.BudgetShare(time.Hour); !estimated {
		t.Error("a share of recorded ratios is not called estimated")
	}
}

func TestObjectivesOfAService(t *testing.T) {
	set, _ := read(t, "sloth.yaml", "openslo.yaml", "pyrra.yaml")
	for name, want := range map[string]int{"checkout": 2, "search-api": 1, "ledger-api": 2, "": 0, "cart": 0} {
		if got := set.Of(func(n string) bool { return n != "" && n == name }); len(got) != want {
			t.Errorf("%d objectives of %q, want %d", len(got), name, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	const open = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: n}\nspec:\n  service: s\n  budgetingMethod: Occurrences\n  timeWindow: [{duration: 30d, isRolling: true}]\n  objectives: [{target: 0.99}]\n"
	const ratio = "  indicator:\n    spec:\n      ratioMetric:\n        counter: true\n        bad: {metricSource: {spec: {query: e}}}\n        total: {metricSource: {spec: {query: t}}}\n"
	const sloth = "version: prometheus/v1\nservice: s\nslos:\n  - name: n\n    objective: 99\n    sli:\n"
	const pyrra = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: n}\nspec:\n  target: '99'\n  window: 2w\n  indicator:\n"
	for _, tt := range []struct{ what, data, want string }{
		{"plugin", sloth + "      plugin: {id: x}\n", `f.yaml:7: slos[0].sli.plugin: a plugin is code of Sloth's, not a query; write the queries under sli.events`},
		{"no window", sloth + "      events:\n        error_query: e\n        total_query: t[{{.window}}]\n", `f.yaml:8: slos[0].sli.events.error_query: the query has no place for the window`},
		{"another place", sloth + "      raw: {error_ratio_query: 'x[{{.window}}]{{.job}}'}\n", `f.yaml:7: slos[0].sli.raw.error_ratio_query: the query has no place for the window, or another one`},
		{"no SLI", "version: prometheus/v1\nservice: s\nslos: [{name: n, objective: 99}]\n", "f.yaml:3: slos[0].sli: it does not say how events are counted"},
		{"percent", strings.Replace(sloth, "99", "100", 1) + "      raw: {error_ratio_query: 'x[{{.window}}]'}\n", `f.yaml:5: slos[0].objective: "100" leaves no budget`},
		{"words", strings.Replace(sloth, "99", "high", 1) + "      raw: {error_ratio_query: 'x[{{.window}}]'}\n", "f.yaml:5: slos[0].objective: there is no number in it"},
		{"alpha", "apiVersion: openslo/v1alpha\nkind: SLO\n", `f.yaml:1: apiVersion: it is "openslo/v1alpha"`},
		{"n9", "apiVersion: n9/v1alpha\nkind: SLO\n", `f.yaml:1: apiVersion: no objectives are read from "n9/v1alpha"`},
		{"nothing", "a: b\n", "f.yaml:1: it does not say what it is"},
		{"tabs", "a: b\n\tc: d\n", "f.yaml:2: it is not YAML"},
		{"threshold", open + "  indicator: {spec: {thresholdMetric: {metricSource: {}}}}\n", "f.yaml:9: spec.indicator.spec.thresholdMetric: a threshold counts spans of time"},
		{"no reference", open + "  indicatorRef: gone\n", `f.yaml:9: spec.indicatorRef: no SLI is named "gone"`},
		{"timeslices", strings.Replace(open, "Occurrences", "Timeslices", 1) + ratio, `f.yaml:6: spec.budgetingMethod: "Timeslices" counts spans of time`},
		{"calendar", strings.Replace(open, "isRolling: true", "calendar: {startTime: x}", 1) + ratio, "f.yaml:7: spec.timeWindow[0].isRolling: the period is one of the calendar"},
		{"month", strings.Replace(open, "30d", "1M", 1) + ratio, `f.yaml:7: spec.timeWindow[0].duration: "1M" is no fixed span of time`},
		{"fraction", strings.Replace(open, "0.99", "99", 1) + ratio, `f.yaml:8: spec.objectives[0].target: "99" leaves no budget`},
		{"no counter", open + strings.Replace(ratio, "counter: true", "counter: false", 1), "f.yaml:13: spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: it is a selector, and nothing says that it is a counter"},
		{"expression", open + strings.Replace(ratio, "query: e", "query: 'rate(e[5m])'", 1), "bad.metricSource.spec.query: the query has no place for the window, and is no plain selector"},
		{"another language", open + strings.Replace(ratio, "metricSource: {", "metricSource: {type: Datadog, ", 1), `bad.metricSource.type: "Datadog" is asked in another language`},
		{"both", open + strings.Replace(ratio, "        total", "        good: {metricSource: {spec: {query: g}}}\n        total", 1), "f.yaml:11: spec.indicator.spec.ratioMetric: it has not exactly one of good and bad"},
		{"grouping", pyrra + "    ratio: {errors: {metric: e}, total: {metric: t}, grouping: [handler]}\n", "f.yaml:8: spec.indicator.ratio.grouping: it makes an SLO of each group"},
		{"native", pyrra + "    latencyNative: {total: {metric: t}}\n", "f.yaml:8: spec.indicator.latencyNative: native histograms are not read"},
		{"gauge", pyrra + "    bool_gauge: {metric: up}\n", "f.yaml:8: spec.indicator.bool_gauge: a gauge counts spans of time"},
		{"not a selector", pyrra + "    ratio: {errors: {metric: 'sum(e)'}, total: {metric: t}}\n", `f.yaml:8: spec.indicator.ratio.errors.metric: "sum(e)" is no plain selector`},
	} {
		all, faults := slo.Read([]documents.File{{Name: "f.yaml", Data: []byte(tt.data)}})
		if len(all) != 0 || len(faults) == 0 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("%s: %d objectives, faults %v\nwant %s", tt.what, len(all), faults, tt.want)
		}
	}
}

func TestTwiceIsRefused(t *testing.T) {
	data, err := os.ReadFile("testdata/sloth.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, faults := slo.Read([]documents.File{{Name: "a.yaml", Data: data}, {Name: "b.yaml", Data: data}})
	if len(all) != 2 || len(faults) != 2 || !strings.Contains(faults[0].Error(), `b.yaml:6: slos[0].name: the SLO "availability" is there twice; give it another name; the other is in a.yaml:6`) {
		t.Errorf("%d objectives, faults %v", len(all), faults)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"sloth.yaml", "openslo.yaml", "pyrra.yaml"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := slo.Read([]documents.File{{Name: "f.yaml", Data: data}})
		for _, o := range all {
			if o.Name == "" || o.Target <= 0 || o.Target >= 1 || o.Period <= 0 || strings.Contains(o.BudgetLeft(), "{{") {
				t.Errorf("%+v asks %s", o, o.BudgetLeft())
			}
		}
	})
}
