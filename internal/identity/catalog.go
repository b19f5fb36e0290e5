package identity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/revert-resize/ecs/internal/endpoint"
)

// Compute is the compute service as a catalog has it.
type Compute struct {
	URL        string // without the version of the API and the project
	HasProject bool   // the catalog's URL has the token's project behind the version
}

// ComputeEndpoint picks the compute service out of the token's catalog. An empty region stands for the only one there is,
// no interface for public; of several interfaces the first one counts that is there in the region. Of several endpoints in one
// region the first one in the catalog counts, as other clients have it, but entries of other services with the type compute do
// not. A region is named by its name or its ID, and an endpoint of the region * is for every region.
func (t Token) ComputeEndpoint(region string, interfaces ...string) (Compute, error) {
	if len(interfaces) == 0 {
		interfaces = []string{"public"}
	}
	seen := collect(t.Catalog, func(e Endpoint) (string, bool) { return e.Interface, e.Service == "compute" })
	if len(seen) == 0 {
		types := collect(t.Catalog, func(e Endpoint) (string, bool) { return e.Service, true })
		return Compute{}, fmt.Errorf("the service catalog has no compute endpoint, only services of type %q", types)
	}
	var usable []usableEndpoint // of all the interfaces, in their order
	for _, iface := range interfaces {
		var candidates []Endpoint
		for _, e := range t.Catalog {
			if e.Service == "compute" && strings.TrimSuffix(e.Interface, "URL") == iface {
				candidates = append(candidates, e)
			}
		}
		more, problem := t.compute(candidates)
		if len(more) == 0 && problem != nil {
			return Compute{}, fmt.Errorf("the service catalog's compute endpoint cannot be used: %w", problem)
		}
		if all := regionsOf(more); region == "" && len(all) > 1 {
			return Compute{}, fmt.Errorf("the service catalog has compute endpoints in regions %q: name one", all)
		}
		if region == "" && len(more) > 0 {
			return more[0].Compute, nil
		}
		usable = append(usable, more...)
	}
	if len(usable) == 0 {
		return Compute{}, fmt.Errorf("the service catalog has no compute endpoint with interface %s, only with %q", orList(interfaces), seen)
	}
	for _, is := range []func(usableEndpoint) bool{ // in the order in which they count
		func(u usableEndpoint) bool { return cmp.Or(u.regionID, u.region) == region },
		func(u usableEndpoint) bool { return u.region == region },
		func(u usableEndpoint) bool { return u.region == "*" },
	} {
		if i := slices.IndexFunc(usable, is); i >= 0 {
			return usable[i].Compute, nil
		}
	}
	return Compute{}, fmt.Errorf("the service catalog has no compute endpoint in region %q, only in %q", region, regionsOf(usable))
}

// collect returns what f returns for the endpoints, each text once and at most ten.
func collect(endpoints []Endpoint, f func(Endpoint) (string, bool)) []string {
	var texts []string
	for _, e := range endpoints {
		if text, ok := f(e); ok && len(texts) < 10 && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

type usableEndpoint struct {
	Compute
	region, regionID string
}

// compute returns those of the endpoints that are the compute API's, and the problem of the first one that is not.
func (t Token) compute(candidates []Endpoint) (usable []usableEndpoint, problem error) {
	isCompute := func(e Endpoint) bool { return isComputeName(e.Name) }
	named := slices.ContainsFunc(candidates, isCompute)
	for _, e := range candidates {
		if named && e.Name != "" && !isCompute(e) {
			continue
		}
		base, hasProject, err := endpoint.Compute(e.URL, t.ProjectID, true) // whether http is allowed is checked later
		if err != nil {
			if problem == nil {
				problem = fmt.Errorf("%w (service %q, region %q)", err, e.Name, e.Region)
			}
			continue
		}
		usable = append(usable, usableEndpoint{Compute{base, hasProject}, e.Region, e.RegionID})
	}
	return usable, problem
}

// isComputeName reports whether a service of type compute is the compute service itself by its name: Huawei Cloud lists
// its monitoring with that type, too.
func isComputeName(name string) bool {
	return strings.EqualFold(name, "nova") || strings.EqualFold(name, "ecs") || strings.EqualFold(name, "compute")
}

func regionsOf(endpoints []usableEndpoint) []string {
	var regions []string
	for _, e := range endpoints {
		if !slices.Contains(regions, e.region) {
			regions = append(regions, e.region)
		}
	}
	return regions
}

func orList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(quoted, " or ")
}
