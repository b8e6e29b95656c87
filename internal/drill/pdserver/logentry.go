package pdserver

import (
	"strings"
	"time"
)

// agent is whoever did something.
type agent struct {
	id, name string
	// kind is user or service.
	kind string
}

func userAgent(u User) agent       { return agent{u.ID, u.Name, "user"} }
func serviceAgent(s Service) agent { return agent{s.ID, s.Name, "service"} }

// entry is one log entry.
type entry struct {
	id, kind, summary string
	at                time.Time
	by                agent
	// Channel is where it came from; Assignees and User are given by some types.
	Channel   map[string]any
	Assignees []string
	User      string
}

// overview reports whether the entry is among the important ones.
func (e *entry) overview() bool { return e.kind != "notify" }

// note appends a log entry and returns it for what is peculiar to its type.
func (s *Server) note(i *incident, at time.Time, kind string, by agent, summary string) *entry {
	channel := map[string]any{"type": "api"}
	switch kind {
	case "escalate", "unacknowledge", "repeat_escalation_path", "exhaust_escalation_path":
		channel = map[string]any{"type": "timeout"}
	case "notify":
		channel = map[string]any{
			"type": "auto",
			"notification": map[string]any{
				"type": "push_notification", "started_at": rfc(at), "status": "success",
			},
		}
	}
	e := &entry{id: s.nextID("QL"), kind: kind, summary: summary, at: at, by: by, Channel: channel}
	i.log = append(i.log, e)
	i.updated = at
	return e
}

func (s *Server) noteAssignees(i *incident, at time.Time, kind string, by agent, words string) {
	names, ids := make([]string, 0, len(i.assigned)), make([]string, 0, len(i.assigned))
	for _, a := range i.assigned {
		names, ids = append(names, s.user(a.user).Name), append(ids, a.user)
	}
	s.note(i, at, kind, by, words+strings.Join(names, ", ")+".").Assignees = ids
}
