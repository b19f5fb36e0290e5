// Package cloudenv reads what an environment and the files it points at say about a cloud: where it is, and how to log
// in.
//
// It is handed the environment as a function, and files as another, and gives back plain data, which a region or a token
// may complete: it reads nothing by itself, opens no connection and builds no client. Its errors name variables, files and keys, never a value that may be
// a secret.
package cloudenv

import (
	"strings"

	"github.com/revert-resize/ecs/internal/endpoint"
)

// Env is where to read from. Lookup and ReadFile are required.
type Env struct {
	Lookup   func(name string) (value string, ok bool)
	ReadFile func(path string) ([]byte, error) // fs.ErrNotExist for a file that is not there
	Names    func() []string                   // of all variables, for those that are refused by how they begin; nil: none
	Home     string                            // the home directory; "" if there is none

	InsecureHTTP bool // endpoints may be unencrypted
}

// Kind is a way to log in.
type Kind int

// The ways to log in.
const (
	Password Kind = iota + 1
	ApplicationCredential
	AccessKey
	Token
	Metadata
)

// Settings is what was found.
type Settings struct {
	Kind   Kind
	Source string   // which family, cloud or profile it was
	Found  []string // the names that had a value

	Endpoint         string // of the compute API; "" if the service catalog or Region tells it
	EndpointAt       string // which variable or key names it; "" for none
	FromCatalog      bool   // the service catalog tells it, not Region
	NoProject        bool   // the catalog's endpoint has no project in its path
	Region           string
	Interfaces       []string // of the service catalog: public, internal or admin, the first one that is there; empty for public
	IdentityEndpoint string   // "" if Region tells it
	MetadataEndpoint string   // "" for the usual one

	ProjectID, ProjectName             string // neither is needed for an application credential
	ProjectDomainID, ProjectDomainName string

	UserID, Username, Password                     string
	DomainID, DomainName                           string // of the user
	CredentialID, CredentialName, CredentialSecret string
	AccessKey, SecretKey, SecurityToken            string
	Token                                          string

	CACertificates   []byte // PEM; nil for the system's
	CACertificatesAt string // which variable or key names their file
	certificates     string // their file
	tlsRead          bool   // whether that is known

	identityAt string // which variable or key names IdentityEndpoint
}

// Load reads the settings from ECS_TOKEN with ECS_ENDPOINT and ECS_PROJECT_ID, or else from the first of these that is there:
//
//  1. HUAWEICLOUD_SDK_AK or HUAWEICLOUD_SDK_SK: the variables of the vendor's SDKs
//  2. HW_ACCESS_KEY, HW_SECRET_KEY, HW_USER_NAME, HW_USER_ID, HW_USER_PASSWORD or HW_AUTH_TOKEN: those of its Terraform
//     provider
//  3. OS_CLOUD: a cloud of clouds.yaml; the cloud envvars, or the one that OS_CLOUD_NAME names, is 4
//  4. OS_AUTH_URL, OS_AUTH_TYPE or an OS_ variable with a credential: those of OpenStack
//  5. ECS_METADATA_CREDENTIALS=true: the metadata service of the server that this runs on
//  6. the profile "basic" of ~/.huaweicloud/credentials, or of the file that HUAWEICLOUD_SDK_CREDENTIALS_FILE names
//
// Families are not mixed, with these exceptions: 2 takes what it lacks from the OS_ variable that the Terraform provider takes; ECS_ENDPOINT wins over every other endpoint, and ECS_PROJECT_ID over every
// other project; 1, 5 and 6 take the region as 2, and what they lack of the project, the cloud and the identity service from its HW_ variables; and a cloud
// of clouds.yaml that has no password, secret, region or certificate takes it from its OS_ variable. A variable that is
// set to nothing counts as not set.
//
// OS_CACERT and HW_CACERT count for all. A setting that would change as whom or how safely the client logs in, and that
// is not supported, is an error.
func Load(env Env) (Settings, error) {
	r := &reader{lookup: env.Lookup}
	s, err := load(env, r)
	if err != nil {
		return Settings{}, err
	}
	s.checkRegion(r)
	s.checkEndpoints(env, r)
	if !r.has("ECS_TOKEN") {
		r.refuseSwitches(env)
	}
	if !s.tlsRead {
		s.certificates, s.CACertificatesAt = r.first("OS_CACERT", "HW_CACERT")
		r.refuseInsecure("OS_INSECURE", "HW_INSECURE")
	}
	switch { // what is not supported comes first: what is missing may be missing for that reason alone
	case len(r.problems) > 0:
		return Settings{}, r.unusable(s.Source)
	case len(r.missing) > 0:
		return Settings{}, &IncompleteError{Source: s.Source, Found: r.found, Missing: r.missing}
	}
	if err := s.readCertificates(env); err != nil {
		return Settings{}, err
	}
	s.Found, s.certificates, s.tlsRead, s.identityAt = r.found, "", false, ""
	return s, nil
}

func load(env Env, r *reader) (Settings, error) {
	switch {
	case r.has("ECS_TOKEN"):
		return ownToken(r), nil
	case r.has("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"):
		return vendorSDK(env, r)
	case r.has("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_USER_NAME", "HW_USER_ID", "HW_USER_PASSWORD", "HW_AUTH_TOKEN"):
		return terraform(r), nil
	case r.has("OS_CLOUD"):
		return namedCloud(env, r)
	case r.has("OS_AUTH_URL", "OS_USERNAME", "OS_USER_ID", "OS_USERID", "OS_PASSWORD", "OS_APPLICATION_CREDENTIAL_ID",
		"OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_ACCESS_KEY", "OS_SECRET_KEY",
		"OS_TOKEN", "OS_AUTH_TOKEN", "OS_AUTH_TYPE", "OS_AUTH_PLUGIN", "OS_TRUST_ID", "OS_SYSTEM_SCOPE", "OS_PASSCODE"):
		return openStack(env, r), nil
	case truth(r.get("ECS_METADATA_CREDENTIALS")):
		return metadata(env, r)
	}
	// Whoever sets one of these means to log in as somebody else than a profile says that happens to be there.
	r.refuse("HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", "HW_PROFILE", "HW_SHARED_CONFIG_FILE")
	if !r.has("HUAWEICLOUD_SDK_CREDENTIALS_FILE") {
		r.refuse(namesOf(env, isForeignCredential)...)
	}
	r.refuseSwitches(env)
	if len(r.problems) > 0 {
		return Settings{}, r.unusable("the environment")
	}
	return profile(env, r)
}

// checkRegion asks for a region where an endpoint or the project depends on it. It becomes a part of a host's name.
func (s *Settings) checkRegion(r *reader) {
	needed := s.Endpoint == "" || (s.logsIn() || s.searches()) && s.IdentityEndpoint == "" || s.searches() && s.ProjectName == ""
	if s.FromCatalog || !needed {
		return
	}
	if s.Region == "" {
		if r.regionName != "" { // else the endpoint is missing, and said to be
			r.missing = append(r.missing, r.regionName)
		}
		return
	}
	if !endpoint.IsRegion(s.Region) {
		r.problem("the region %.64q is not the name of a region", s.Region)
	}
}

// IncompleteError is an environment that does not say enough to log in.
type IncompleteError struct {
	Source  string   // what was chosen
	Found   []string // names with a value
	Missing []string // names without one that are needed
}

// Error names what was found and what is missing.
func (e *IncompleteError) Error() string {
	found := "nothing"
	if len(e.Found) > 0 {
		found = strings.Join(e.Found, ", ")
	}
	return e.Source + " is incomplete: found " + found + "; missing " + strings.Join(e.Missing, ", ")
}
