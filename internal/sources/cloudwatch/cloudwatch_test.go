package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/sourcetest"
)

// canary is the key of the tests.
func canary(context.Context) (string, error) { return "AKIACANARY", nil }

func TestNewRefuses(t *testing.T) {
	whole := Options{Name: "cw", Region: "eu-west-1", Groups: []string{"app"}}
	for want, change := range map[string]func(*Options){
		"it has no name":                   func(o *Options) { o.Name = "" },
		"region must name a region":        func(o *Options) { o.Region = "eu-west-1.example.com" },
		"groups is empty":                  func(o *Options) { o.Groups = nil },
		"query is one of Logs Insights":    func(o *Options) { o.Query = "fields @message | limit 5" },
		"url must be like https://host":    func(o *Options) { o.URL = "logs.example.com" },
		"access_key and secret_key belong": func(o *Options) { o.SecretKey = canary },
	} {
		o := whole
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for region, want := range map[string]string{
		"eu-west-1": "https://logs.eu-west-1.amazonaws.com/", "cn-north-1": "https://logs.cn-north-1.amazonaws.com.cn/",
	} {
		o := whole
		o.Region = region
		if s, err := New(o); err != nil || s.base != want {
			t.Errorf("%s is asked at %v, %v, want %s", region, s, err, want)
		}
	}
}

func TestInsightsAreToldFromPatterns(t *testing.T) {
	for query, want := range map[string]bool{
		"fields @timestamp, @message | sort @timestamp desc": true,
		"FILTER @message like /timeout/":                     true,
		"stats count(*) by bin(5m) | limit 10":               true,
		"ERROR":                                              false,
		"":                                                   false,
		"limit exceeded":                                     false,
		"filter \"a\"":                                       false,
		"{ $.status = 500 }":                                 false,
		"%fields|filter%":                                    false,
	} {
		if got := insights(query); got != want {
			t.Errorf("insights(%q) is %v", query, got)
		}
	}
}

// tested is a source that asks a fake.
func tested(t *testing.T, f *fakeLogs) *Source {
	t.Helper()
	srv := httptest.NewServer(f)
	s := ask(t, sourcetest.Endpoint{URL: srv.URL, Token: canary, Timeout: 5 * time.Second}, Options{})
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		srv.Close()
	})
	return s
}

func someLines(n int) []oncall.LogLine {
	out := make([]oncall.LogLine, n)
	for i := range out {
		out[i] = oncall.LogLine{At: time.Now().Add(time.Duration(i-n) * time.Second), Origin: "web", Raw: fmt.Sprintf("level=error n=%d", i)}
	}
	return out
}

func search(t *testing.T, s *Source, q oncall.LogQuery) (lines []oncall.LogLine, found oncall.LogFound, f *oncall.Fault) {
	t.Helper()
	q.Window.Start = time.Now().Add(-time.Hour)
	found, err := s.Search(t.Context(), q, func(p oncall.LogPart) { lines = append(lines, p.Lines...) })
	if err != nil && !errors.As(err, &f) {
		t.Fatalf("%T %v is no fault", err, err)
	}
	return lines, found, f
}

// TestRefusals: nearly all of them have the status 400, and say in __type what is
// wrong.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		kind  string
		want  oncall.FaultKind
		words string
	}{
		{"ThrottlingException", oncall.RateLimited, ""},
		{"com.amazonaws.logs#LimitExceededException", oncall.RateLimited, ""},
		{"AccessDeniedException", oncall.Auth, "allow logs:FilterLogEvents"},
		{"ExpiredTokenException", oncall.Auth, "renew the keys of cw"},
		{"InvalidSignatureException", oncall.Auth, "renew the keys of cw"},
		{"ResourceNotFoundException", oncall.Rejected, "each of groups exists in eu-west-1"},
		{"InvalidParameterException", oncall.Rejected, "so it is"},
		{"ServiceUnavailableException", oncall.Unavailable, ""},
	} {
		f := newFake(t, 0, someLines(1)...)
		f.refuse, f.refusal = 100, c.kind
		_, _, fault := search(t, tested(t, f), oncall.LogQuery{})
		if fault == nil || fault.Kind != c.want || !strings.Contains(fault.Error(), c.words) {
			t.Errorf("%s became %v, want %v and %q", c.kind, fault, c.want, c.words)
			continue
		}
		if wait := fault.RetryAfter; (wait == overMuch) != (c.want == oncall.RateLimited) {
			t.Errorf("%s is tried again after %v", c.kind, wait)
		}
		if n := len(f.calls()); (n == tries) != (c.want == oncall.RateLimited) {
			t.Errorf("%s was asked %d times", c.kind, n)
		}
	}
}

