package report

import "slices"

// Matrix is whose code, by row, against whose pain, by column. Its weights are
// pages or minutes.
type Matrix struct {
	// Rows are the teams whose code paged, then Unowned; Columns the teams woken.
	Rows    []string    `json:"rows"`
	Columns []string    `json:"columns"`
	Cells   [][]float64 `json:"cells"`
	// Agreed is the part of each cell that is carried under a live agreement, nil where
	// none is.
	Agreed [][]float64 `json:"agreed,omitempty"`
	// Unknown is the weight that has no owner but the pager's own team: it is in no
	// cell, because there row and column would agree by construction.
	Unknown float64 `json:"unknown,omitempty"`
}

// cellOf sums weights by row and column.
type cellOf map[string]map[string]float64

func (c cellOf) add(row, column string, weight float64) {
	if c[row] == nil {
		c[row] = map[string]float64{}
	}
	c[row][column] += weight
}

// matrix draws the cells over all of the teams.
func (c cellOf) matrix(teams []string, unknown float64) Matrix {
	m := Matrix{Columns: teams, Rows: append(slices.Clone(teams), Unowned), Unknown: unknown}
	m.Cells = c.over(m.Rows, teams)
	return m
}

// over returns the weights by row and column.
func (c cellOf) over(rows, columns []string) [][]float64 {
	var out [][]float64
	for _, row := range rows {
		cells := make([]float64, len(columns))
		for j, column := range columns {
			cells[j] = c[row][column]
		}
		out = append(out, cells)
	}
	return out
}

// sums returns the weight of each row and column and of all.
func (m Matrix) sums() (rows, columns []float64, all float64) {
	rows, columns = make([]float64, len(m.Rows)), make([]float64, len(m.Columns))
	for i, cells := range m.Cells {
		for j, v := range cells {
			rows[i], columns[j], all = rows[i]+v, columns[j]+v, all+v
		}
	}
	return rows, columns, all
}

// Own returns the weight that is borne by those whose code it is, and all of it.
func (m Matrix) Own() (own, all float64) {
	_, _, all = m.sums()
	for j := range m.Columns {
		own += m.Cells[j][j]
	}
	return own, all
}

// Congruence is the share of the pain that is borne by those who can remove it:
// the analogue of Cataldo's met needs, not his formula. Unowned code has no
// column, so it always lowers it. ok is false for an empty matrix.
func (m Matrix) Congruence() (c float64, ok bool) {
	own, all := m.Own()
	if all == 0 {
		return 0, false
	}
	return own / all, true
}

// Chance is the congruence to be expected from the teams' sizes alone.
func (m Matrix) Chance() float64 {
	rows, columns, all := m.sums()
	if all == 0 {
		return 0
	}
	sum := 0.0
	for j := range columns {
		sum += rows[j] * columns[j]
	}
	return sum / (all * all)
}

// Corrected is the congruence beyond chance, Cohen's kappa.
func (m Matrix) Corrected() float64 {
	c, _ := m.Congruence()
	e := m.Chance()
	if e == 1 {
		return 0
	}
	return (c - e) / (1 - e)
}

// Export returns the share of each row's pain that others carry; ok is false for
// a row without any.
func (m Matrix) Export(row int) (x float64, ok bool) {
	rows, _, _ := m.sums()
	if rows[row] == 0 {
		return 0, false
	}
	own := 0.0
	if row < len(m.Columns) {
		own = m.Cells[row][row]
	}
	return 1 - own/rows[row], true
}

// Import returns the share of each column's pain that comes from others' code.
func (m Matrix) Import(column int) (x float64, ok bool) {
	_, columns, _ := m.sums()
	if columns[column] == 0 {
		return 0, false
	}
	return 1 - m.Cells[column][column]/columns[column], true
}
