package ecstest_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func TestRevert_ThatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: 10 * time.Minute}})
		client, err := ecs.NewClient(srv.URL, ecs.StaticToken(srv.Token()), ecs.WithHTTPClient(srv.HTTPClient()))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		server, err := client.RevertResizeAndWait(ctx, srv.ProjectID(), id)
		if err != nil {
			t.Fatal(err)
		}
		if server.Status != ecs.StatusActive || server.FlavorID != "1" {
			t.Error(server.Status, server.FlavorID)
		}
	})
}

// The test above is the one in the documentation of the package.
func TestDocumentation_ShowsATestThatRuns(t *testing.T) {
	t.Parallel()
	tests, err := os.ReadFile("doc_test.go")
	require.NoError(t, err)
	_, test, _ := strings.Cut(string(tests), "\nfunc TestRevert_ThatTakesLong")
	test, _, _ = strings.Cut("func TestRevert_ThatTakesLong"+test, "\n}\n")
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	assert.Contains(t, string(doc), "//\t"+strings.ReplaceAll(test, "\n", "\n//\t")+"\n//\t}\n")
}
