package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// inCloud runs a test against a fake cloud in virtual time: minutes of retries and waiting pass in no time.
func inCloud(t *testing.T, test func(t *testing.T, cloud *ecstest.Server, client *ecs.Client), options ...ecstest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted(options...)
		defer cloud.Close()
		user := cloud.Credentials()
		client, err := ecs.NewClient(cloud.URL, ecs.TokenAuth(ecs.PasswordCredentials{
			IdentityEndpoint: cloud.IdentityURL(), Username: user.Username, Password: user.Password,
			DomainName: user.DomainName, ProjectName: user.ProjectName,
		}), ecs.WithHTTPClient(cloud.HTTPClient()))
		require.NoError(t, err)
		test(t, cloud, client)
	})
}

// accepted counts the reverts that the cloud accepted, whatever it said about them.
func accepted(cloud *ecstest.Server, serverID string) int {
	n := 0
	for _, event := range cloud.History(serverID) {
		if event.Action == "revertResize" {
			n++
		}
	}
	return n
}

func TestRollback_OfOneServer(t *testing.T) {
	t.Parallel()
	confirm := func(s *ecstest.Server, id string) { s.Confirm(id) }
	for name, tt := range map[string]struct {
		instance ecstest.Instance
		faults   []ecstest.Fault
		want     result
		accepted int
	}{
		"it works":              {ecstest.Instance{}, nil, back, 1},
		"it was stopped":        {ecstest.Instance{StoppedOrigin: true}, nil, back, 1},
		"it was confirmed":      {ecstest.Instance{Status: "ACTIVE"}, nil, untouched, 0},
		"it is locked":          {ecstest.Instance{Locked: true}, nil, untouched, 0},
		"it ends in ERROR":      {ecstest.Instance{Outcome: ecstest.RevertFailsLate}, nil, broken, 1},
		"it is rolled back":     {ecstest.Instance{Outcome: ecstest.RevertRollsBack}, nil, kept, 1},
		"the cloud is busy":     {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Compute, Times: 2, Do: ecstest.Throttled(5 * time.Second)}}, back, 1},
		"a token expires":       {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Revert, Do: ecstest.ExpireToken()}}, back, 1},
		"the request gets lost": {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Revert, Do: ecstest.DropBefore()}}, back, 1},
		"its answer gets lost":  {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Revert, Do: ecstest.DropAfter()}}, back, 1},
		"504, but it arrived":   {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Revert, Do: ecstest.GatewayTimeout().Applied()}}, back, 1},
		"looks fail in the middle": {
			ecstest.Instance{},
			[]ecstest.Fault{{On: ecstest.Look, Skip: 1, Times: 5, Do: ecstest.HTML502()}},
			back, 1,
		},
		"somebody confirms it at the same moment": {
			ecstest.Instance{},
			[]ecstest.Fault{{On: ecstest.Revert, Do: ecstest.Meanwhile(confirm).And(ecstest.DropBefore())}},
			kept, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCloud(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				id := cloud.AddServer(tt.instance)
				for _, fault := range tt.faults {
					cloud.Inject(fault)
				}
				report := rollback(t.Context(), client, cloud.ProjectID(), []string{id})
				require.Len(t, report, 1)
				assert.Equal(t, tt.want, report[0].result, "%s", report[0])
				assert.Equal(t, tt.accepted, accepted(cloud, id))
			})
		})
	}
}

func TestRollback_StopsAfterABrokenServer(t *testing.T) {
	t.Parallel()
	inCloud(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := []string{
			cloud.AddServer(ecstest.Instance{}),
			cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate}),
			cloud.AddServer(ecstest.Instance{}),
		}
		var results []result
		for _, line := range rollback(t.Context(), client, cloud.ProjectID(), ids) {
			results = append(results, line.result)
		}
		assert.Equal(t, []result{back, broken, untouched}, results)
		assert.Zero(t, accepted(cloud, ids[2]))
	})
}

// TestRollback_EndsWithItsWindow: the revert goes on without the program, which says so.
func TestRollback_EndsWithItsWindow(t *testing.T) {
	t.Parallel()
	inCloud(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		id := cloud.AddServer(ecstest.Instance{})
		report := rollback(ctx, client, cloud.ProjectID(), []string{id})
		assert.Equal(t, resumeIt, report[0].result)
		assert.Equal(t, "REVERT_RESIZE", cloud.Instance(id).Status)
	}, ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Hour}))
}

// TestRollback_SurvivesABadDay spoils every tenth request, at random but the same ones each time.
func TestRollback_SurvivesABadDay(t *testing.T) {
	t.Parallel()
	inCloud(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		var ids []string
		for range 50 {
			ids = append(ids, cloud.AddServer(ecstest.Instance{}))
		}
		cloud.InjectRandom(1, 0.1, ecstest.Compute)
		for _, line := range rollback(t.Context(), client, cloud.ProjectID(), ids) {
			reverted := accepted(cloud, line.serverID) > 0
			switch line.result {
			case back:
				assert.True(t, reverted, "%s", line)
			case untouched, kept:
				assert.False(t, reverted, "%s", line)
			case broken:
				assert.Fail(t, "no server of this cloud breaks", "%s", line)
			case resumeIt: // as it says
			}
		}
	})
}

func TestDemo_Runs(t *testing.T) {
	t.Parallel()
	require.NoError(t, demo(t.Context()))
}
