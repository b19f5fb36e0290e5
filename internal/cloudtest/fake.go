package cloudtest

import (
	"testing"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// FakeCloud returns an in-process cloud with one server, for a test in a bubble.
func FakeCloud(t *testing.T, opts ...ecstest.Option) (srv *ecstest.Server, id string) {
	t.Helper()
	srv = ecstest.NewUnstarted(opts...)
	t.Cleanup(srv.Close)
	return srv, srv.AddServer(ecstest.Instance{})
}

// FakeClient returns a client of the cloud.
func FakeClient(t *testing.T, srv *ecstest.Server, auth ecs.Authenticator, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{ecs.WithHTTPClient(srv.HTTPClient())}, opts...)
	client, err := ecs.NewClient(srv.URL, auth, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// PasswordOf returns the credentials of the cloud's default user.
func PasswordOf(srv *ecstest.Server) ecs.PasswordCredentials {
	c := srv.Credentials()
	return ecs.PasswordCredentials{
		IdentityEndpoint: srv.IdentityURL(), Username: c.Username, Password: c.Password,
		DomainName: c.DomainName, ProjectName: c.ProjectName,
	}
}

// Count returns how many requests are of a kind.
func Count(requests []ecstest.Request, kind ecstest.Kind) (n int) {
	for _, r := range requests {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// MetadataOf authenticates with the key that the metadata service of the cloud gives.
func MetadataOf(srv *ecstest.Server) ecs.Authenticator {
	return ecs.MetadataCredentials(ecs.WithMetadataEndpoint(srv.MetadataURL()))
}
