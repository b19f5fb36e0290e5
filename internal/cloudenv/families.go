package cloudenv

import "strings"

// vendorSDK reads the variables of Huawei Cloud's SDKs.
func vendorSDK(r *reader) Settings {
	s := Settings{
		Kind:             AccessKey,
		Source:           "the HUAWEICLOUD_SDK_ environment",
		AccessKey:        r.need("HUAWEICLOUD_SDK_AK"),
		SecretKey:        r.need("HUAWEICLOUD_SDK_SK"),
		SecurityToken:    r.get("HUAWEICLOUD_SDK_SECURITY_TOKEN"),
		ProjectID:        r.get("ECS_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"),
		IdentityEndpoint: r.get("HUAWEICLOUD_SDK_IAM_ENDPOINT"),
	}
	s.vendorRegion(r)
	return s
}

// vendorRegion reads the region, for which the vendor's SDKs have no variable, and what they have for its endpoint.
// Every region has a project of its name.
func (s *Settings) vendorRegion(r *reader) {
	s.Endpoint = r.get("ECS_ENDPOINT")
	s.Region = r.get("HW_REGION_NAME", "OS_REGION_NAME")
	r.regionName = "HW_REGION_NAME or OS_REGION_NAME"
	if s.ProjectID == "" && s.ProjectName == "" {
		s.ProjectName = s.Region
	}
	if s.Endpoint != "" {
		return
	}
	if r.has("HUAWEICLOUD_SDK_REGIONS_FILE") {
		r.problem("HUAWEICLOUD_SDK_REGIONS_FILE is set, but not read: name the endpoint in ECS_ENDPOINT")
	}
	if s.Region == "" {
		return
	}
	name := "HUAWEICLOUD_SDK_REGION_ECS_" + strings.ToUpper(strings.ReplaceAll(s.Region, "-", "_"))
	first, _, _ := strings.Cut(r.get(name), ",")
	s.Endpoint = withScheme(first)
}

// withScheme completes a bare host, as the vendor's SDKs do.
func withScheme(endpoint string) string {
	endpoint = strings.TrimSpace(endpoint)
	if endpoint == "" || strings.Contains(endpoint, "://") {
		return endpoint
	}
	return "https://" + endpoint
}

// terraform reads the variables of Huawei Cloud's Terraform provider.
func terraform(r *reader) Settings {
	r.regionName = "HW_REGION_NAME"
	s := Settings{
		Source:           "the HW_ environment",
		Endpoint:         r.get("ECS_ENDPOINT"),
		Region:           r.get("HW_REGION_NAME"),
		IdentityEndpoint: r.get("HW_AUTH_URL"),
		ProjectID:        r.get("ECS_PROJECT_ID", "HW_PROJECT_ID"),
		ProjectName:      r.get("HW_PROJECT_NAME"),
	}
	if s.ProjectName == "" {
		s.ProjectName = s.Region
	}
	switch {
	case r.has("HW_ACCESS_KEY", "HW_SECRET_KEY"):
		s.Kind = AccessKey
		s.AccessKey = r.need("HW_ACCESS_KEY")
		s.SecretKey = r.need("HW_SECRET_KEY")
		s.SecurityToken = r.get("HW_SECURITY_TOKEN")
	case r.has("HW_USER_NAME", "HW_USER_ID", "HW_USER_PASSWORD"):
		s.Kind = Password
		s.UserID = r.get("HW_USER_ID")
		if s.UserID == "" {
			s.Username = r.need("HW_USER_NAME", "HW_USER_ID")
		}
		s.Password = r.need("HW_USER_PASSWORD")
		s.DomainID = r.get("HW_DOMAIN_ID")
		if s.DomainID == "" && (s.UserID == "" || s.ProjectID == "") {
			s.DomainName = r.need("HW_DOMAIN_NAME", "HW_DOMAIN_ID")
		}
	default:
		s.Kind = Token
		s.Token = r.need("HW_AUTH_TOKEN")
		s.ProjectID = r.need("ECS_PROJECT_ID", "HW_PROJECT_ID")
	}
	if cloud := r.get("HW_CLOUD"); cloud != "" && s.Region != "" {
		if s.Endpoint == "" {
			s.Endpoint = "https://ecs." + s.Region + "." + cloud
		}
		if s.IdentityEndpoint == "" {
			s.IdentityEndpoint = "https://iam." + s.Region + "." + cloud
		}
	}
	r.refuse(assumeRole()...)
	algorithm := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(r.get("HW_SIGNING_ALGORITHM")))
	if algorithm != "" && !strings.HasSuffix(algorithm, "hmacsha256") {
		r.problem("HW_SIGNING_ALGORITHM names another algorithm than HMAC-SHA256, the only one supported")
	}
	return s
}

