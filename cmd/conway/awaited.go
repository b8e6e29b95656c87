package main

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/ui/outlet"
)

// awaited is a model that is still being made while the terminal is made ready
// for it. What comes until then it gets afterwards, in order. Nothing is drawn
// before.
type awaited struct {
	made  <-chan tea.Model
	model tea.Model
	held  []tea.Msg
}

// arrived has the model that was waited for.
type arrived struct{ model tea.Model }

// Init waits for the model. Where none comes the program ends by other means.
func (w *awaited) Init() tea.Cmd {
	return func() tea.Msg {
		if m, ok := <-w.made; ok {
			return arrived{m}
		}
		return nil
	}
}

// Update hands every message on.
func (w *awaited) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if w.model != nil {
		next, cmd := w.model.Update(msg)
		w.model = next
		return w, cmd
	}
	a, ok := msg.(arrived)
	if !ok {
		w.held = append(w.held, msg)
		return w, nil
	}
	w.model = a.model
	cmds := []tea.Cmd{w.model.Init()}
	for _, held := range w.held {
		next, cmd := w.model.Update(held)
		w.model = next
		cmds = append(cmds, cmd)
	}
	w.held = nil
	return w, tea.Batch(cmds...)
}

// Hurry has the model hurry if it can, and reports whether it does.
func (w *awaited) Hurry(on bool) bool {
	h, can := w.model.(outlet.Hurrier)
	return can && h.Hurry(on)
}

// View draws the model.
func (w *awaited) View() tea.View {
	if w.model == nil {
		return tea.View{}
	}
	return w.model.View()
}
