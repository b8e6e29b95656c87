package cloudwatch

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ask(tb testing.TB, e sourcetest.Endpoint, o Options) *Source {
	tb.Helper()
	o.Name, o.Region, o.Groups = "cw", "eu-west-1", []string{"app", "arn:aws:logs:eu-west-1:123456789012:log-group:edge"}
	o.URL, o.AccessKey, o.SecretKey, o.Timeout, o.Transport = e.URL, e.Token, e.Token, e.Timeout, e.Transport
	o.Poll, o.Pause = 5*time.Millisecond, time.Millisecond
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := ask(tb, e, Options{Every: time.Hour})
			s.Follow(oncall.LogQuery{Scope: "checkout"})
			return s
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			return newFake(tb, 0, oncall.LogLine{At: time.Now().Add(-time.Minute), Origin: "web-1", Raw: "upstream timeout"})
		},
	})
}

func stored(f func(*fakeLogs)) func(testing.TB, sourcetest.LogSetup) sourcetest.LogStore {
	return func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
		tb.Helper()
		fake := newFake(tb, s.Ahead, s.Lines...)
		f(fake)
		return sourcetest.LogStore{
			Handler: fake, Add: fake.add, Stall: fake.stall, Running: fake.busy, Expire: fake.expire,
			Spoil: func(text string) {
				fake.put(fakeEvent{at: s.Lines[3].At, wire: `{"timestamp":"never","message":"` + text + `"}`})
			},
		}
	}
}

func TestLogs(t *testing.T) {
	for name, set := range map[string]func(*fakeLogs){
		"newest first": func(*fakeLogs) {},
		"oldest first": func(f *fakeLogs) { f.oldestFirst = true },
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Logs(t, sourcetest.LogCase{
				New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
					tb.Helper()
					return ask(tb, e, Options{Every: 20 * time.Millisecond, Page: 5})
				},
				Store: stored(set), Query: func(word string) string { return word }, NewestFirst: true,
			})
		})
	}
}

// TestInsights is the suite over jobs, which are searched and not followed.
func TestInsights(t *testing.T) {
	skip := map[string]string{}
	for _, check := range []string{
		"waits to be pointed", "follows", "begins at its window", "follows a late line", "is pointed elsewhere",
		"is pointed elsewhere while it asks", "is pointed at the same again", "goes on where it left off", "loses nothing in an outage",
		"meets a malformed record", "unfilled", "cancelled", "by another clock", "answer cut short", "finds nothing",
		"by a writer's clock",
	} {
		skip["tail "+check] = "a job cannot be followed"
	}
	skip["search beside a tail"] = "a job cannot be followed"
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return ask(tb, e, Options{Every: 20 * time.Millisecond})
		},
		Store: stored(func(*fakeLogs) {}), Skip: skip, NewestFirst: true,
		Query: func(word string) string {
			return strings.TrimSuffix(`fields @timestamp, @message, @logStream | filter @message like "`+word+`"`, ` | filter @message like ""`)
		},
	})
}
