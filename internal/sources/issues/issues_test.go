package issues_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"conway/internal/feed"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/issues"
	"conway/internal/sources/issues/issueserver"
)

const token = "t0ken-of-the-tracker"

func tracker(t *testing.T, s *issueserver.Server, change ...func(*issues.Options)) *issues.Source {
	t.Helper()
	if s.Token == "" {
		s.Token = token
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	o := issues.Options{
		Name: "follow-ups", Type: issues.GitHub, URL: srv.URL, Place: "acme/ops",
		Token: func(context.Context) (string, error) { return token, nil },
	}
	if s.GitLab {
		o.Type = issues.GitLab
	}
	for _, f := range change {
		f(&o)
	}
	src, err := issues.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// trackers are one of each kind.
func trackers() map[string]*issueserver.Server {
	return map[string]*issueserver.Server{"github": {}, "gitlab": {GitLab: true}}
}

func TestFileAndFind(t *testing.T) {
	for name, s := range trackers() {
		t.Run(name, func(t *testing.T) {
			src := tracker(t, s)
			begun := time.Now()
			a := oncall.Action{ID: "x", Text: "rotate the logs\n\nof host-1"}
			if err := src.File(t.Context(), "rotate\nthe logs", a.MarkedText()); err != nil {
				t.Fatal(err)
			}
			s.Open("another", "without a marker", false)
			if !s.GitLab {
				s.Open("a pull request", a.MarkedText(), true)
			}
			all, err := src.Filed(t.Context(), begun)
			if err != nil || len(all) != 1 || all[0].Marker != a.Marker() || !strings.HasSuffix(all[0].URL, "/1") || all[0].Opened.IsZero() || !all[0].Closed.IsZero() {
				t.Fatalf("filed are %+v, %v", all, err)
			}
			if got := s.Issues()[0]; got.Title != "rotate the logs" || got.Text != a.MarkedText() {
				t.Errorf("the issue is %+v", got)
			}
			s.Close(1)
			if all, _ = src.Filed(t.Context(), begun); len(all) != 1 || all[0].Closed.IsZero() {
				t.Errorf("then they are %+v", all)
			}
			if all, _ = src.Filed(t.Context(), begun.Add(time.Hour)); len(all) != 0 {
				t.Errorf("since later they are %+v", all)
			}
			for range 250 {
				s.Open("noise", "x", false)
			}
			if all, _ = src.Filed(t.Context(), begun); len(all) != 1 {
				t.Errorf("on the third page it is not found: %+v", all)
			}
		})
	}
}

func TestFaultsOfATracker(t *testing.T) {
	for name, s := range trackers() {
		t.Run(name, func(t *testing.T) {
			fault := func(err error, kind oncall.FaultKind, doubt bool) {
				t.Helper()
				var f *oncall.Fault
				if !errors.As(err, &f) || f.Kind != kind || f.Ambiguous != doubt || strings.Contains(f.Error(), token) {
					t.Errorf("the fault is %v, want %v, in doubt %v", err, kind, doubt)
				}
			}
			src := tracker(t, s)
			fault(src.File(t.Context(), " ", "x"), oncall.Rejected, false)
			fault(src.File(t.Context(), strings.Repeat("x", 300), "x"), oncall.Rejected, false)
			s.Lose(false)
			fault(src.File(t.Context(), "x", "x"), oncall.Unavailable, true)
			other := tracker(t, s, func(o *issues.Options) { o.Place = "acme/nothing" })
			fault(other.File(t.Context(), "x", "x"), oncall.Rejected, false)
			wrong := tracker(t, s, func(o *issues.Options) {
				o.Token = func(context.Context) (string, error) { return "wr0ng-token-altogether", nil }
			})
			_, err := wrong.Filed(t.Context(), time.Now())
			fault(err, oncall.Auth, false)
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = src.Filed(gone, time.Now())
			fault(err, oncall.Unavailable, false)
		})
	}
	for _, o := range []issues.Options{
		{}, {URL: "ftp://x"}, {URL: "https://x"}, {URL: "https://x", Token: func(context.Context) (string, error) { return "", nil }},
	} {
		if _, err := issues.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// TestFiledOnceThroughTheOutbox has the answer lost, or another cockpit be first:
// in no case is there a second issue.
func TestFiledOnceThroughTheOutbox(t *testing.T) {
	for name, s := range trackers() {
		t.Run(name, func(t *testing.T) {
			src := tracker(t, s)
			states := make(chan oncall.ActionEvent, 100)
			box := feed.NewOutbox(feed.OutboxOptions{
				Sources: map[string]sources.Source{"follow-ups": src}, Settle: 100 * time.Millisecond,
				Emit: func(e oncall.Event) {
					if a, ok := e.(oncall.ActionEvent); ok {
						states <- a
					}
				},
			})
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); _ = box.Run(ctx) }()
			defer func() { stop(); <-done }()
			file := func(id string) {
				t.Helper()
				box.Submit(oncall.Action{ID: id, Kind: oncall.File, Target: oncall.Ref{Source: "follow-ups", ID: id}, Title: "do " + id, Text: "do " + id, At: time.Now()})
				limit := time.After(20 * time.Second)
				for {
					select {
					case e := <-states:
						if e.State == oncall.Confirmed {
							return
						}
						if e.State.Done() {
							t.Fatalf("%s ended as %v: %v", id, e.State, e.Err)
						}
					case <-limit:
						t.Fatalf("%s was never confirmed", id)
					}
				}
			}
			file("plain")
			s.Lose(true)
			file("done, answer lost")
			s.Lose(false)
			file("not done, answer lost")
			s.Open("by another cockpit", oncall.Action{ID: "early", Text: "do early"}.MarkedText(), false)
			file("early")
			if n := len(s.Issues()); n != 4 {
				t.Errorf("there are %d issues, want 4: %+v", n, s.Issues())
			}
			if n := s.Posts(); n != 4 {
				t.Errorf("%d posts, want 4: one was not done and one was not needed", n)
			}
		})
	}
}
