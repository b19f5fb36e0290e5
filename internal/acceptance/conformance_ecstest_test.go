package acceptance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// TestConformance_OfTheFakeCloud runs the table on ecstest as each release, in virtual time, and compares it with CONFORMANCE.md.
func TestConformance_OfTheFakeCloud(t *testing.T) {
	t.Parallel()
	releases := map[string]ecstest.Release{"zed": ecstest.Zed, "epoxy": ecstest.Epoxy, "hibiscus": ecstest.Hibiscus}
	var all rows
	t.Cleanup(func() { // when all cases are over
		if len(all.all) == len(releases)*len(conformanceTable()) { // else some of them were chosen with -run
			checkDocument(t, all.all)
		}
	})
	for name, release := range releases {
		for _, c := range conformanceTable() {
			t.Run(name+": "+c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := row{Case: c.name}
					r.record(t, all.add)
					fake := ecstest.NewUnstarted(ecstest.WithRelease(release))
					t.Cleanup(fake.Close)
					c.run(t, fakeCloud{fake}, &r)
				})
			})
		}
	}
}

// fakeCloud is ecstest as a platform.
type fakeCloud struct{ *ecstest.Server }

func (f fakeCloud) flavors() (before, after string) { return "1", "2" }

func (f fakeCloud) turn(t *testing.T, _ *server, what string) {
	t.Helper()
	switch what {
	case "deny":
		f.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.Forbidden()}) // one request
	case "allow":
	case "no quota":
		f.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.OverQuota()})
	default:
		t.Fatalf("no such turn: %s", what)
	}
}

func (f fakeCloud) credential(*testing.T, *session) credential {
	id, secret := f.AddApplicationCredential("acceptance")
	return credential{userID: f.Credentials().UserID, id: id, name: "acceptance", secret: secret}
}

func (f fakeCloud) connect(t *testing.T, who string) *session {
	t.Helper()
	user := map[string]func() ecstest.Credentials{
		"demo": f.Credentials, "other": f.OtherCredentials, "admin": f.AdminCredentials,
	}[who]()
	s := &session{
		account: account{
			username: user.Username, password: user.Password, domainID: user.DomainID, projectID: user.ProjectID,
		},
		identity: f.IdentityURL(), endpoint: f.URL, client: f.HTTPClient(),
	}
	if err := s.login(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// create adds a server that starts; the knobs are the fake's durations and outcomes.
func (f fakeCloud) create(t *testing.T, s *session, w wish) string {
	t.Helper()
	if w.failSpawn != "" || w.failResize != "" {
		t.Skip("ecstest fails no create and no resize")
	}
	in := ecstest.Instance{
		ProjectID: s.projectID, Name: w.name, Status: "BUILD", FlavorID: "1", Created: time.Now(),
		Durations: ecstest.Durations{
			Resize: w.slowResize, Revert: w.slowRevertDest + w.slowRevert, PowerOff: w.slowPowerOff, Confirm: w.slowConfirm, Delete: w.slowDelete,
		},
	}
	switch {
	case w.failRevert != "":
		in.Outcome = ecstest.RevertFailsLate
	case w.failRevertDest != "":
		in.Outcome = ecstest.RevertFailsEarly
	case w.rollBack:
		in.Outcome = ecstest.RevertRollsBack
	}
	return f.AddServer(in)
}
