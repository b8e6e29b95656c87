package drill

import (
	"fmt"
	"net/http"

	"conway/internal/drill/pdserver"
)

// site is the few pages that links of the drill lead to: its runbooks as they
// are, and an incident in plain words.
func site(p paths, s *Scenario, account *pdserver.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /runbooks/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, b := range s.Runbooks {
			if b.Name == r.PathValue("name") {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				http.ServeFile(w, r, p.runbook(b.Name))
				return
			}
		}
		http.NotFound(w, r)
	})
	mux.HandleFunc("GET /incidents/{id}", func(w http.ResponseWriter, r *http.Request) {
		st, ok := account.State(r.PathValue("id"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "#%d %s\n%s, %s urgency, since %s\n\n",
			st.Number, st.Title, st.Status, st.Urgency, st.CreatedAt.Format("2006-01-02 15:04:05Z"))
		for _, h := range st.Log {
			fmt.Fprintf(w, "%s  %s\n", h.At.Format("15:04:05"), h.Summary)
		}
	})
	return mux
}
