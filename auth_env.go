package ecs

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/revert-resize/ecs/internal/cloudenv"
	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/rest"
)

// NewClientFromEnv returns a client for the cloud that the environment names, and the ID of the project that it names. It
// takes ECS_TOKEN with ECS_ENDPOINT and ECS_PROJECT_ID, and nothing else, where ECS_TOKEN is set; or else the first of these
// that is there:
//
//  1. HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, with HUAWEICLOUD_SDK_SECURITY_TOKEN, HUAWEICLOUD_SDK_PROJECT_ID,
//     HUAWEICLOUD_SDK_IAM_ENDPOINT, HUAWEICLOUD_SDK_REGION_ECS_{REGION}
//  2. HW_ACCESS_KEY and HW_SECRET_KEY (HW_SECURITY_TOKEN), or HW_USER_NAME or HW_USER_ID with HW_USER_PASSWORD and
//     HW_DOMAIN_NAME or HW_DOMAIN_ID, or HW_AUTH_TOKEN; with HW_REGION_NAME, HW_PROJECT_ID or HW_PROJECT_NAME,
//     HW_AUTH_URL, HW_CLOUD. What of this is not set comes from the OS_ variable that the vendor's Terraform provider takes instead
//  3. OS_CLOUD: a cloud of clouds.yaml, with secure.yaml laid over it and its profile of clouds-public.yaml below it, all
//     found and put together as openstacksdk does: in the current directory, the XDG directories, ~/.config/openstack or
//     /etc/openstack, or where OS_CLIENT_CONFIG_FILE and OS_CLIENT_SECURE_FILE say, as .yaml, .yml or .json. The cloud envvars,
//     or the one that OS_CLOUD_NAME names, is 4
//  4. OS_AUTH_URL with OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET, or with OS_USERNAME or
//     OS_USER_ID, OS_PASSWORD, the domains and the project; or OS_ACCESS_KEY and OS_SECRET_KEY; or OS_TOKEN with
//     OS_PROJECT_ID and an endpoint. OS_REGION_NAME and OS_INTERFACE (or OS_COMPUTE_REGION_NAME and OS_COMPUTE_INTERFACE)
//     choose from the service catalog, or OS_COMPUTE_ENDPOINT_OVERRIDE replaces it
//  5. ECS_METADATA_CREDENTIALS=true: [MetadataCredentials]; ECS_METADATA_ENDPOINT is its [WithMetadataEndpoint]
//  6. the profile "basic" of ~/.huaweicloud/credentials, or of the file that HUAWEICLOUD_SDK_CREDENTIALS_FILE names
//
// Families are not mixed otherwise, but 1, 5 and 6 take the region from HW_REGION_NAME or OS_REGION_NAME, and what they lack from
// HW_PROJECT_ID, HW_PROJECT_NAME, HW_CLOUD and HW_AUTH_URL; 5 takes the project as 2. They take a region's ECS endpoint from
// HUAWEICLOUD_SDK_REGION_ECS_{REGION}, ~/.huaweicloud/regions.yaml or the file that HUAWEICLOUD_SDK_REGIONS_FILE names. A cloud of
// clouds.yaml without a password, secret or region takes it from its OS_
// variable. ECS_ENDPOINT wins over every other endpoint, and ECS_PROJECT_ID over every other project. A project that is
// not named is the one with the region's name. OS_CACERT or HW_CACERT (or cacert or verify in clouds.yaml) names a file of
// certificates to trust, unless an option brings an HTTP client. A variable that is set to nothing counts as not set.
//
// Where the environment tells neither the project's ID nor an endpoint, the identity service is asked, once and for at
// most 30 s; else there is no network call. An environment that is incomplete or unusable is an error that matches
// [ErrInvalidArgument] and names what was found and what is missing, and never a secret. So is a project that is not the
// credential's, and a setting that is not supported and would change as whom, where or how safely the client logs in:
//
//	not supported                                             instead
//	OS_AGENCY_*, HW_ASSUME_ROLE_*, OS_DELEGATED_PROJECT,      a TokenSource of your own
//	  target_agency_name and others in clouds.yaml
//	HUAWEICLOUD_SDK_IDP_ID, _ID_TOKEN_FILE; idp_id            likewise
//	HW_PROFILE, HW_SHARED_CONFIG_FILE                         HW_ACCESS_KEY and HW_SECRET_KEY
//	SBC_ACCESS_KEY and other tools' keys, where 6 would be    HW_ACCESS_KEY, HW_SECRET_KEY and HW_CLOUD
//	  taken without HUAWEICLOUD_SDK_CREDENTIALS_FILE
//	HW_ variables beside OS_ACCESS_KEY                        HW_ACCESS_KEY and HW_SECRET_KEY
//	two kinds of credential without auth_type                 auth_type, or OS_AUTH_TYPE
//	two of HW_ACCESS_KEY, HW_USER_PASSWORD, HW_AUTH_TOKEN     one of them
//	an endpoint for another project                           the one of ECS_PROJECT_ID or the credential
//	an auth_type but password, v3password, token, v3token     a TokenSource of your own
//	  and v3applicationcredential
//	passcode, trust_id, system_scope                          likewise
//	a key in auth of clouds.yaml that is none of openstacksdk's for these types
//	version 2 of the identity API                             version 3
//	insecure, verify: false, OS_INSECURE, HW_INSECURE         cacert, OS_CACERT, HW_CACERT
//	cert, OS_CERT                                             WithHTTPClient
//	compute_service_type but compute, compute_service_name    compute_endpoint_override
//	endpoint_override without a service                       likewise
//	a text without quotes that YAML 1.1 takes for a switch,   quotes
//	  a date or a number of another form, such as 0123
//	a profile that is fetched from a web page                 auth_url
//	HW_SIGNING_ALGORITHM but SDK-HMAC-SHA256, HmacSHA256      one of them
func NewClientFromEnv(opts ...Option) (client *Client, projectID string, err error) {
	client, projectID, err = newClientFromEnv(opts)
	if err != nil {
		return nil, "", fmt.Errorf("ecs: new client from the environment: %w", err)
	}
	return client, projectID, nil
}