// assumeRole lists the variables that switch to another identity after the login.
func assumeRole() []string {
	return []string{"HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID"}
}

// ownToken is the SDK's own way to give a token that one has: it takes nothing from the other families.
func ownToken(r *reader) Settings {
	return Settings{
		Kind:      Token,
		Source:    "the environment with ECS_TOKEN",
		Token:     r.need("ECS_TOKEN"),
		Endpoint:  r.need("ECS_ENDPOINT"),
		ProjectID: r.need("ECS_PROJECT_ID"),
	}
}

// metadata takes the access key from the metadata service, and the rest from the environment.
func metadata(r *reader) Settings {
	s := Settings{
		Kind:             Metadata,
		Source:           "the environment with ECS_METADATA_CREDENTIALS",
		ProjectID:        r.get("ECS_PROJECT_ID", "HW_PROJECT_ID"),
		ProjectName:      r.get("HW_PROJECT_NAME"),
		IdentityEndpoint: r.get("HW_AUTH_URL"),
		MetadataEndpoint: r.get("ECS_METADATA_ENDPOINT"),
	}
	r.refuse(assumeRole()...)
	s.vendorRegion(r)
	return s
}

// openStack reads the OS_ variables, or a cloud of clouds.yaml that is presented as such.
func openStack(r *reader) Settings {
	r.regionName = r.label("OS_REGION_NAME")
	s := Settings{
		FromCatalog: true,
		Endpoint:    r.get("ECS_ENDPOINT", "OS_COMPUTE_ENDPOINT_OVERRIDE"),
		Region:      r.get("OS_REGION_NAME"),
		Interface:   strings.TrimSuffix(r.get("OS_INTERFACE", "OS_ENDPOINT_TYPE"), "URL"),
		ProjectID:   r.get("ECS_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"),
		ProjectName: r.get("OS_PROJECT_NAME", "OS_TENANT_NAME"),
	}
	switch s.Kind = openStackKind(r); s.Kind {
	case ApplicationCredential:
		s.IdentityEndpoint = r.need("OS_AUTH_URL")
		s.CredentialID = r.get("OS_APPLICATION_CREDENTIAL_ID")
		if s.CredentialID == "" {
			s.CredentialName = r.need("OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_ID")
			s.openStackUser(r)
		}
		s.CredentialSecret = r.need("OS_APPLICATION_CREDENTIAL_SECRET")
	case AccessKey:
		s.FromCatalog = false
		s.IdentityEndpoint = r.get("OS_AUTH_URL")
		s.AccessKey = r.need("OS_ACCESS_KEY")
		s.SecretKey = r.need("OS_SECRET_KEY")
		s.SecurityToken = r.get("OS_SECURITY_TOKEN")
		if s.ProjectID == "" && s.ProjectName == "" {
			s.ProjectName = s.Region
		}
	case Token:
		s.Token = r.need("OS_TOKEN", "OS_AUTH_TOKEN")
		s.ProjectID = r.need("ECS_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID")
		s.Endpoint = r.need("ECS_ENDPOINT", "OS_COMPUTE_ENDPOINT_OVERRIDE") // a token alone has no catalog
	default:
		s.IdentityEndpoint = r.need("OS_AUTH_URL")
		s.openStackUser(r)
		s.Password = r.need("OS_PASSWORD")
		s.openStackProject(r)
	}
	if strings.HasSuffix(strings.TrimRight(s.IdentityEndpoint, "/"), "/v2.0") {
		r.problem("%s is for version 2.0 of the identity API; only version 3 is supported", r.label("OS_AUTH_URL"))
	}
	if strings.HasPrefix(r.get("OS_IDENTITY_API_VERSION"), "2") {
		r.problem("%s is 2; only version 3 is supported", r.label("OS_IDENTITY_API_VERSION"))
	}
	if s.Endpoint == "" && r.has("OS_ENDPOINT_OVERRIDE") {
		r.problem("%s does not say of which service: use %s or ECS_ENDPOINT",
			r.label("OS_ENDPOINT_OVERRIDE"), r.label("OS_COMPUTE_ENDPOINT_OVERRIDE"))
	}
	r.refuse("OS_TRUST_ID", "OS_SYSTEM_SCOPE", "OS_PASSCODE", "OS_CERT", "OS_KEY")
	return s
}

