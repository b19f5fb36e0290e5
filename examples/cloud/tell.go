package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/revert-resize/ecs/ecstest"
)

// put writes to a file, which appears with everything in it, or for "-" to standard output.
func put(path string, stdout io.Writer, text []byte) error {
	if path == "-" {
		_, err := stdout.Write(text)
		return err
	}
	unfinished := path + ".new"
	if err := os.WriteFile(unfinished, text, 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// description is how a program finds the cloud.
type description struct {
	Endpoint         string   `json:"endpoint"`
	IdentityEndpoint string   `json:"identity_endpoint"`
	MetadataEndpoint string   `json:"metadata_endpoint"`
	Region           string   `json:"region"`
	ProjectID        string   `json:"project_id"`
	ProjectName      string   `json:"project_name"`
	Username         string   `json:"username"`
	UserID           string   `json:"user_id"`
	Password         string   `json:"password"`
	DomainName       string   `json:"domain_name"`
	Token            string   `json:"token"`
	CredentialID     string   `json:"application_credential_id"`
	CredentialSecret string   `json:"application_credential_secret"`
	AccessKey        string   `json:"access_key"`
	SecretKey        string   `json:"secret_key"`
	Servers          []server `json:"servers"`
}

type server struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

// describe is what is printed at the start.
func describe(cfg config, fake *ecstest.Server) []byte {
	user := fake.Credentials()
	d := description{
		Endpoint: fake.URL, IdentityEndpoint: fake.IdentityURL(), MetadataEndpoint: fake.MetadataURL(), Region: "RegionOne",
		ProjectID: user.ProjectID, ProjectName: user.ProjectName, Username: user.Username, UserID: user.UserID,
		Password: user.Password, DomainName: user.DomainName, Token: fake.Token(), AccessKey: "AKOFTHEFAKECLOUD", SecretKey: "SKOFTHEFAKECLOUD",
		Servers: servers(fake),
	}
	d.CredentialID, d.CredentialSecret = fake.AddApplicationCredential("cloud")
	fake.AddAccessKey(d.AccessKey, d.SecretKey, "", fake.Now().AddDate(100, 0, 0))
	if cfg.json {
		text, _ := json.Marshal(d) //nolint:errchkjson // plain strings
		return append(text, '\n')
	}
	return d.exports()
}

// exports is the description as lines for a shell, with the names that OpenStack's clients and the other examples read.
func (d *description) exports() []byte {
	var resized []string
	for _, s := range d.Servers {
		if s.Status == "VERIFY_RESIZE" {
			resized = append(resized, s.ID)
		}
	}
	first := ""
	if len(resized) > 0 {
		first = resized[0]
	}
	var b bytes.Buffer
	for _, line := range [][2]string{
		{"OS_AUTH_URL", d.IdentityEndpoint},
		{"OS_IDENTITY_API_VERSION", "3"},
		{"OS_REGION_NAME", d.Region},
		{"OS_USERNAME", d.Username},
		{"OS_PASSWORD", d.Password},
		{"OS_USER_DOMAIN_NAME", d.DomainName},
		{"OS_PROJECT_NAME", d.ProjectName},
		{"OS_PROJECT_DOMAIN_NAME", d.DomainName},
		{"ECS_ENDPOINT", d.Endpoint},
		{"ECS_PROJECT_ID", d.ProjectID},
		{"ECS_TOKEN", d.Token},
		{"ECS_SERVER_ID", first},
		{"ECS_SERVER_IDS", strings.Join(resized, " ")},
	} {
		fmt.Fprintf(&b, "export %s='%s'\n", line[0], strings.ReplaceAll(line[1], "'", `'\''`))
	}
	return b.Bytes()
}

func servers(fake *ecstest.Server) []server {
	list := []server{}
	for _, id := range fake.Instances() {
		in := fake.Instance(id)
		list = append(list, server{in.ID, in.Name, in.Status})
	}
	return list
}
