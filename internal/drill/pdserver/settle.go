package pdserver

// ResolveAlerts resolves an incident's alerts, as their monitor does when all is
// well again, leaves the incident itself to a person, and reports whether it
// exists.
func (s *Server) ResolveAlerts(id string) bool {
	return s.with(id, func(i *incident) {
		for _, a := range i.alerts {
			a.resolved = true
		}
		i.updated = s.now()
	})
}
