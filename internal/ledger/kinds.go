package ledger

import (
	"encoding/json"
	"fmt"

	"conway/internal/oncall"
)

// The kinds that the cockpit writes and that this package understands. Others
// may be appended freely; they are kept as they are.
const (
	// KindAction is an action that a person asked for; the body is the
	// oncall.Action. It is written before anything is sent.
	KindAction = "action"
	// KindActionState is what became of an action; the body is an ActionChange.
	KindActionState = "action.state"
	// KindStep is a runbook step about to be started; the body is the
	// oncall.StepRun with the exact bytes that will run.
	KindStep = "step"
	// KindRun is the end of a step; the body is the oncall.StepRun.
	KindRun = "run"
	// KindTag is a person's judgement of a page; the body is the
	// oncall.Tag. The newest record of a page and a name counts.
	KindTag = "tag"
)

// ActionChange is the body of a KindActionState record.
type ActionChange struct {
	// ID is the action's.
	ID    string             `json:"id"`
	State oncall.ActionState `json:"state"`
	Fault *FaultNote         `json:"fault,omitempty"`
}

// FaultNote is an oncall.Fault as it is written, without its cause.
type FaultNote struct {
	Kind      string `json:"kind"`
	Source    string `json:"source,omitempty"`
	Op        string `json:"op,omitempty"`
	Status    int    `json:"status,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Fix       string `json:"fix,omitempty"`
	Ambiguous bool   `json:"ambiguous,omitempty"`
}

// ActionRecord returns the record of an action that a person asked for.
func ActionRecord(a oncall.Action) (Record, error) {
	if a.ID == "" {
		return Record{}, fmt.Errorf("record %s of %s: the action has no id", a.Kind, a.Target)
	}
	r, err := record(KindAction, a.Target.Source, a)
	r.At = a.At
	return r, err
}

// ActionStateRecord returns the record of what became of an action. fault may be
// nil; of its cause only the words in its detail are kept.
func ActionStateRecord(id string, s oncall.ActionState, fault *oncall.Fault) (Record, error) {
	change := ActionChange{ID: id, State: s}
	if fault == nil {
		return record(KindActionState, "", change)
	}
	change.Fault = &FaultNote{
		Kind: fault.Kind.String(), Source: fault.Source, Op: fault.Op, Status: fault.Status,
		Detail: fault.Detail, Fix: fault.Fix, Ambiguous: fault.Ambiguous,
	}
	return record(KindActionState, fault.Source, change)
}

// StepRecord returns the record of a step that is about to be started. A step
// whose record cannot be appended must not be started.
func StepRecord(run oncall.StepRun) (Record, error) {
	r, err := record(KindStep, run.Page.Source, run)
	r.At = run.Started
	return r, err
}

// RunRecord returns the record of a step's end.
func RunRecord(run oncall.StepRun) (Record, error) {
	r, err := record(KindRun, run.Page.Source, run)
	r.At = run.Ended
	return r, err
}

// TagRecord returns the record of a tag.
func TagRecord(t oncall.Tag) (Record, error) { return record(KindTag, t.Page.Source, t) }

// NewRecord returns a record of another kind than those above.
func NewRecord(kind, src string, body any) (Record, error) { return record(kind, src, body) }

func record(kind, src string, body any) (Record, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return Record{}, fmt.Errorf("write %s record: %w", kind, err)
	}
	return Record{Kind: kind, Src: src, Body: b}, nil
}