// openStackKind tells how to log in: as OS_AUTH_TYPE says, or by the credential that is there.
func openStackKind(r *reader) Kind {
	kind := r.get("OS_AUTH_TYPE", "OS_AUTH_PLUGIN")
	switch strings.ToLower(kind) {
	case "password", "v3password":
		return Password
	case "v3applicationcredential":
		return ApplicationCredential
	case "token", "v3token":
		return Token
	case "":
	default:
		r.problem("%s %q is not supported", r.label("OS_AUTH_TYPE"), kind)
	}
	switch {
	case r.has("OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_SECRET"):
		return ApplicationCredential
	case r.has("OS_PASSWORD"):
		return Password
	case r.has("OS_ACCESS_KEY", "OS_SECRET_KEY"):
		return AccessKey
	case r.has("OS_TOKEN", "OS_AUTH_TOKEN"):
		return Token
	}
	return Password
}

func (s *Settings) openStackUser(r *reader) {
	if s.UserID = r.get("OS_USER_ID"); s.UserID != "" {
		return
	}
	s.Username = r.need("OS_USERNAME", "OS_USER_ID")
	if s.DomainID, s.DomainName = openStackDomain(r); s.DomainID+s.DomainName == "" {
		r.need("OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID")
	}
}

// openStackDomain reads the user's domain, or the one that is for everything.
func openStackDomain(r *reader) (id, name string) {
	if id = r.get("OS_USER_DOMAIN_ID"); id != "" {
		return id, ""
	}
	if name = r.get("OS_USER_DOMAIN_NAME"); name != "" {
		return "", name
	}
	if id = r.get("OS_DOMAIN_ID", "OS_DEFAULT_DOMAIN_ID", "OS_DEFAULT_DOMAIN"); id != "" {
		return id, ""
	}
	return "", r.get("OS_DOMAIN_NAME", "OS_DEFAULT_DOMAIN_NAME")
}

func (s *Settings) openStackProject(r *reader) {
	if s.ProjectID != "" {
		return
	}
	if s.ProjectName == "" {
		r.need("OS_PROJECT_ID", "OS_PROJECT_NAME")
		return
	}
	if s.ProjectDomainID = r.get("OS_PROJECT_DOMAIN_ID"); s.ProjectDomainID != "" {
		return
	}
	if s.ProjectDomainName = r.get("OS_PROJECT_DOMAIN_NAME"); s.ProjectDomainName != "" {
		return
	}
	s.ProjectDomainID, s.ProjectDomainName = openStackDomain(r) // also of a user who is named by an ID, and needs none
	if s.ProjectDomainID+s.ProjectDomainName == "" {
		r.need("OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID")
	}
}
