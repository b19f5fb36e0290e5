package cloudenv

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/revert-resize/ecs/internal/endpoint"
)

// identitySwitches lists the variables that switch to another identity after the login, by how they begin.
func identitySwitches() []string {
	return []string{"HW_ASSUME_ROLE_", "OS_AGENCY_", "OS_TARGET_", "OS_ASSUME_ROLE_", "OS_DELEGATED_PROJECT"}
}

// refuseSwitches notes a problem for each variable that switches to another identity.
func (r *reader) refuseSwitches(env Env) {
	r.refuse(namesOf(env, func(name string) bool {
		return slices.ContainsFunc(identitySwitches(), func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})...)
}

// isForeignCredential reports whether a variable is a credential for another tool of this kind of cloud.
func isForeignCredential(name string) bool {
	return regexp.MustCompile(`^(SBC|HCSO|HWCLOUD|CLOUD_SDK|HUAWEI|HUAWEICLOUD)_` +
		`(ACCESS_KEY|SECRET_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|AK|SK|AUTH_TOKEN|USER_PASSWORD|PASSWORD)$`).MatchString(name)
}

// namesOf returns the variables that are of a kind, sorted.
func namesOf(env Env, is func(name string) bool) []string {
	if env.Names == nil {
		return nil
	}
	names := slices.DeleteFunc(slices.Clone(env.Names()), func(name string) bool { return !is(name) })
	slices.Sort(names)
	return names
}

// vendorSDK reads the variables of Huawei Cloud's SDKs.
func vendorSDK(env Env, r *reader) (Settings, error) {
	s := Settings{
		Kind:             AccessKey,
		Source:           "the HUAWEICLOUD_SDK_ environment",
		AccessKey:        r.need("HUAWEICLOUD_SDK_AK"),
		SecretKey:        r.need("HUAWEICLOUD_SDK_SK"),
		SecurityToken:    r.get("HUAWEICLOUD_SDK_SECURITY_TOKEN"),
		ProjectID:        r.get("ECS_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"),
		IdentityEndpoint: withScheme(r.get("HUAWEICLOUD_SDK_IAM_ENDPOINT")),
	}
	s.identityAt = "HUAWEICLOUD_SDK_IAM_ENDPOINT"
	r.refuse("HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE")
	err := s.fromTerraform(env, r)
	return s, err
}

// fromTerraform takes from the variables of the Terraform provider what the vendor's SDKs have no variable for, or none that
// is set. Every region has a project of its name.
func (s *Settings) fromTerraform(env Env, r *reader) error {
	s.Endpoint, s.EndpointAt = r.first("ECS_ENDPOINT")
	s.Region = r.get("HW_REGION_NAME", "OS_REGION_NAME")
	r.regionName = "HW_REGION_NAME or OS_REGION_NAME"
	if s.ProjectID == "" {
		s.ProjectID = r.get("HW_PROJECT_ID")
	}
	if s.ProjectID == "" {
		s.ProjectName = cmp.Or(s.ProjectName, r.get("HW_PROJECT_NAME"), s.Region)
	}
	if s.IdentityEndpoint == "" {
		s.IdentityEndpoint, s.identityAt = r.first("HW_AUTH_URL")
	}
	err := s.vendorRegion(env, r)
	s.ofCloud(r)
	return err
}

// vendorRegion reads what the vendor's SDKs have for the region's endpoint.
func (s *Settings) vendorRegion(env Env, r *reader) error {
	if s.Endpoint != "" || s.Region == "" {
		return nil
	}
	name := "HUAWEICLOUD_SDK_REGION_ECS_" + strings.ToUpper(strings.ReplaceAll(s.Region, "-", "_"))
	if first, _, _ := strings.Cut(r.get(name), ","); first != "" {
		s.Endpoint, s.EndpointAt = withScheme(first), name
		return nil
	}
	found, at, err := endpointFromFile(env, r, s.Region)
	s.Endpoint, s.EndpointAt = withScheme(found), at
	return err
}

// withScheme completes a bare host, as the vendor's SDKs do.
func withScheme(endpoint string) string {
	endpoint = strings.TrimSpace(endpoint)
	if endpoint == "" || strings.Contains(endpoint, "://") {
		return endpoint
	}
	return "https://" + endpoint
}

// terraform reads the variables of Huawei Cloud's Terraform provider, which takes what they lack from those of OpenStack.
func terraform(r *reader) Settings {
	r.regionName = "HW_REGION_NAME or OS_REGION_NAME"
	s := Settings{
		Source:      "the HW_ environment",
		Region:      r.get("HW_REGION_NAME", "OS_REGION_NAME"),
		ProjectID:   r.get("ECS_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"),
		ProjectName: r.get("HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"),
	}
	s.Endpoint, s.EndpointAt = r.first("ECS_ENDPOINT")
	s.IdentityEndpoint, s.identityAt = r.first("HW_AUTH_URL", "OS_AUTH_URL")
	if s.ProjectName == "" {
		s.ProjectName = s.Region
	}
	credentials := slices.DeleteFunc([]string{"HW_ACCESS_KEY", "HW_USER_PASSWORD", "HW_AUTH_TOKEN"}, func(name string) bool { return !r.has(name) })
	if len(credentials) > 1 {
		r.problem("%s are set: unset what does not count", strings.Join(credentials, " and "))
	}
	switch {
	case r.has("HW_ACCESS_KEY", "HW_SECRET_KEY"):
		s.Kind = AccessKey
		s.AccessKey = r.need("HW_ACCESS_KEY")
		s.SecretKey = r.need("HW_SECRET_KEY")
		s.SecurityToken = r.get("HW_SECURITY_TOKEN")
	case r.has("HW_USER_NAME", "HW_USER_ID", "HW_USER_PASSWORD"):
		s.Kind = Password
		s.UserID = r.get("HW_USER_ID", "OS_USER_ID")
		if s.UserID == "" {
			s.Username = r.need("HW_USER_NAME", "OS_USERNAME", "HW_USER_ID")
		}
		s.Password = r.need("HW_USER_PASSWORD", "OS_PASSWORD")
		s.DomainID = r.get("HW_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID")
		if s.DomainID == "" && (s.UserID == "" || s.ProjectID == "") {
			s.DomainName = r.need("HW_DOMAIN_NAME", "HW_DOMAIN_ID", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME")
		}
	default:
		s.Kind = Token
		s.Token = r.need("HW_AUTH_TOKEN")
		s.ProjectID = r.need("ECS_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID")
	}
	s.ofCloud(r)
	r.refuse("HW_PROFILE", "HW_SHARED_CONFIG_FILE", "OS_CERT")
	algorithm := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(r.get("HW_SIGNING_ALGORITHM")))
	if !slices.Contains([]string{"", "hmacsha256", "sdkhmacsha256"}, algorithm) { // the provider's name for it, and the one that is sent
		r.problem("HW_SIGNING_ALGORITHM names another algorithm than SDK-HMAC-SHA256, the only one supported")
	}
	return s
}

// ofCloud completes the endpoints of the region by the cloud's domain.
func (s *Settings) ofCloud(r *reader) {
	cloud := r.get("HW_CLOUD")
	if cloud == "" || s.Region == "" {
		return
	}
	if !endpoint.IsRegion(s.Region) {
		r.problem("the region %.64q of %s is not the name of a region", s.Region, r.regionName)
	}
	if s.Endpoint == "" {
		s.Endpoint, s.EndpointAt = "https://ecs."+s.Region+"."+cloud, "HW_CLOUD"
	}
	if s.IdentityEndpoint == "" {
		s.IdentityEndpoint, s.identityAt = "https://iam."+s.Region+"."+cloud, "HW_CLOUD"
	}
}

// ownToken is the SDK's own way to give a token that one has: it takes nothing from the other families.
func ownToken(r *reader) Settings {
	s := Settings{
		Kind:      Token,
		Source:    "the environment with ECS_TOKEN",
		Token:     r.need("ECS_TOKEN"),
		Endpoint:  r.need("ECS_ENDPOINT"),
		ProjectID: r.need("ECS_PROJECT_ID"),
	}
	s.EndpointAt = "ECS_ENDPOINT"
	return s
}

// metadata takes the access key from the metadata service, and the rest from the environment.
func metadata(env Env, r *reader) (Settings, error) {
	s := Settings{
		Kind:             Metadata,
		Source:           "the environment with ECS_METADATA_CREDENTIALS",
		ProjectID:        r.get("ECS_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"),
		ProjectName:      r.get("HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"),
		MetadataEndpoint: r.get("ECS_METADATA_ENDPOINT"),
	}
	err := s.fromTerraform(env, r)
	return s, err
}
