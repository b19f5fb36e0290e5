package endpoint

import (
	"slices"
	"strings"
)

// site is a group of regions whose hosts are named alike: {ecs}.{region}.{domain}.
type site struct {
	is     func(region string) bool
	domain string
	iam    string // the first part of the name of the identity service's host
}

func oneOf(names ...string) func(string) bool {
	return func(region string) bool { return slices.Contains(names, region) }
}

// sites lists what differs from the vendor's own regions, which come last.
func sites() []site {
	return []site{
		// Open Telekom Cloud: https://docs.otc.t-systems.com/regions-and-endpoints/
		{oneOf("eu-de", "eu-nl"), "otc.t-systems.com", "iam"},
		// Swiss Open Telekom Cloud: https://docs.sc.otc.t-systems.com/, and otc-auth#77
		{oneOf("eu-ch2"), "sc.otc.t-systems.com", "iam-pub"},
		// Flexible Engine: https://support.huaweicloud.com/intl/en-us/eu-west-0-api-iam/iam_01_0004.html
		{oneOf("eu-west-0"), "prod-cloud-ocb.orange-business.com", "iam"},
		// Huawei Cloud in Europe: the vendor's Terraform provider, and its SDK for Go in services/iam/v3/region
		{func(region string) bool { return strings.HasPrefix(region, "eu-west-1") }, "myhuaweicloud.eu", "iam"},
		// https://developer.huaweicloud.com/endpoint
		{func(string) bool { return true }, "myhuaweicloud.com", "iam"},
	}
}

// ForRegion returns the ECS endpoint of a region of Huawei Cloud or of the clouds that run its software; "" if the region
// cannot be one.
func ForRegion(region string) string {
	_, domain := siteOf(region)
	if domain == "" {
		return ""
	}
	return "https://ecs." + region + "." + domain
}

// IdentityForRegion returns the IAM endpoint of a region, with its API version; "" if the region cannot be one.
func IdentityForRegion(region string) string {
	iam, domain := siteOf(region)
	if domain == "" {
		return ""
	}
	return "https://" + iam + "." + region + "." + domain + "/v3"
}

func siteOf(region string) (iam, domain string) {
	if !IsRegion(region) {
		return "", ""
	}
	for _, s := range sites() {
		if s.is(region) {
			return s.iam, s.domain
		}
	}
	return "", ""
}

// IsRegion reports whether a text can be the name of a region, which becomes a part of a host's name.
func IsRegion(region string) bool {
	return len(region) <= 63 && consistsOf(region, "-0123456789abcdefghijklmnopqrstuvwxyz") &&
		!strings.HasPrefix(region, "-") && !strings.HasSuffix(region, "-") && !strings.Contains(region, "--")
}
