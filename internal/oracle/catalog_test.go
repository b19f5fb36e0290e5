package oracle_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
)

const projectID = "0123456789abcdef0123456789abcdef"

type catalogService struct {
	Type      string            `json:"type"`
	Name      string            `json:"name,omitempty"`
	Endpoints []catalogEndpoint `json:"endpoints"`
}

type catalogEndpoint struct {
	Interface string  `json:"interface"`
	Region    *string `json:"region"`
	RegionID  *string `json:"region_id"`
	URL       string  `json:"url"`
}

// catalog makes a service catalog as clouds have them: more than one service, region, interface and version.
func (g generator) catalog() []catalogService {
	var services []catalogService
	name := pick(g, "nova", "Compute Service", "ecs") // of two names, ours takes nova or ecs: another service may have the type
	for range 2 + g.IntN(3) {
		s := catalogService{
			Type: pick(g, "compute", "compute", "compute", "compute", "compute", "computev21", "compute_legacy", "ecs", "image"),
			Name: pick(g, "", name, name),
		}
		for range 1 + g.IntN(6) {
			region := pick(g, "east", "east", "west", "west-1", "East")
			e := catalogEndpoint{
				Interface: pick(g, "public", "public", "internal", "admin"), Region: &region, RegionID: &region,
				URL: pick(g, "https://", "http://") + pick(g, "a.example", "b.example:8774", "c", "d", "192.0.2.1", "[2001:db8::1]:8774") +
					pick(g, "", "/compute", "/nova/") + pick(g, "", "/v2.1", "/v2", "/v2/"+projectID, "/v2.1/"+projectID, "/v2.1/"),
			}
			switch g.IntN(12) {
			case 0:
				e.Region = nil
			case 1:
				e.RegionID = nil
			case 2:
				e.Region, e.RegionID = nil, nil
			case 3:
				other := "Region " + region
				e.Region = &other
			case 4:
				other := pick(g, "east", "west")
				e.Region = &other
			}
			s.Endpoints = append(s.Endpoints, e)
		}
		services = append(services, s)
	}
	return services
}

// The same catalogs go through openstacksdk's own session library and through ours. Both choose the same endpoint, or ours refuses. Where
// the library finds none, ours may: it also knows a region by its name.
func TestOpenStack_ChoosesTheEndpointThatTheReferenceChooses(t *testing.T) {
	t.Parallel()
	loader := startReference(t)
	g := generator{rand.New(rand.NewPCG(*seed, 2))}
	var n counts
	for range *cases {
		catalog := g.catalog()
		region := pick(g, "", "east", "east", "east", "west", "west", "Region east", "nowhere")
		interfaces := pick(g, []string{"public"}, []string{"internal"}, []string{"internal", "public"}, []string{"admin", "public", "internal"})
		require.NoError(t, loader.in.Encode(map[string]any{"catalog": catalog, "region": region, "interfaces": interfaces}))
		require.True(t, loader.out.Scan())
		var want verdict
		require.NoError(t, json.Unmarshal(loader.out.Bytes(), &want), loader.out.Text())
		body, err := json.Marshal(map[string]any{"token": map[string]any{"project": map[string]any{"id": projectID}, "catalog": catalog}})
		require.NoError(t, err)
		token, err := identity.ParseToken("t", body)
		require.NoError(t, err)
		got, err := token.ComputeEndpoint(region, interfaces...)
		switch {
		case err != nil && want.Endpoint == "":
			n.neither++
		case err != nil:
			n.refused++
		case want.Endpoint == "":
			n.lenient++
		default:
			base, hasProject, err := endpoint.Compute(want.Endpoint, projectID, true)
			require.NoError(t, err)
			if !assert.Equal(t, identity.Compute{URL: base, HasProject: hasProject}, got, "%s %v %s", region, interfaces, body) {
				n.disagreed++
				continue
			}
			n.agreed++
		}
	}
	t.Logf("catalogs agreed %d, refused by ours alone %d, by both %d, by the library alone %d, disagreed %d",
		n.agreed, n.refused, n.neither, n.lenient, n.disagreed)
	assert.Zero(t, n.disagreed)
	assert.Greater(t, n.agreed, *cases/5)
}
