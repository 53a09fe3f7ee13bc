package table

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Table is a table of results.
type Table struct {
	Title string
	Lead  string   // what the numbers are, with their unit; one paragraph
	Extra []string // heads of further columns
	Rows  []Row
}

// Row is the results of one measurement, one for each round.
type Row struct {
	What   string
	Target Target
	Values []float64 // one for each round
	Extra  []string
}

// Write writes the table as Markdown.
func (t Table) Write(w io.Writer) error {
	head := append([]string{"what", "must reach", "median", "reached", "quartile range; each round"}, t.Extra...)
	rows := [][]string{head, slices.Repeat([]string{"---"}, len(head))}
	for _, r := range t.Rows {
		median := Median(r.Values)
		row := []string{r.What, r.Target.String(), Number(median), r.Target.verdict(r.Values), rounds(r.Values)}
		if len(r.Values) == 0 {
			row[2], row[3] = "–", "not measured"
		}
		rows = append(rows, append(row, r.Extra...))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## %s\n\n%s\n\n", t.Title, t.Lead)
	for _, row := range rows {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
	}
	text.WriteByte('\n')
	_, err := io.WriteString(w, text.String())
	return err
}

// rounds shows the range between the quartiles, and then the value of each round: "0.2; 1.3 1.2 1.5".
func rounds(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	each := make([]string, len(values))
	for i, v := range values {
		each[i] = Number(v)
	}
	return fmt.Sprintf("%s; %s", Number(Range(values)), strings.Join(each, " "))
}

// Number shows three significant digits, and all digits before the point.
func Number(v float64) string {
	size := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "?"
	case size == 0:
		return "0"
	case size >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	decimals := 2 - int(math.Floor(math.Log10(size)))
	return strconv.FormatFloat(v, 'f', min(decimals, 6), 64)
}
