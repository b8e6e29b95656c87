package board

import "conway/internal/oncall"

// choiceKey names what can be chosen for one kind of action in one source.
type choiceKey struct {
	source string
	kind   oncall.ActionKind
}

func (b *base) applyChoices(e oncall.ChoicesEvent) {
	key := choiceKey{e.Source, e.Kind}
	r := b.choices[key]
	r.Fault = e.Err
	if e.Err == nil {
		r.Value, r.Received = e.Choices, e.At
	}
	b.choices = cloneMap(b.choices)
	b.choices[key] = r
}

// Sheet returns what the ledger holds for whoever is on call next.
func (b Board) Sheet() oncall.Reading[oncall.Sheet] { return b.sheet }

// Choices returns what a source said actions of a kind can be aimed at.
func (b Board) Choices(source string, kind oncall.ActionKind) oncall.Reading[oncall.Choices] {
	return b.choices[choiceKey{source, kind}]
}
