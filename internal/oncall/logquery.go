package oncall

// LogQuery is what a log store is asked for. It is ready to send: values from a
// page have been put into it, escaped for the store's language.
type LogQuery struct {
	// Scope names what is followed, such as a service; lines that answer the query
	// carry it, so that a late one cannot land under another page. It is opaque.
	Scope string `json:"scope,omitempty"`
	// Query is in the store's own language. For a store without one, such as a
	// file, it is a text that the lines hold. Empty asks for everything that the
	// source is configured to show.
	Query string `json:"query,omitempty"`
	// Window bounds the lines' own times, Start inclusive, End exclusive. A tail
	// begins at its Start and has no end; a zero Window leaves it to the source.
	Window Window `json:"window,omitzero"`
	// Limit is how many lines are wanted at most, the newest ones; 0 leaves it to
	// the source.
	Limit int `json:"limit,omitempty"`
	// Unfilled says why the query cannot be asked for the followed page, such as
	// "this page has no label cluster"; empty when it can.
	Unfilled string `json:"unfilled,omitempty"`
}

// LogPart is what a search has found since its last part. Within a part lines
// are ordered by time, oldest first. The parts come newest first where the store
// can do that.
type LogPart struct {
	Lines []LogLine
	// Done is the share of the work that is done, 0 to 1, and negative where the
	// store does not say.
	Done float64
	// Scanned is how many bytes the store says it has looked at so far, 0 where it
	// does not say.
	Scanned int64
}

// LogFound is how a search ended.
type LogFound struct {
	// Lines is how many lines the parts held in all.
	Lines int `json:"lines"`
	// Matched is how many lines match as far as the store says, at least Lines,
	// and negative where it does not say.
	Matched int64 `json:"matched"`
	// Complete is true when the whole window was searched, false when the limit or
	// the store ended it early; Why then says so for a person.
	Complete bool   `json:"complete"`
	Why      string `json:"why,omitempty"`
	// Scanned is how many bytes were looked at, 0 where nobody says.
	Scanned int64 `json:"scanned,omitempty"`
}

// LogCost is what a search would cost the store, as far as the store can say
// before it is run.
type LogCost struct {
	// Bytes and Lines are what would be looked at; negative where it is not known.
	Bytes int64 `json:"bytes"`
	Lines int64 `json:"lines"`
	// Parts counts the shards, objects, files or streams that would be opened, 0
	// where that is not known, and PartName is what the store calls them.
	Parts    int    `json:"parts,omitempty"`
	PartName string `json:"part_name,omitempty"`
	// Bound is true when the figures are an upper bound.
	Bound bool `json:"bound,omitempty"`
}
