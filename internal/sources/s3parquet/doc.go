// Package s3parquet reads logs from Parquet files in S3, in any store that is
// compatible with it, or in a local folder.
//
// # What is read
//
// Files are ruled out before they are opened, by the dates and columns that their
// folders name (dt=2026-03-02/hour=10, year=2026/month=03, eventDay=20260302,
// 2026/03/02/10; always UTC); row groups by the statistics of the footer; pages by
// the page indexes. Of what is left, the columns that the query compares are read
// first, and the others only for the rows that match. Bytes come in ranges, near
// ones together, some at once. What is newest is read first, and a search with a
// limit ends as soon as nothing newer can come.
//
// A file may hold rows beside the time that its folder names: an hour to either
// side, or what is configured.
//
// # Columns
//
// The columns of time, message, level, service, host and trace are configured or
// guessed from common names, those of OCSF (Amazon Security Lake) and
// OpenTelemetry among them. A time is a TIMESTAMP, an INT64 or DOUBLE since 1970
// whose unit is told by its size, an INT96, or a text. A line's Raw is the row as a
// JSON object; nested columns are nested in it. Of a file with more than 40 columns
// only those that mean something, those that the query compares and those that are
// configured are in it.
//
// # The query language
//
//	service=checkout level>=error text~"card declined" status!=200
//
// Terms stand after each other, and all have to hold. A term is a column, a
// comparison and a value: = != < <= > >= compare, ~ and !~ ask for a text that the
// column holds or does not hold. Columns are called as the files call them, nested
// ones with dots, or time, text, level, service, host and trace whatever they are
// called; text is the message. Levels compare by severity and numbers by size. A
// word or quoted text alone is looked for in the message. Letters count as they
// are written.
//
// Ids of traces and spans that a file holds as raw bytes, as exporters of OpenTelemetry
// write them, are shown in hexadecimal digits, and found by these.
//
// A value with a space, a quote or a sign of the language stands in double quotes,
// in which \" is a quote and \\ a backslash, and everything else is itself. A row
// without the column fulfils != and !~ and nothing else.
//
// # What cannot be read
//
// A file that is cut short, is something else, or vanishes meanwhile is named and
// counted; the others are searched. A store that fails ends the search, and what
// was found until then stays found.
package s3parquet
