// Command duckread asks DuckDB what lakeread asks a log lake, over the same files
// in a local folder. It is a module of its own because DuckDB needs cgo.
package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

// answer is what one query gave.
type answer struct {
	Lines  int           `json:"lines"`
	Oldest time.Time     `json:"oldest"`
	Took   time.Duration `json:"took"`
}

func main() {
	dir := flag.String("dir", "", "the lake's folder")
	end := flag.String("end", "", "the window's end")
	times := flag.Int("times", 1, "how many queries")
	flag.Parse()
	if err := run(*dir, *end, *times); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, end string, times int) error {
	at, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec("SET parquet_metadata_cache = true"); err != nil {
		return err
	}
	// The hours are those that lakeread lists: rows may lie an hour beside.
	start := at.Add(-15 * time.Minute)
	query := fmt.Sprintf(`SELECT ts, level, service, status, message, trace_id
		FROM read_parquet('%s/*/*/*.parquet', hive_partitioning = true, hive_types = {'dt': DATE, 'hour': BIGINT})
		WHERE dt = DATE '%s' AND hour BETWEEN %d AND %d
		AND ts >= TIMESTAMPTZ '%s' AND ts < TIMESTAMPTZ '%s' AND service = 'checkout' AND level IN ('error', 'fatal')
		ORDER BY ts DESC LIMIT 1000`,
		dir, at.Format(time.DateOnly), start.Add(-time.Hour).Hour(), at.Add(time.Hour-time.Nanosecond).Hour(),
		start.Format("2006-01-02 15:04:05+00"), at.Format("2006-01-02 15:04:05+00"))
	for range times {
		a, err := ask(db, query)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
			return err
		}
	}
	return nil
}

func ask(db *sql.DB, query string) (a answer, err error) {
	start := time.Now()
	rows, err := db.Query(query)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var level, service, message string
		var trace sql.NullString
		var status int32
		if err := rows.Scan(&a.Oldest, &level, &service, &status, &message, &trace); err != nil {
			return a, err
		}
		a.Lines++
	}
	a.Took = time.Since(start)
	return a, rows.Err()
}
