package oracle_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/revert-resize/ecs/internal/cloudenv"
)

// ours is what the SDK makes of a case, as far as it gets without a network.
func ours(c environment) (cloudenv.Settings, error) {
	return cloudenv.Load(cloudenv.Env{
		Lookup: func(name string) (string, bool) { value, ok := c.env[name]; return value, ok },
		Names: func() (names []string) {
			for name := range c.env {
				names = append(names, name)
			}
			return names
		},
		ReadFile: func(path string) ([]byte, error) {
			if !filepath.IsAbs(path) {
				path = filepath.Join(c.directory(), path)
			}
			return os.ReadFile(path)
		},
		Home:         c.home(),
		InsecureHTTP: true,
	})
}

// usable reports whether openstacksdk can log in with what its loader made: it checks little before it does.
func (v verdict) usable() bool {
	user := v.Auth["user_id"] != "" || v.Auth["username"] != "" && cmp.Or(v.Auth["user_domain_id"], v.Auth["user_domain_name"],
		v.Auth["default_domain_id"], v.Auth["default_domain_name"]) != ""
	project := cmp.Or(v.Auth["project_id"], v.Auth["project_name"]) != ""
	switch {
	case v.Error != "" || v.Auth["auth_url"] == "" || v.Auth["domain_id"] != "" || v.Auth["domain_name"] != "":
		return false
	case v.Verify != true && v.Verify != nil && !v.bundleExists():
		return v.Verify == false
	case v.AuthType == "v3applicationcredential":
		return v.Auth["application_credential_secret"] != "" &&
			(v.Auth["application_credential_id"] != "" || v.Auth["application_credential_name"] != "" && user)
	case v.AuthType == "token" || v.AuthType == "v3token":
		return v.Auth["token"] != "" && project
	case v.AuthType == "password" || v.AuthType == "v3password":
		return user && v.Auth["password"] != "" && project
	}
	return true // of another type, which we refuse
}

func (v verdict) bundleExists() bool {
	path, ok := v.Verify.(string)
	if !ok {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

// differences compares the two where both can log in.
func differences(want verdict, got cloudenv.Settings) []string {
	var found []string
	check := func(what, want, got string) {
		if want != got {
			found = append(found, fmt.Sprintf("%s: openstacksdk %q, ours %q", what, want, got))
		}
	}
	auth := want.Auth
	kinds := map[cloudenv.Kind]string{
		cloudenv.Password: "password", cloudenv.ApplicationCredential: "applicationcredential", cloudenv.Token: "token",
	}
	check("type", strings.TrimPrefix(want.AuthType, "v3"), kinds[got.Kind])
	switch got.Kind {
	case cloudenv.Password:
		check("user", user(auth), ourUser(got))
		check("password", auth["password"], got.Password)
		check("project", project(auth, got), ourProject(got))
	case cloudenv.ApplicationCredential:
		check("credential", cmp.Or(auth["application_credential_id"], auth["application_credential_name"]+" of "+user(auth)),
			cmp.Or(got.CredentialID, got.CredentialName+" of "+ourUser(got)))
		check("secret", auth["application_credential_secret"], got.CredentialSecret)
	case cloudenv.Token:
		check("token", auth["token"], got.Token)
		check("project", auth["project_id"], got.ProjectID)
	default:
		found = append(found, "another kind of credential")
	}
	if got.Kind != cloudenv.Token { // which is used as it is
		check("auth_url", auth["auth_url"], got.IdentityEndpoint)
	}
	check("region", want.Region, got.Region)
	check("interface", interfaces(want.Interface), cmp.Or(strings.Join(got.Interfaces, ","), "public"))
	check("endpoint", want.Endpoint, got.Endpoint)
	check("TLS", bundle(want), string(got.CACertificates))
	check("certificate", want.Cert, "")
	check("service type", cmp.Or(want.ServiceType, "compute"), "compute")
	check("service name", want.ServiceName, "")
	for _, switched := range []string{"trust_id", "system_scope", "passcode"} {
		check(switched, auth[switched], "")
	}
	return found
}

func user(auth map[string]string) string {
	if id := auth["user_id"]; id != "" {
		return id
	}
	return auth["username"] + "@" + cmp.Or(auth["user_domain_id"], auth["default_domain_id"], auth["user_domain_name"], auth["default_domain_name"])
}

func ourUser(s cloudenv.Settings) string {
	return cmp.Or(s.UserID, s.Username+"@"+cmp.Or(s.DomainID, s.DomainName))
}

// project names it; where openstacksdk leaves its domain out, a cloud takes the user's, or refuses.
func project(auth map[string]string, got cloudenv.Settings) string {
	if id := auth["project_id"]; id != "" {
		return id
	}
	return auth["project_name"] + "@" + cmp.Or(auth["project_domain_id"], auth["default_domain_id"], auth["project_domain_name"],
		auth["default_domain_name"], got.ProjectDomainID, got.ProjectDomainName)
}

func ourProject(s cloudenv.Settings) string {
	return cmp.Or(s.ProjectID, s.ProjectName+"@"+cmp.Or(s.ProjectDomainID, s.ProjectDomainName))
}

func interfaces(value any) string {
	switch value := value.(type) {
	case string:
		return cmp.Or(strings.TrimSuffix(value, "URL"), "public")
	case []any:
		var words []string
		for _, word := range value {
			words = append(words, strings.TrimSuffix(fmt.Sprint(word), "URL"))
		}
		return strings.Join(words, ",")
	}
	return "public"
}

// bundle is the content of the file of authorities, "" for the system's, and what no file holds if none is checked.
func bundle(v verdict) string {
	path, ok := v.Verify.(string)
	if !ok {
		if v.Verify == false {
			return "certificates are not checked"
		}
		return ""
	}
	content, _ := os.ReadFile(path)
	return string(content)
}
