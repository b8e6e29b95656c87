package sumologic_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/feed"
	"conway/internal/oncall"
	"conway/internal/sources/sumologic"
	"conway/internal/sources/sumologic/sumotest"
)

func TestMapping(t *testing.T) {
	at := time.Date(2026, 3, 2, 11, 4, 31, 123e6, time.UTC)
	for name, c := range map[string]struct {
		wire string
		want oncall.LogLine
	}{
		"a message": {
			`{"map":{"_messagetime":"1772449471123","_raw":"ERROR upstream timeout\n","_sourcehost":"web-03","_sourcename":"/var/log/app.log","_sourcecategory":"prod","_messageid":"-9"}}`,
			oncall.LogLine{At: at, Level: oncall.LevelError, Raw: "ERROR upstream timeout", Message: "upstream timeout", Origin: "web-03 /var/log/app.log"},
		},
		"a message by its category": {
			`{"map":{"_messagetime":"1772449471123","_raw":"ERROR a","_sourcecategory":"prod/checkout"}}`,
			oncall.LogLine{At: at, Level: oncall.LevelError, Raw: "ERROR a", Message: "a", Origin: "prod/checkout"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := held(sumotest.Options{})
				srv.Add(sumotest.Message{Time: at, Wire: c.wire})
				lines, f, err := search(t, source(t, srv), oncall.LogQuery{Query: "*", Window: oncall.Window{Start: at.Add(-time.Minute), End: at.Add(time.Minute)}})
				c.want.Source = "sumo"
				if err != nil || !f.Complete || len(lines) != 1 || !lines[0].At.Equal(at) {
					t.Fatalf("found %+v, %+v, %v", lines, f, err)
				}
				if lines[0].At = at; lines[0] != c.want {
					t.Errorf("the line is  %+v\nwant %+v", lines[0], c.want)
				}
			})
		})
	}
}

// TestMalformedIsKept has messages that are none, in whose place their text is
// shown.
func TestMalformedIsKept(t *testing.T) {
	for _, wire := range []string{`{"map":42}`, `{}`, `"words"`, `{"map":{"_messagetime":"never"}}`, `{"map":{"_raw":7}}`} {
		synctest.Test(t, func(t *testing.T) {
			srv := held(sumotest.Options{})
			srv.Add(sumotest.Message{Time: time.Now().Add(-2 * time.Minute), Wire: wire})
			lines, f, err := search(t, source(t, srv), lately("*"))
			if err != nil || f.Lines != 2 || !strings.Contains(raws(lines), wire) {
				t.Errorf("found %q, %+v, %v", raws(lines), f, err)
			}
		})
	}
}

// TestQuestion is about what is sent.
func TestQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{})
		at := time.Date(2026, 3, 2, 11, 4, 31, 123e6, time.FixedZone("CET", 3600))
		q := oncall.LogQuery{Window: oncall.Window{Start: at, End: at.Add(time.Minute)}}
		if _, _, err := search(t, source(t, srv, func(o *sumologic.Options) { o.Version = "v2" }), q); err != nil {
			t.Fatal(err)
		}
		asked := srv.Requests()[0]
		var sent, want any
		if err := json.Unmarshal(asked.Body, &sent); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"query":"*","from":"2026-03-02T10:04:31","to":"2026-03-02T10:05:32","timeZone":"UTC","byReceiptTime":false,"autoParsingMode":"Manual"}`), &want); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(sent) != fmt.Sprint(want) || asked.Path != "/api/v2/search/jobs" {
			t.Errorf("sent %v to %s\nwant %v", sent, asked.Path, want)
		}
	})
}

// TestShortPages has pages that are shorter than was asked for, and newest first.
func TestShortPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{PageMax: 40})
		for i := range 100 {
			srv.Add(sumotest.Message{Time: time.Now().Add(time.Duration(-i-1) * time.Second), Raw: fmt.Sprint("line ", i)})
		}
		var sizes []int
		f, err := source(t, srv).Search(t.Context(), lately("line"), func(p oncall.LogPart) { sizes = append(sizes, len(p.Lines)) })
		if err != nil || f.Lines != 100 || !f.Complete || fmt.Sprint(sizes) != "[40 10 40 10]" {
			t.Errorf("found %+v in %v, %v", f, sizes, err)
		}
	})
}

// TestTailByReceipt has messages come that are late, and of the future.
func TestTailByReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{})
		s := source(t, srv)
		s.Follow(oncall.LogQuery{Scope: "checkout", Query: "*", Window: oncall.Window{Start: time.Now().Add(-2 * time.Hour)}})
		var got []oncall.LogLine
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.AfterFunc(5*time.Minute, func() {
			srv.Add(
				sumotest.Message{Time: time.Now().Add(-time.Hour), Raw: "late"},
				sumotest.Message{Time: time.Now().Add(time.Hour), Raw: "by a clock that is ahead"},
				sumotest.Message{Time: time.Now().Add(-3 * time.Hour), Raw: "before the window"},
			)
		})
		_ = s.Run(ctx, func(e oncall.Event) {
			if l, ok := e.(oncall.LinesEvent); ok {
				got = append(got, l.Lines...)
			}
		})
		if raws(got) != "ERROR upstream timeout\nlate\nby a clock that is ahead" {
			t.Errorf("the lines are %q", raws(got))
		}
		if n := srv.Busiest(); n > 4 {
			t.Errorf("%d requests came within a second", n)
		}
		if n := srv.Running(); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}

// TestFourASecond has four searches at once share what one user is allowed.
func TestFourASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := held(sumotest.Options{PerSecond: 4})
		shared := feed.NewBudget(feed.BudgetOptions{PerMinute: sumologic.PerMinute, Burst: sumologic.Burst})
		var all sync.WaitGroup
		for range 4 {
			s := source(t, srv, func(o *sumologic.Options) { o.Budget = shared })
			all.Go(func() {
				if lines, _, err := search(t, s, lately("error")); err != nil || len(lines) != 1 {
					t.Errorf("found %d lines, %v", len(lines), err)
				}
			})
		}
		all.Wait()
		if n := srv.Busiest(); n > 4 {
			t.Errorf("%d requests came within a second", n)
		}
		if n := srv.Running(); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}

func TestOptions(t *testing.T) {
	for want, change := range map[string]func(*sumologic.Options){
		"url must be the API of your deployment, like https://api.sumologic.com/api or https://api.eu.sumologic.com/api": func(o *sumologic.Options) { o.URL = "service.sumologic.com" },
		"url holds a user name or password; give the access key as access_id and access_key instead":                     func(o *sumologic.Options) { o.URL = "https://a:b@api.sumologic.com/api" },
		"it has no credential; set access_id and access_key":                                                             func(o *sumologic.Options) { o.ID = "" },
	} {
		o := sumologic.Options{Name: "sumo", ID: "id", Key: func(context.Context) (string, error) { return secret, nil }}
		change(&o)
		if _, err := sumologic.New(o); err == nil || err.Error() != "make log source sumo: "+want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
