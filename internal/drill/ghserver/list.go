package ghserver

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func listDeployments(r *http.Request, rp *repo, repoURL string) (any, bool) {
	rows := []map[string]any{}
	for _, d := range slices.Backward(rp.deployments) {
		if asked(r, "sha", d.SHA) && asked(r, "ref", d.Ref) && asked(r, "task", d.Task) && asked(r, "environment", d.Environment) {
			rows = append(rows, d.json(repoURL))
		}
	}
	return rows, true
}

func listStatuses(r *http.Request, rp *repo, repoURL string) (any, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	d := rp.find(id)
	if err != nil || d == nil {
		return nil, false
	}
	rows := []map[string]any{}
	for _, s := range slices.Backward(d.statuses) {
		rows = append(rows, s.json(d, repoURL))
	}
	return rows, true
}

func listRuns(r *http.Request, rp *repo, _ string) (any, bool) {
	rows := runList{}
	for i, run := range slices.Backward(rp.runs) {
		// The filter status takes a conclusion as well.
		done := asked(r, "status", run.Status) || asked(r, "status", run.Conclusion)
		if done && asked(r, "head_sha", run.SHA) && asked(r, "branch", run.Branch) && asked(r, "event", run.Event) {
			rows = append(rows, run.json(i+1))
		}
	}
	return rows, true
}

// maxFiles is how many files GitHub names of a comparison.
const maxFiles = 300

// compare knows what it was told, and that a commit is the same as itself. All files
// are on the first page, whatever is asked for.
func compare(r *http.Request, rp *repo, _ string) (any, bool) {
	basehead := r.PathValue("basehead")
	base, head, ok := strings.Cut(basehead, "...")
	c, known := rp.compares[basehead]
	if !ok || (!known && base != head) {
		return nil, false
	}
	status := "ahead"
	if len(c.commits) == 0 {
		status = "identical"
	}
	rows, files := make([]map[string]any, 0, len(c.commits)), []map[string]any{}
	for _, one := range c.commits {
		rows = append(rows, one.json())
	}
	if page := r.URL.Query().Get("page"); page == "" || page == "1" {
		for _, name := range c.files[:min(len(c.files), maxFiles)] {
			files = append(files, map[string]any{"filename": name, "status": "modified", "additions": 1, "deletions": 1, "changes": 2})
		}
	}
	return map[string]any{
		"status": status, "ahead_by": len(rows), "behind_by": 0, "total_commits": len(rows), "commits": rows, "files": files,
	}, true
}
