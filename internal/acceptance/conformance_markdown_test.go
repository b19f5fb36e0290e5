package acceptance_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	runFiles     = flag.String("runs", "testdata/conformance/*.jsonl", "the files that runs on real clouds wrote with -table, as a pattern")
	markdownFile = flag.String("markdown", "", "write the table of these runs to this file, instead of comparing it with CONFORMANCE.md")
)

// checkDocument asserts that CONFORMANCE.md is the table of the runs on real clouds and of what the fake cloud does today. It may be
// called when the test is over, and ends nothing.
func checkDocument(t *testing.T, fake []row) {
	t.Helper()
	files, err := filepath.Glob(*runFiles)
	if !assert.NoError(t, err) || !assert.NotEmpty(t, files) {
		return
	}
	var runs []run
	for _, file := range files {
		all, err := readRows(file)
		if !assert.NoError(t, err) || !assert.NotEmpty(t, all, file) {
			return
		}
		runs = append(runs, run{file, all})
	}
	text := markdown(conformanceTable(), runs, fake)
	if *markdownFile != "" {
		assert.NoError(t, os.WriteFile(*markdownFile, []byte(text), 0o644))
		return
	}
	documented, err := os.ReadFile("CONFORMANCE.md")
	if assert.NoError(t, err) {
		assert.Equal(t, string(documented), text, "write it anew with -markdown CONFORMANCE.md")
	}
}

// run is how one real cloud answered.
type run struct {
	file string
	rows []row
}

// of returns the row of a case.
func (r run) of(name string) (row, bool) { return find(r.rows, name, 0) }

// find returns the row of a case, of the cloud with this microversion unless it is 0.
func find(all []row, name string, newest int) (row, bool) {
	i := slices.IndexFunc(all, func(one row) bool { return one.Case == name && (newest == 0 || one.Newest == newest) })
	if i < 0 {
		return row{}, false
	}
	return all[i], true
}

// markdown is the table of the cases: one column for each real cloud, the oldest release first, and one for the fake.
func markdown(cases []conformance, runs []run, fake []row) string {
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.rows[0].Newest, b.rows[0].Newest) })
	var b strings.Builder
	b.WriteString(`# Conformance

How real Novas and ecstest answer the cases of conformanceTable: all of them must agree with it. Where releases differ, the table
holds that as data, and a cell says in brackets what its cloud answers. ecstest is run as each of the releases.

This file is generated. A run of the suite with -table FILE writes the answers of a real cloud; those of the last runs are in
testdata/conformance. "go test ./internal/acceptance" compares this file with them and with what ecstest does today. After a new
run: go test ./internal/acceptance -run FakeCloud -markdown CONFORMANCE.md

| cloud | packages | microversions up to | cases | agrees | differs | not tried |
| --- | --- | --- | --- | --- | --- | --- |
`)
	for _, r := range runs {
		first := r.rows[0]
		fmt.Fprintf(&b, "| %s | %s | 2.%d | %d | %s |\n", first.Cloud, cmp.Or(first.Version, "?"), first.Newest, len(r.rows), counts(r.rows))
	}
	fmt.Fprintf(&b, "| ecstest | as each release | | %d | %s |\n\n", len(fake), counts(fake))
	b.WriteString("| case | steps |")
	for _, r := range runs {
		b.WriteString(" " + r.rows[0].Cloud + " |")
	}
	b.WriteString(" ecstest |\n" + strings.Repeat("| --- ", len(runs)+3) + "|\n")
	for _, c := range cases {
		fmt.Fprintf(&b, "| %s | %d |", c.name, len(c.steps))
		for _, r := range runs {
			cell := notTried + ": the case is newer than the run"
			if one, ok := r.of(c.name); ok {
				cell = one.cell()
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString(" " + fakeCell(c.name, runs, fake) + " |\n")
	}
	return b.String()
}

// counts are the cells of how often a cloud agrees, differs, and was not asked.
func counts(all []row) string {
	n := map[string]int{}
	for _, one := range all {
		n[one.Answer]++
	}
	return fmt.Sprintf("%d | %d | %d", n[agrees], n[differs], n[notTried])
}

// fakeCell says how the fake answers a case, compared with the real cloud of each release.
func fakeCell(name string, runs []run, fake []row) string {
	var others []string
	for _, r := range runs {
		wanted, _ := r.of(name)
		got, ok := find(fake, name, r.rows[0].Newest)
		switch {
		case !ok:
			others = append(others, "as "+r.rows[0].Cloud+": "+notTried)
		case got.cell() != wanted.cell():
			others = append(others, "as "+r.rows[0].Cloud+": "+got.cell())
		}
	}
	return cmp.Or(strings.Join(others, "; "), "the same")
}

func TestMarkdown_SaysWhatDiffersAndWhatWasNotTried(t *testing.T) {
	t.Parallel()
	cases := []conformance{{name: "one", steps: make([]step, 3)}, {name: "two"}, {name: "three"}, {name: "four"}}
	old := run{"old", []row{
		{Case: "one", Cloud: "Nova 26", Newest: 93, Version: "2:26", Answer: agrees},
		{Case: "two", Cloud: "Nova 26", Newest: 93, Answer: differs, Why: "step 2 GET /a|b"},
		{Case: "three", Cloud: "Nova 26", Newest: 93, Answer: agrees, Notes: []string{"ignored"}},
	}}
	newer := run{"new", []row{
		{Case: "one", Cloud: "Nova 34", Newest: 104, Answer: notTried, Why: "needs knobs"},
		{Case: "two", Cloud: "Nova 34", Newest: 104, Answer: agrees},
		{Case: "three", Cloud: "Nova 34", Newest: 104, Answer: agrees, Notes: []string{"400", "2.104"}},
	}}
	fake := []row{
		{Case: "one", Newest: 93, Answer: agrees},
		{Case: "two", Newest: 93, Answer: agrees},
		{Case: "two", Newest: 104, Answer: agrees},
		{Case: "three", Newest: 93, Answer: agrees, Notes: []string{"ignored"}},
		{Case: "three", Newest: 104, Answer: agrees, Notes: []string{"400", "2.104"}},
	}
	_, tables, _ := strings.Cut(markdown(cases, []run{newer, old}, fake), "| cloud |")
	assert.Equal(t, `| cloud | packages | microversions up to | cases | agrees | differs | not tried |
| --- | --- | --- | --- | --- | --- | --- |
| Nova 26 | 2:26 | 2.93 | 3 | 2 | 1 | 0 |
| Nova 34 | ? | 2.104 | 3 | 2 | 0 | 1 |
| ecstest | as each release | | 5 | 5 | 0 | 0 |

| case | steps | Nova 26 | Nova 34 | ecstest |
| --- | --- | --- | --- | --- |
| one | 3 | agrees | not tried: needs knobs | as Nova 34: not tried |
| two | 0 | differs: step 2 GET /a\|b | agrees | as Nova 26: agrees |
| three | 0 | agrees (ignored) | agrees (400; 2.104) | the same |
| four | 0 | not tried: the case is newer than the run | not tried: the case is newer than the run | as Nova 26: not tried; as Nova 34: not tried |
`, "| cloud |"+tables)
}
