package trino

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"conway/internal/oncall"
	"conway/internal/sources/polled"
)

const opEstimate = "estimate a search"

// estimate is what the engine thinks that a part of a statement gives. What it
// cannot tell is NaN, as a text or not there at all.
type estimate struct {
	Rows  json.RawMessage `json:"outputRowCount"`
	Bytes json.RawMessage `json:"outputSizeInBytes"`
}

// Estimate asks the engine what it would read of the table, by its statistics and
// after the parts that are ruled out. Nothing is read for that.
func (s *Source) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	none := oncall.LogCost{Bytes: -1, Lines: -1}
	if q.Unfilled != "" {
		return none, polled.Unfilled(s.o.Name, q)
	}
	var plan strings.Builder
	err := s.run(ctx, opEstimate, "EXPLAIN (TYPE IO, FORMAT JSON) "+s.statement(within(q), 1), func(p *page) bool {
		for _, row := range p.Data {
			for _, v := range row {
				plan.WriteString(text(v))
			}
		}
		return true
	})
	if err != nil {
		return none, err
	}
	var io struct {
		Tables []struct {
			Estimate estimate `json:"estimate"`
		} `json:"inputTableColumnInfos"`
	}
	if err := json.Unmarshal([]byte(plan.String()), &io); err != nil || len(io.Tables) == 0 {
		return none, &oncall.Fault{Kind: oncall.Malformed, Source: s.o.Name, Op: opEstimate, Detail: "the engine's plan was not understood", Cause: err}
	}
	cost := oncall.LogCost{}
	for _, t := range io.Tables {
		cost.Bytes, cost.Lines = sum(cost.Bytes, t.Estimate.Bytes), sum(cost.Lines, t.Estimate.Rows)
	}
	return cost, nil
}

// sum adds an estimate; what is not known once is not known at all.
func sum(to int64, v json.RawMessage) int64 {
	n, err := strconv.ParseFloat(strings.Trim(string(v), `"`), 64)
	if err != nil || to < 0 || math.IsNaN(n) || n < 0 || n > math.MaxInt64/2 {
		return -1
	}
	return to + int64(n)
}
