package ecstest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestReplies_AreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 11, 22, 22, 18, 49, 0, time.UTC)
	for name, tc := range map[string]struct {
		do          ecstest.Effect
		status      int
		contentType string
		body        string
		retryAfter  string
	}{
		"throttled":            {ecstest.Throttled(0), 429, "application/json", `"error_code":"APIGW.0308"`, ""},
		"throttled for a time": {ecstest.Throttled(1200 * time.Millisecond), 429, "application/json", `"error_code":"APIGW.0308"`, "2"},
		"throttled until":      {ecstest.ThrottledUntil(date), 429, "application/json", `"error_code":"APIGW.0308"`, "Sun, 22 Nov 2026 22:18:49 GMT"},
		"Common.0024":          {ecstest.Common0024(), 202, "application/json", `"code":"Common.0024"`, ""},
		"Common.1503":          {ecstest.Common1503(), 503, "application/json", `"code":"Common.1503"`, ""},
		"over limit":           {ecstest.OverLimit(3 * time.Second), 413, "application/json; charset=UTF-8", `{"overLimit": {"code": 413, "message": "This request was rate-limited.", "retryAfter": "3"}}`, "3"},
		"not published":        {ecstest.NotPublished(), 404, "application/json", `"error_code":"APIGW.0101"`, ""},
		"token":                {ecstest.TokenMustBeUpdated(), 401, "application/json", `"error_code":"APIGW.0307"`, ""},
		"gateway timeout":      {ecstest.GatewayTimeout(), 504, "application/json", `"error_code":"APIGW.0201"`, ""},
		"unavailable":          {ecstest.ServiceUnavailable(), 503, "application/json", `"error_code":"APIGW.0613"`, ""},
		"page":                 {ecstest.HTML502(), 502, "text/html", "<h1>502 Bad Gateway</h1>", ""},
		"ecs":                  {ecstest.ECSError(400, "Ecs.0100", "The ECS status does not meet requirements"), 400, "application/json", `{"error":{"message":"The ECS status does not meet requirements","code":"Ecs.0100"}}`, ""},
		"nova":                 {ecstest.NovaError(400, "badRequest", "Über \"x\"\n\t\\ 𝄞"), 400, "application/json; charset=UTF-8", `"message": "\u00dcber \"x\"\n\t\\ \ud834\udd1e"`, ""},
		"own":                  {ecstest.Reply(418, http.Header{"Content-Type": {"text/plain"}}, "no"), 418, "text/plain", "no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := ecstest.NewUnstarted()
			defer srv.Close()
			id := srv.AddServer(ecstest.Instance{})
			srv.Inject(ecstest.Fault{Do: tc.do})
			a, err := revert(t, srv, id)
			require.NoError(t, err)
			assert.Equal(t, tc.status, a.status)
			assert.Equal(t, tc.contentType, a.header.Get("Content-Type"))
			assert.Contains(t, a.body, tc.body)
			assert.Equal(t, tc.retryAfter, a.header.Get("Retry-After"))
			assert.Zero(t, reverts(srv, id))
		})
	}
}

func TestReplies_Redirect(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	srv.Inject(ecstest.Fault{Do: ecstest.Redirect(307, "http://elsewhere.example/")})
	client := srv.HTTPClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := call(t, client, "GET", serverURL(srv, id), "")
	assert.Equal(t, 307, a.status)
	assert.Equal(t, "http://elsewhere.example/", a.header.Get("Location"))
}

func TestReplies_LoserOfARace(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		winner := ecstest.Meanwhile(func(s *ecstest.Server, id string) { assert.NoError(t, s.Revert(id)) })
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: winner.And(ecstest.UnexpectedTaskState())})
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 500, a.status)
		history := srv.History(id)
		require.Len(t, history, 1)
		assert.False(t, history[0].ByRequest)
	})
}
