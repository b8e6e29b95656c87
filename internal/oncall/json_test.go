package oncall_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"conway/internal/oncall"
)

// TestWhatIsRememberedComesBack checks that events survive being kept as JSON
// for a cold start.
func TestWhatIsRememberedComesBack(t *testing.T) {
	at := time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC)
	stamp := oncall.Stamp{Source: "pd", At: at}
	for _, want := range []oncall.Event{
		oncall.PagesEvent{Stamp: stamp, Complete: true, Every: 10 * time.Second, Pages: []oncall.Page{{
			Ref: oncall.Ref{Source: "pd", ID: "Q1"}, Title: "x \x1b y", Status: oncall.Acknowledged, Urgency: oncall.Low, CreatedAt: at,
			Pending: []oncall.Escalation{{Kind: "escalate", At: at}}, Acks: []oncall.Acknowledgement{{By: oncall.Person{Name: "Ana"}, At: at}}, Mine: true,
		}}},
		oncall.DeploysEvent{Stamp: stamp, Every: time.Minute, Deploys: []oncall.Deploy{{Service: "checkout", Status: oncall.DeployFailed, FinishedAt: at}}},
		oncall.RosterEvent{Stamp: stamp, Roster: oncall.Roster{Me: oncall.Person{ID: "P1"}, Shifts: []oncall.Shift{{Level: 2, End: at}}}},
	} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(want))
		if err := json.Unmarshal(data, got.Interface()); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Elem().Interface(), want) {
			t.Errorf("got  %+v\nwant %+v", got.Elem().Interface(), want)
		}
	}
}

func TestUnknownWordsBecomeUnknown(t *testing.T) {
	var p oncall.Page
	if err := json.Unmarshal([]byte(`{"status":"exploded","urgency":"whatever"}`), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != oncall.StatusUnknown || p.Urgency != oncall.High {
		t.Errorf("got %v, %v", p.Status, p.Urgency)
	}
}
