package file

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// maxQuoted bounds a value quoted in an error sentence, in characters.
const maxQuoted = 40

// row is one line of a deploys file. A field of an unexpected type is read as
// text where that is possible and counts as missing where it is not.
type row map[string]json.RawMessage

// text returns the first of the named fields that says something.
func (r row) text(keys ...string) string {
	for _, k := range keys {
		raw := r[k]
		var s string
		if json.Unmarshal(raw, &s) == nil && s != "" {
			return s
		}
		if len(raw) > 0 && (raw[0] == '-' || ('0' <= raw[0] && raw[0] <= '9')) {
			return string(raw)
		}
	}
	return ""
}

// time returns a field that is a time, zero when it is absent.
func (r row) time(key string, near time.Time) (time.Time, error) {
	s := r.text(key)
	if s == "" {
		return time.Time{}, nil
	}
	t, ok := oncall.ParseTime(s, near)
	if !ok {
		return time.Time{}, errors.New(key + " is " + sources.Printable(s, maxQuoted) + ", neither RFC 3339 nor an epoch number")
	}
	return t, nil
}

// decodeDeploy reads one line. Only a line that is no object or has no time
// that can be read fails: without one it has no place among the others.
func decodeDeploy(line []byte, now time.Time) (oncall.Deploy, error) {
	var r row
	if err := json.Unmarshal(line, &r); err != nil {
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			return oncall.Deploy{}, errors.New("not JSON: " + sources.Printable(err.Error(), 2*maxQuoted))
		}
		return oncall.Deploy{}, errors.New("not a JSON object")
	}
	started, err1 := r.time("started_at", now)
	finished, err2 := r.time("finished_at", now)
	if started.IsZero() && finished.IsZero() {
		if err := errors.Join(err2, err1); err != nil {
			return oncall.Deploy{}, errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		return oncall.Deploy{}, errors.New("has neither started_at nor finished_at")
	}
	d := oncall.Deploy{
		Service: r.text("service"), Environment: r.text("environment"), Version: r.text("version"),
		Commit: r.text("commit", "sha"), Author: r.text("author"), Team: r.text("team"), Repo: r.text("repo"),
		Title: r.text("title"), URL: r.text("url"), Kind: r.text("kind"),
		Status: statusOf(r.text("status")), Checks: checksOf(r.text("checks")),
		StartedAt: started, FinishedAt: finished,
	}
	if d.Kind == "" {
		d.Kind = "deploy"
	}
	if d.Ref.ID = r.text("id"); d.Ref.ID == "" {
		sum := sha256.Sum256(line)
		d.Ref.ID = hex.EncodeToString(sum[:8])
	}
	return d, nil
}

// statusOf reads the words that build systems use. A word that it does not know
// leaves the deploy on screen with an unknown status.
func statusOf(s string) oncall.DeployStatus {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s)) {
	case "running", "inprogress", "started", "pending", "queued":
		return oncall.DeployRunning
	case "success", "succeeded", "successful", "ok", "done", "passed", "finished", "deployed":
		return oncall.DeploySucceeded
	case "failed", "failure", "error", "cancelled", "canceled", "aborted":
		return oncall.DeployFailed
	case "rolledback", "rollback", "reverted":
		return oncall.DeployRolledBack
	}
	return oncall.DeployUnknown
}

func checksOf(s string) string {
	switch strings.ToLower(s) {
	case "passed", "pass", "success", "succeeded", "ok", "green":
		return "passed"
	case "failed", "fail", "failure", "error", "red":
		return "failed"
	case "none", "skipped":
		return "none"
	}
	return "unknown"
}