// TestThrottledSearchGoesOn: a request too many is sent again, and nothing is
// missing then.
func TestThrottledSearchGoesOn(t *testing.T) {
	f := newFake(t, 0, someLines(9)...)
	f.refuse, f.refusal = tries-1, "ThrottlingException"
	lines, found, fault := search(t, tested(t, f), oncall.LogQuery{})
	if fault != nil || len(lines) != 9 || !found.Complete {
		t.Errorf("%d lines, %+v, %v", len(lines), found, fault)
	}
}

// TestLongAgo: before 2024 the newest cannot be asked for first, and are found all
// the same.
func TestLongAgo(t *testing.T) {
	f := newFake(t, 0, someLines(12)...)
	s := tested(t, f)
	var lines []oncall.LogLine
	q := oncall.LogQuery{Limit: 3, Window: oncall.Window{Start: newestFrom().Add(-time.Hour)}}
	found, err := s.Search(t.Context(), q, func(p oncall.LogPart) { lines = append(lines, p.Lines...) })
	if err != nil || len(lines) != 3 || found.Complete || !strings.HasSuffix(lines[2].Raw, "n=11") {
		t.Errorf("%+v, %v: %v", found, err, lines)
	}
}

// TestEventsOnTwoPages has CloudWatch give events on two pages, as it does now and
// then: each is found once.
func TestEventsOnTwoPages(t *testing.T) {
	f := newFake(t, 0, someLines(20)...)
	f.twice = true
	lines, found, fault := search(t, tested(t, f), oncall.LogQuery{})
	if fault != nil || len(lines) != 20 || found.Matched != 20 {
		t.Errorf("of 20 lines came %d, %+v, %v", len(lines), found, fault)
	}
}

// TestPagesWithoutAnEnd has two pages name each other as the next one.
func TestPagesWithoutAnEnd(t *testing.T) {
	f := newFake(t, 0, someLines(2)...)
	f.loops = true
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := tested(t, f).Search(ctx, oncall.LogQuery{}, func(oncall.LogPart) {})
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Malformed {
		t.Errorf("the search ended with %v", err)
	}
}

func TestJobsEndAsTheySay(t *testing.T) {
	f := newFake(t, 0, someLines(6)...)
	s := tested(t, f)
	lines, found, fault := search(t, s, oncall.LogQuery{Query: `fields @message | limit 4`, Limit: 4})
	if fault != nil || len(lines) != 4 || found.Complete || found.Matched != 6 || found.Scanned != 4096 || !strings.HasSuffix(lines[3].Raw, "n=5") {
		t.Errorf("%+v, %v: %v", found, fault, lines)
	}
	lines, found, fault = search(t, s, oncall.LogQuery{Query: `stats count(*) by status | limit 9`})
	if fault != nil || len(lines) != 6 || !found.Complete || lines[0].Raw != `count(*)="12 of them" status=500` {
		t.Errorf("%+v, %v: %v", found, fault, lines)
	}
	for status, words := range map[string]string{
		"Failed":    "cw: search logs: unavailable: the search failed, and Logs Insights does not say why; search again",
		"Cancelled": "cw: search logs: unavailable: the search was cancelled in Logs Insights; search again",
		"Timeout":   "cw: search logs: unavailable: the search took too long, and Logs Insights ended it; choose a shorter window",
		"Unknown":   "cw: search logs: unavailable: Logs Insights does not know any more how the search stands; search again",
		"Paused":    "cw: search logs: unavailable: the search ended otherwise: Paused; search again",
	} {
		f.status = status
		lines, found, fault := search(t, s, oncall.LogQuery{Query: `fields @message | limit 9`})
		if fault == nil || fault.Kind != oncall.Unavailable || fault.Error() != words {
			t.Errorf("%s became %v, want %q", status, fault, words)
		}
		if len(lines) != 6 || found.Lines != 6 || found.Complete {
			t.Errorf("of what a job found that ended as %s, %d lines are left: %+v", status, len(lines), found)
		}
	}
	if !slices.Contains(f.calls(), "StopQuery") {
		t.Error("a job that failed was not stopped")
	}
}

