package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"conway/internal/drill/ghserver"
)

// testsTook is how long before a deploy its commit's tests were through.
const testsTook = 5 * time.Minute

// hub is the drill's GitHub: it has a deployment, and a workflow run that had
// passed, for each deploy of a service with a repository.
type hub struct{ server *ghserver.Server }

func newHub(s *Scenario, p pace, token string) (*hub, error) {
	h := &hub{server: ghserver.New(ghserver.Options{Now: p.now, Token: token})}
	for _, name := range s.repos() {
		if err := h.server.AddRepo(name); err != nil {
			return nil, fmt.Errorf("start github: %w", err)
		}
	}
	return h, nil
}

// deployed records one deploy that succeeded.
func (h *hub) deployed(v Service, d Deploy, begin, end time.Time) error {
	sha := fullSHA(d)
	tested := begin.Add(-testsTook)
	if err := h.server.AddRun(v.Repo, ghserver.Run{
		Name: "test", SHA: sha, Branch: "main", Event: "push", Status: "completed", Conclusion: "success",
		StartedAt: tested.Add(-testsTook), UpdatedAt: tested,
	}); err != nil {
		return fmt.Errorf("record deploy: %w", err)
	}
	id, err := h.server.AddDeployment(v.Repo, ghserver.Deployment{
		SHA: sha, Ref: d.Version, Environment: "production", Description: d.Title, Creator: d.Author, CreatedAt: begin,
		Payload: map[string]string{"service": d.Service, "version": d.Version, "team": v.Owner},
	})
	if err != nil {
		return fmt.Errorf("record deploy: %w", err)
	}
	for _, st := range []ghserver.Status{{State: "in_progress", CreatedAt: begin}, {State: "success", CreatedAt: end}} {
		if err := h.server.AddStatus(v.Repo, id, st); err != nil {
			return fmt.Errorf("record deploy: %w", err)
		}
	}
	return nil
}

// fullSHA is a whole commit hash that begins with what the scenario says.
func fullSHA(d Deploy) string {
	sum := sha256.Sum256([]byte(d.Service + d.Version + d.Commit))
	return (d.Commit + hex.EncodeToString(sum[:]))[:40]
}
