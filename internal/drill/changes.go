package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// deployTook is how long a deploy of the past took.
const deployTook = 90 * time.Second

// changes is the drill's delivery pipeline: it puts releases live and tells of
// it where such a pipeline would, in GitHub's deployments for a service with a
// repository, in the file of deploys for one without.
type changes struct {
	paths     paths
	github    *hub
	pace      pace
	chronicle *chronicle
	services  map[string]Service

	mu sync.Mutex
	// live is the version that the pipeline put live last, by service.
	live map[string]string
	seq  int
}

// record is one line of the file of deploys.
type record struct {
	ID          string    `json:"id"`
	Service     string    `json:"service"`
	Repo        string    `json:"repo,omitempty"`
	Environment string    `json:"environment"`
	Version     string    `json:"version"`
	Commit      string    `json:"commit,omitempty"`
	Author      string    `json:"author,omitempty"`
	Team        string    `json:"team,omitempty"`
	Title       string    `json:"title,omitempty"`
	Status      string    `json:"status"`
	Kind        string    `json:"kind"`
	Checks      string    `json:"checks,omitempty"`
	StartedAt   time.Time `json:"started_at"`
	FinishedAt  time.Time `json:"finished_at"`
}

// past records the deploys from before the start.
func (c *changes) past(all []Deploy) error {
	for _, d := range all {
		if d.Before == 0 {
			continue
		}
		end := c.pace.start.Add(-time.Duration(d.Before))
		if err := c.tell(d, "deploy", end.Add(-deployTook), end); err != nil {
			return err
		}
	}
	for _, v := range c.services {
		c.live[v.Name] = v.Current
	}
	return nil
}

// goLive puts a release live at its time.
func (c *changes) goLive(ctx context.Context, d Deploy) error {
	if !pause(ctx, c.pace.until(d.At)) {
		return ctx.Err()
	}
	c.mu.Lock()
	c.live[d.Service] = d.Version
	c.mu.Unlock()
	begin := c.pace.now()
	if err := setCurrent(c.paths.service(d.Service), d.Version); err != nil {
		return err
	}
	now := c.pace.now()
	c.chronicle.add(now, fmt.Sprintf("%s %s (%s) went live: %s", d.Service, d.Version, c.services[d.Service].Owner, d.Title))
	return c.tell(d, "deploy", begin, now)
}

// noticed tells of a release that runs although the pipeline did not put it
// live: somebody did it by hand.
func (c *changes) noticed(service, from, to string) error {
	c.mu.Lock()
	ours := c.live[service] == to
	c.live[service] = to
	c.mu.Unlock()
	if ours {
		return nil
	}
	now := c.pace.now()
	c.chronicle.add(now, fmt.Sprintf("%s runs %s again instead of %s", service, to, from))
	d := Deploy{Service: service, Version: to, Title: fmt.Sprintf("current link moved by hand from %s to %s", from, to)}
	return c.append(c.recordOf(d, "rollback", now, now))
}

func (c *changes) tell(d Deploy, kind string, begin, end time.Time) error {
	v := c.services[d.Service]
	if v.Repo == "" {
		return c.append(c.recordOf(d, kind, begin, end))
	}
	return c.github.deployed(v, d, begin, end)
}

func (c *changes) recordOf(d Deploy, kind string, begin, end time.Time) record {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return record{
		ID: fmt.Sprintf("drill-%d", c.seq), Service: d.Service, Repo: c.services[d.Service].Repo, Environment: "production",
		Version: d.Version, Commit: d.Commit, Author: d.Author, Team: c.services[d.Service].Owner, Title: d.Title,
		Status: "success", Kind: kind, StartedAt: begin.UTC(), FinishedAt: end.UTC(),
	}
}

// append adds one line to the file of deploys.
func (c *changes) append(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("record deploy: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := os.OpenFile(c.paths.deploys(), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("record deploy: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("record deploy: %w", err)
	}
	return nil
}
