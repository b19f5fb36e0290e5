package oracle_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/endpoint"
)

var (
	cases    = flag.Int("cases", 280, "random environments for each of the two readers")
	seed     = flag.Uint64("seed", 20261127, "of the random environments")
	required = flag.Bool("openstacksdk", false, "fail where openstacksdk is not installed")
)

// counts are the outcomes of the cases of one kind.
type counts struct{ agreed, refused, neither, lenient, disagreed int }

// The same environments go through openstacksdk's own loader and through ours. Both make the same of them, or ours refuses and says
// which key it does not follow. Where openstacksdk's loader makes nothing that can log in, ours may.
func TestOpenStack_ReadsWhatTheReferenceReads(t *testing.T) {
	t.Parallel()
	loader := startReference(t)
	g := generator{rand.New(rand.NewPCG(*seed, 1))}
	outcome := map[string]*counts{}
	root := t.TempDir()
	for i := range *cases {
		kind := kinds()[i%len(kinds())]
		if outcome[kind] == nil {
			outcome[kind] = &counts{}
		}
		c := g.environment(kind).write(t, filepath.Join(root, strconv.Itoa(i)))
		compare(t, loader, c, outcome[kind])
	}
	var sum counts
	for _, kind := range slices.Sorted(maps.Keys(outcome)) {
		n := outcome[kind]
		t.Logf("%-14s agreed %4d, refused by ours alone %4d, by both %4d, by openstacksdk alone %3d, disagreed %d",
			kind, n.agreed, n.refused, n.neither, n.lenient, n.disagreed)
		sum.agreed += n.agreed
		sum.refused += n.refused
		sum.neither += n.neither
		sum.lenient += n.lenient
		sum.disagreed += n.disagreed
	}
	t.Logf("%-14s agreed %4d, refused by ours alone %4d, by both %4d, by openstacksdk alone %3d, disagreed %d",
		"together", sum.agreed, sum.refused, sum.neither, sum.lenient, sum.disagreed)
	assert.Zero(t, sum.disagreed)
}

func compare(t *testing.T, loader *reference, c environment, n *counts) {
	t.Helper()
	want := loader.ask(t, c)
	got, err := ours(c)
	switch usable := want.usable(); {
	case err != nil && !usable:
		n.neither++
	case err != nil:
		n.refused++
		assert.True(t, namesAKey(c, err), "the refusal names no key:\n%v\n%s", err, c)
	case !usable:
		n.lenient++
	default:
		if found := differences(want, got); len(found) > 0 {
			n.disagreed++
			assert.Fail(t, "disagreement", "%s\n%s", strings.Join(found, "\n"), c)
			return
		}
		n.agreed++
	}
}

func (c environment) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%s)\n", c.kind)
	for _, name := range slices.Sorted(maps.Keys(c.env)) {
		fmt.Fprintf(&b, "%s=%s\n", name, c.env[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		fmt.Fprintf(&b, "--- %s\n%s", name, c.files[name])
	}
	return b.String()
}

func namesAKey(c environment, err error) bool {
	return slices.ContainsFunc(append(slices.Clone(c.names), "auth_url", "compute_endpoint"), func(name string) bool {
		plain := strings.NewReplacer("-", "_")
		return strings.Contains(plain.Replace(strings.ToLower(err.Error())), plain.Replace(strings.ToLower(name)))
	})
}

// What openstacksdk's documentation, kolla-ansible, the Open Telekom Cloud and OVH tell their users to write, in other words.
func TestOpenStack_AcceptsTheSamplesOfRealClouds(t *testing.T) {
	t.Parallel()
	loader := startReference(t)
	all := samples()
	maps.Copy(all, samplesOfThreads())
	for name, c := range all {
		c = c.write(t, t.TempDir())
		var n counts
		compare(t, loader, c, &n)
		assert.Equal(t, counts{agreed: 1}, n, "%s: %s", name, c)
		settings, err := ours(c)
		require.NoError(t, err, name)
		_, err = endpoint.Identity(settings.IdentityEndpoint, true)
		require.NoError(t, err, name)
	}
}

// export reads the lines of an openrc file.
func export(lines string) map[string]string {
	env := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^export (\w+)=["']?(.*?)["']?$`).FindAllStringSubmatch(lines, -1) {
		env[match[1]] = match[2]
	}
	return env
}