// TestExpiredJob is one that is not there any more when it is looked at.
func TestExpiredJob(t *testing.T) {
	f := newFake(t, 0, someLines(6)...)
	f.expire()
	_, _, fault := search(t, tested(t, f), oncall.LogQuery{Query: `fields @message | limit 9`})
	const want = "cw: search logs: unavailable (HTTP 400): the search has expired in Logs Insights, or somebody deleted it; search again"
	if fault == nil || fault.Kind != oncall.Unavailable || fault.Error() != want {
		t.Errorf("it became %v, want %q", fault, want)
	}
}

func TestInsightsAreNotFollowed(t *testing.T) {
	s := tested(t, newFake(t, 0))
	s.Follow(oncall.LogQuery{Query: "fields @message | limit 9"})
	err := s.Run(t.Context(), func(oncall.Event) {})
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), "cannot be followed") {
		t.Errorf("Run returned %v", err)
	}
}

// TestEstimate takes of what a group stores the share of the window in the time
// for which it is kept.
func TestEstimate(t *testing.T) {
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMilli() }
	app := func(more string, age time.Duration) string {
		return fmt.Sprintf(`{"logGroupName":"app","arn":"arn:aws:logs:eu-west-1:123456789012:log-group:app:*","creationTime":%d%s}`, ago(age), more)
	}
	edge := func(account string) string {
		return fmt.Sprintf(`{"logGroupName":"edge","arn":"arn:aws:logs:eu-west-1:%s:log-group:edge:*","creationTime":%d,"storedBytes":1000000}`, account, ago(10*time.Hour))
	}
	for name, tt := range map[string]struct {
		groups []string
		want   int64
	}{
		"all kept":               {[]string{app(`,"storedBytes":24000000`, 240*time.Hour), edge("123456789012")}, 200_000},
		"kept for a day":         {[]string{app(`,"retentionInDays":1,"storedBytes":24000000`, 240*time.Hour), edge("123456789012")}, 1_100_000},
		"younger than the hour":  {[]string{app(`,"storedBytes":24000000`, 30*time.Minute), edge("123456789012")}, 24_100_000},
		"one of another account": {[]string{app(`,"storedBytes":24000000`, 240*time.Hour), edge("210987654321")}, -1},
		"one that is not there":  {[]string{edge("123456789012")}, -1},
		"no size":                {[]string{app("", time.Hour), edge("123456789012")}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 0)
			f.groups = tt.groups
			got, err := tested(t, f).Estimate(t.Context(), oncall.LogQuery{Window: oncall.Window{Start: time.Now().Add(-time.Hour)}})
			if err != nil || got.Lines >= 0 || got.Parts != 2 || got.PartName != "log groups" || got.Bound {
				t.Fatalf("the estimate is %+v, %v", got, err)
			}
			if d := got.Bytes - tt.want; d < -tt.want/1000-1 && tt.want >= 0 || d > max(tt.want, 0)/1000 {
				t.Errorf("%d bytes, want about %d", got.Bytes, tt.want)
			}
		})
	}
}

func TestEstimateIsNotAllowed(t *testing.T) {
	f := newFake(t, 0)
	f.refuse, f.refusal = 1, "AccessDeniedException"
	_, err := tested(t, f).Estimate(t.Context(), oncall.LogQuery{})
	if fault, ok := errors.AsType[*oncall.Fault](err); !ok || fault.Kind != oncall.Auth || fault.Fix != "allow logs:DescribeLogGroups" {
		t.Errorf("the error is %v", err)
	}
}
