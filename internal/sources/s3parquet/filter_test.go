package s3parquet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

func TestParseFilter(t *testing.T) {
	for q, want := range map[string]string{
		``:        ``,
		`timeout`: `text~timeout`,
		`service=checkout level>=error text~"card declined"`: `service=checkout level>=error text~card declined`,
		`"a \"b\" \\ c" status!=200`:                         `text~a "b" \ c status!=200`,
		`a.b=="" n<3 n<=4 n>5 x!~y`:                          `a.b= n<3 n<=4 n>5 x!~y`,
		`url="https://x/?a=b"` + "\n" + `k=v`:                `url=https://x/?a=b k=v`,
		`"and"`:                                              `text~and`,
		`path~/v1/pay`:                                       `path~/v1/pay`,
		`text~"\n"`:                                          `text~\n`,
	} {
		f, err := parseFilter(q)
		var got []string
		for _, x := range f {
			got = append(got, x.column+x.op.String()+x.value)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q %v, want %q", q, strings.Join(got, " "), err, want)
		}
	}
	for q, want := range map[string]string{
		`level>=`:         `compares "level" with nothing`,
		`level>= error`:   `compares "level" with nothing`,
		`=checkout`:       `= without a column before it`,
		`a=1 and b=2`:     `has the word "and"`,
		`text~"declined`:  `a quote that is not closed`,
		`service"x"`:      `no comparison between "service" and a quote`,
		`a!b`:             `a ! after "a"`,
		`url=http://x?a=`: `write it in quotes`,
	} {
		if _, err := parseFilter(q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", q, err, want)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add(`service=checkout level>=error text~"x"`)
	f.Fuzz(func(t *testing.T, q string) {
		terms, err := parseFilter(q)
		if err != nil {
			return
		}
		// What was read can be written, quoted, and reads as the same.
		var b strings.Builder
		for _, x := range terms {
			fmt.Fprintf(&b, `%s%s"%s" `, x.column, x.op, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(x.value))
		}
		again, err := parseFilter(b.String())
		if err != nil || len(again) != len(terms) {
			t.Fatalf("%q was read as %q, and that as %d terms (%v)", q, b.String(), len(again), err)
		}
		for i := range terms {
			if again[i].column != terms[i].column || again[i].op != terms[i].op || again[i].value != terms[i].value {
				t.Fatalf("%+v became %+v", terms[i], again[i])
			}
		}
	})
}

func TestPlace(t *testing.T) {
	for key, want := range map[string]string{
		"a.parquet":               "",
		"dt=2026-03-02/a":         "2026-03-02T00 2026-03-03T00",
		"dt=2026-03-02/hour=10/a": "2026-03-02T10 2026-03-02T11",
		"service=web/year=2026/month=3/day=02/hr=09/a":    "2026-03-02T09 2026-03-02T10 service=web",
		"year=2026/month=12/a":                            "2026-12-01T00 2027-01-01T00",
		"year=2026/a":                                     "2026-01-01T00 2027-01-01T00",
		"ext/x/region=eu/accountId=1/eventDay=20260302/a": "2026-03-02T00 2026-03-03T00 region=eu accountId=1",
		"2026/03/02/10/a":                                 "2026-03-02T10 2026-03-02T11",
		"logs/2026-03-02/a":                               "2026-03-02T00 2026-03-03T00",
		"p=2026-03-02-23/a":                               "2026-03-02T23 2026-03-03T00",
		"app=" + hiveNull + "/dt=2026-03-02/a":            "2026-03-02T00 2026-03-03T00",
		"month=13/hour=99/a":                              " month=13 hour=99",
	} {
		p := place(key)
		got := ""
		if !p.span.Start.IsZero() {
			got = p.span.Start.Format("2006-01-02T15") + " " + p.span.End.Format("2006-01-02T15")
		}
		for _, c := range p.columns {
			got += " " + c.name + "=" + c.value
		}
		if got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	p := place("dt=2026-03-02/hour=10/a")
	at := func(s string) time.Time { x, _ := time.Parse("15:04", s); return x.AddDate(2026, 2, 1) }
	for w, want := range map[[2]string]bool{
		{"08:00", "09:00"}: false, {"08:00", "09:01"}: true, {"11:59", "12:30"}: true, {"12:00", "13:00"}: false,
	} {
		if got := p.within(oncall.Window{Start: at(w[0]), End: at(w[1])}, time.Hour); got != want {
			t.Errorf("hour 10 for %v: %v", w, got)
		}
	}
}

func TestSeverity(t *testing.T) {
	for in, want := range map[string]oncall.Level{
		"severity_number 17": oncall.LevelError, "severity_number 9": oncall.LevelInfo, "severityNumber 24": oncall.LevelFatal,
		"severity_id 1": oncall.LevelInfo, "severity_id 4": oncall.LevelError, "severity_id 99": oncall.LevelNone,
		"level 50": oncall.LevelError, "level WARNING": oncall.LevelWarn, "severity_number 0": oncall.LevelNone,
	} {
		column, value, _ := strings.Cut(in, " ")
		if got := severity(column, value); got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
}