func newClientFromEnv(opts []Option) (*Client, string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // there may be none
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, "", err
	}
	s, err := cloudenv.Load(cloudenv.Env{
		Lookup: os.LookupEnv, Names: variableNames, ReadFile: os.ReadFile, Home: home, InsecureHTTP: o.insecureHTTP, //nolint:forbidigo // this is NewClientFromEnv
	})
	if err != nil {
		return nil, "", invalid("%w", err)
	}
	if s.CACertificates != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(s.CACertificates) {
			return nil, "", invalid("%s: the file of certificates that the environment names holds none", s.CACertificatesAt)
		}
		o.roots = roots
	}
	over, err := o.transports()
	if err != nil {
		return nil, "", err
	}
	client, err := o.clientFor(&s, over)
	if err != nil {
		over.close()
		return nil, "", err
	}
	return client, s.ProjectID, nil
}

// clientFor returns a client for what the environment says.
func (o *options) clientFor(s *cloudenv.Settings, over transports) (*Client, error) {
	s.FromRegion()
	auth := envAuthenticator(s, o.insecureHTTP)
	if err := o.discover(s, auth, over); err != nil {
		return nil, err
	}
	if key, ok := auth.(AccessKey); ok {
		key.ProjectID = s.ProjectID
		auth = key
	}
	if err := checkAuthenticator(auth); err != nil {
		return nil, err
	}
	base, _, err := endpoint.Compute(s.Endpoint, s.ProjectID, o.insecureHTTP)
	switch {
	case err != nil && s.EndpointAt != "":
		return nil, invalid("%s: %w", s.EndpointAt, err)
	case err != nil:
		return nil, invalid("%w", err)
	}
	o.noProject = s.NoProject
	return o.client(base, auth, over), nil
}

// variableNames returns the names of all environment variables.
func variableNames() []string {
	names := os.Environ() //nolint:forbidigo // for NewClientFromEnv
	for i, pair := range names {
		names[i], _, _ = strings.Cut(pair, "=")
	}
	return names
}

// envAuthenticator returns what the settings log in with.
func envAuthenticator(s *cloudenv.Settings, insecure bool) Authenticator {
	switch s.Kind {
	case cloudenv.Password:
		return newTokenAuth(PasswordCredentials{
			IdentityEndpoint: s.IdentityEndpoint, InsecureHTTP: insecure,
			Username: s.Username, UserID: s.UserID, Password: s.Password, DomainName: s.DomainName, DomainID: s.DomainID,
			ProjectName: s.ProjectName, ProjectID: s.ProjectID,
			ProjectDomainName: s.ProjectDomainName, ProjectDomainID: s.ProjectDomainID,
		})
	case cloudenv.ApplicationCredential:
		return newTokenAuth(ApplicationCredential{
			IdentityEndpoint: s.IdentityEndpoint, InsecureHTTP: insecure,
			ID: s.CredentialID, Name: s.CredentialName, Secret: s.CredentialSecret,
			Username: s.Username, UserID: s.UserID, DomainName: s.DomainName, DomainID: s.DomainID,
		})
	case cloudenv.Token:
		return StaticToken(s.Token)
	case cloudenv.Metadata:
		if s.MetadataEndpoint == "" {
			return MetadataCredentials()
		}
		return MetadataCredentials(WithMetadataEndpoint(s.MetadataEndpoint))
	default:
		return AccessKey{
			AccessKey: s.AccessKey, SecretKey: s.SecretKey, SecurityToken: s.SecurityToken, ProjectID: s.ProjectID,
		}
	}
}

// discover asks the identity service for the endpoint and the project's ID where the environment does not tell.
func (o *options) discover(s *cloudenv.Settings, auth Authenticator, over transports) error {
	if s.Endpoint != "" && s.ProjectID != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultTimeout)
	defer cancel()
	ctx = rest.WithBase(withOperation(ctx, o.logger, "new client from env", ""), over.outer)
	tokens, ok := auth.(*tokenAuth)
	if !ok {
		id, err := projectIDByName(ctx, s.IdentityEndpoint, o.insecureHTTP, auth, s.ProjectName)
		if err != nil {
			return fmt.Errorf("find the ID of project %q: %w", s.ProjectName, err)
		}
		s.ProjectID = id
		return nil
	}
	source, ok := (*tokens.src).(loginSource)
	if !ok {
		return invalid("the environment's token source cannot log in")
	}
	t, err := login(ctx, source, true)
	if err != nil {
		return err
	}
	public := publicToken(t)
	if err := tokens.cache.Put(public, public.ExpiresAt); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	return invalidIf(s.FromToken(t))
}
