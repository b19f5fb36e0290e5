// Package identity knows Keystone v3, Huawei Cloud's IAM, which speaks the same language, and the metadata service that
// hands out temporary access keys: what to send, in which order, and what a response says.
//
// It opens no connection: it asks through a [Do] that it is handed. It reads no clock and knows no error type of the SDK;
// caching and renewal do not belong here either. Its own errors hold no secret.
package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// User names a user by its ID, or by its name together with its domain. An ID wins over a name.
type User struct{ ID, Name, DomainID, DomainName string }

// Project names a project by its ID, or by its name together with its domain. An ID wins over a name.
type Project struct{ ID, Name, DomainID, DomainName string }

type reference struct {
	ID       string     `json:"id,omitempty"`
	Name     string     `json:"name,omitempty"`
	Domain   *reference `json:"domain,omitempty"`
	Password string     `json:"password,omitempty"`
}

type login struct {
	Auth auth `json:"auth"`
}

type auth struct {
	Identity methods `json:"identity"`
	Scope    *scope  `json:"scope,omitempty"`
}

type methods struct {
	Methods    []string    `json:"methods"`
	Password   *password   `json:"password,omitempty"`
	Credential *credential `json:"application_credential,omitempty"`
}

type password struct {
	User *reference `json:"user"`
}

type credential struct {
	ID     string     `json:"id,omitempty"`
	Name   string     `json:"name,omitempty"`
	Secret string     `json:"secret"`
	User   *reference `json:"user,omitempty"`
}

type scope struct {
	Project *reference `json:"project"`
}

// PasswordLogin returns the body of a login with a password, for a token of the project.
func PasswordLogin(user User, secret string, project Project) ([]byte, error) {
	userRef, err := user.reference()
	if err != nil {
		return nil, err
	}
	if err := checkSecret("password", secret); err != nil {
		return nil, err
	}
	projectRef, err := project.reference()
	if err != nil {
		return nil, err
	}
	userRef.Password = secret
	return marshal(auth{
		Identity: methods{Methods: []string{"password"}, Password: &password{User: userRef}},
		Scope:    &scope{Project: projectRef},
	})
}

// ApplicationCredentialLogin returns the body of a login with an application credential, which is named by its ID, or
// by its name together with its user. It carries its own project: a scope would be refused.
func ApplicationCredentialLogin(id, name, secret string, user User) ([]byte, error) {
	c := credential{ID: id, Secret: secret}
	if id == "" {
		if name == "" {
			return nil, errors.New("the ID or the name of the application credential is missing")
		}
		var err error
		if c.User, err = user.reference(); err != nil {
			return nil, fmt.Errorf("an application credential without an ID needs its user: %w", err)
		}
		c.Name = name
	}
	if err := checkSecret("secret of the application credential", secret); err != nil {
		return nil, err
	}
	if err := checkText("application credential", c.ID+c.Name); err != nil {
		return nil, err
	}
	return marshal(auth{Identity: methods{Methods: []string{"application_credential"}, Credential: &c}})
}

func (u User) reference() (*reference, error) {
	return newReference("user", u.ID, u.Name, u.DomainID, u.DomainName)
}

func (p Project) reference() (*reference, error) {
	return newReference("project", p.ID, p.Name, p.DomainID, p.DomainName)
}

func newReference(what, id, name, domainID, domainName string) (*reference, error) {
	switch {
	case id != "":
		return &reference{ID: id}, checkText(what+" ID", id)
	case name == "":
		return nil, fmt.Errorf("the %s is missing: neither an ID nor a name is given", what)
	case domainID != "":
		domainName = ""
	case domainName == "":
		return nil, fmt.Errorf("the domain of %s %q is missing", what, name)
	}
	ref := &reference{Name: name, Domain: &reference{ID: domainID, Name: domainName}}
	return ref, checkText(what+" or its domain", name+domainID+domainName)
}

func checkSecret(what, secret string) error {
	if secret == "" {
		return fmt.Errorf("the %s is missing", what)
	}
	return checkText(what, secret)
}

// checkText refuses what JSON can't carry unchanged.
func checkText(what, text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("the %s is not valid UTF-8", what)
	}
	return nil
}

func marshal(a auth) ([]byte, error) {
	body, err := json.Marshal(login{a})
	if err != nil {
		return nil, errors.New("the login can't be written as JSON") // cannot happen: strings only
	}
	return body, nil
}
