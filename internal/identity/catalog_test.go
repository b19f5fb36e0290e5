package identity_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/identity"
)

func TestComputeEndpoint_Table(t *testing.T) {
	t.Parallel()
	parsed, err := identity.ParseToken("t", []byte(tokenDocument))
	require.NoError(t, err)
	const project = "b2c8296113c44e9492a0fd62c57f87a4"
	catalog := func(endpoints ...identity.Endpoint) identity.Token {
		return identity.Token{ProjectID: project, Catalog: endpoints}
	}
	entry := func(name, region, url string) identity.Endpoint {
		return identity.Endpoint{Service: "compute", Name: name, Interface: "public", Region: region, URL: url}
	}
	two := catalog(entry("", "west", "https://west/v2.1"), entry("", "east", "https://east/nova/v2/"+project))
	versions := catalog(entry("nova", "west", "https://west/v2.1/"+project), entry("nova_legacy", "west", "https://legacy/v2/"+project+"/"),
		entry("", "west", "https://west"))
	monitoring := entry("", "eu-west-101", "https://ces.eu-west-101.myhuaweicloud.eu/V1.0/"+project)
	ecs := entry("", "eu-west-101", "https://ecs.eu-west-101.myhuaweicloud.eu/v2/"+project)
	tests := map[string]struct {
		token       identity.Token
		region      string
		interfaces  []string
		want        identity.Compute
		wantProblem string
	}{
		"the only region": {token: parsed, want: identity.Compute{URL: "http://127.0.0.1:8774", HasProject: true}},
		"internal": {
			token: parsed, region: "RegionOne", interfaces: []string{"internal"},
			want: identity.Compute{URL: "http://10.0.0.1:8774", HasProject: true},
		},
		"the first interface that is there": {
			token: parsed, interfaces: []string{"admin", "internal", "public"},
			want: identity.Compute{URL: "http://10.0.0.1:8774", HasProject: true},
		},
		"by region":           {token: two, region: "east", want: identity.Compute{URL: "https://east/nova", HasProject: true}},
		"without project":     {token: two, region: "west", want: identity.Compute{URL: "https://west"}},
		"one, three versions": {token: versions, region: "west", want: identity.Compute{URL: "https://west", HasProject: true}},
		"monitoring under the same type": {
			token: catalog(monitoring, ecs), want: identity.Compute{URL: "https://ecs.eu-west-101.myhuaweicloud.eu", HasProject: true},
		},
		"monitoring by its name": {
			token: catalog(entry("ces", "r", "https://ces.r"), entry("ecs", "r", "https://ecs.r")), want: identity.Compute{URL: "https://ecs.r"},
		},
		"IPv4 and IPv6": {
			token: catalog(entry("nova", "r", "https://192.0.2.1:8774/v2.1"), entry("nova", "r", "https://[2001:db8::1]:8774/v2.1")),
			want:  identity.Compute{URL: "https://192.0.2.1:8774"},
		},
		"the first interface that is in the region": {
			token: catalog(
				identity.Endpoint{Service: "compute", Interface: "internal", Region: "west", URL: "https://west.internal"},
				entry("", "west", "https://west"), entry("", "east", "https://east"),
			),
			region: "east", interfaces: []string{"internal", "public"}, want: identity.Compute{URL: "https://east"},
		},
		"interfaces as version 2 of the API names them": {
			token: catalog(identity.Endpoint{Service: "compute", Interface: "publicURL", Region: "r", URL: "https://n"}), region: "r",
			want: identity.Compute{URL: "https://n"},
		},
		"every region": {
			token: catalog(entry("", "*", "https://all"), entry("", "west", "https://west")), region: "east", want: identity.Compute{URL: "https://all"},
		},
		"its own region before every region": {
			token: catalog(entry("", "*", "https://all"), entry("", "west", "https://west")), region: "west", want: identity.Compute{URL: "https://west"},
		},
		"the ID of a region": {
			token:  catalog(identity.Endpoint{Service: "compute", Interface: "public", Region: "West Coast", RegionID: "west", URL: "https://west"}),
			region: "west", want: identity.Compute{URL: "https://west"},
		},
		"its name": {
			token:  catalog(identity.Endpoint{Service: "compute", Interface: "public", Region: "West Coast", RegionID: "west", URL: "https://west"}),
			region: "West Coast", want: identity.Compute{URL: "https://west"},
		},
		"a URL that is null": {token: catalog(entry("nova", "r", ""), entry("nova", "r", "https://n")), want: identity.Compute{URL: "https://n"}},
		"another type alone": {
			token:       catalog(identity.Endpoint{Service: "computev21", Interface: "public", URL: "https://n"}, identity.Endpoint{Service: "image", Interface: "public"}),
			wantProblem: `no compute endpoint, only services of type ["computev21" "image"]`,
		},
		"upper case in the region": {token: two, region: "EAST", wantProblem: `in region "EAST", only in ["west" "east"]`},
		"a space behind it":        {token: two, region: "east ", wantProblem: `in region "east ", only in`},
		"user info": {
			token:       catalog(entry("nova", "r", "https://u:hunter2@n/v2.1")),
			wantProblem: `cannot be used: endpoint has user info; credentials go into the authenticator (service "nova", region "r")`,
		},
		"which region":      {token: two, wantProblem: `compute endpoints in regions ["west" "east"]: name one`},
		"unknown region":    {token: two, region: "north", wantProblem: `region "north", only in ["west" "east"]`},
		"unknown interface": {token: two, interfaces: []string{"admin"}, wantProblem: `no compute endpoint with interface "admin", only with ["public"]`},
		"no catalog":        {token: identity.Token{}, wantProblem: "no compute endpoint, only services of type []"},
		"monitoring alone":  {token: catalog(monitoring), wantProblem: "is for version V1.0"},
		"version 2.0":       {token: catalog(entry("nova", "r", "https://n/v2.0/"+project)), wantProblem: "is for version v2.0"},
		"a template":        {token: catalog(entry("nova", "r", "https://n.%(region)s/v2.1")), wantProblem: "the placeholder %(region)s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.token.ComputeEndpoint(tt.region, tt.interfaces...)
			if tt.wantProblem != "" {
				require.ErrorContains(t, err, tt.wantProblem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}
