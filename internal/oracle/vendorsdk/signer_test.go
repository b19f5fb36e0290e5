package vendorsdk_test

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/sign"
)

// The two sign 5,000 random requests alike: methods, paths, queries, headers and bodies.
func TestSign_AgreesWithTheVendorsSigner(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20261127, 2))
	text := func(alphabet string, most int) string {
		runes := []rune(alphabet)
		out := make([]rune, r.IntN(most+1))
		for i := range out {
			out[i] = runes[r.IntN(len(runes))]
		}
		return string(out)
	}
	const letters = "abcXYZ012-_.~"
	const anything = letters + " !\"$&'()*+,/:=?@[]#%ü一"
	for range 5000 {
		at := time.Unix(r.Int64N(4e9), 0).UTC()
		path := "/v2.1"
		for range r.IntN(4) {
			path += "/s" + text(letters+" !$&'()*+,:=@%ü一", 8)
		}
		if r.IntN(4) == 0 {
			path += "/"
		}
		vendors := request.NewHttpRequestBuilder().WithEndpoint("https://ecs.example.com").WithPath(path).
			WithMethod([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}[r.IntN(4)])
		query := url.Values{}
		for range r.IntN(4) {
			name := "k" + text(anything, 5)
			if query.Has(name) {
				continue
			}
			var values []string
			for range 1 + r.IntN(3) {
				values = append(values, text(anything, 8))
			}
			if len(values) == 1 {
				vendors.AddQueryParam(name, reflect.ValueOf(values[0]))
			} else {
				vendors.AddQueryParam(name, reflect.ValueOf(values))
			}
			query[name] = values
		}
		headers := map[string]string{sign.HeaderDate: at.Format(sign.DateLayout), "Host": "ecs.example.com"}
		if r.IntN(2) == 0 {
			headers[sign.HeaderProjectID] = "p" + text(letters, 32)
		}
		if r.IntN(2) == 0 {
			headers[sign.HeaderSecurityToken] = "t" + text(letters+"+/=", 200)
		}
		for name, value := range headers {
			vendors.AddHeaderParam(name, value)
		}
		if r.IntN(2) == 0 {
			vendors.WithBody("", map[string]any{"revertResize": nil, "name": text(anything, 20)})
		}
		built := vendors.Build()
		body, err := built.GetBodyToBytes()
		require.NoError(t, err)
		want, err := signer.Sign(built, "AK", "SK")
		require.NoError(t, err)

		req := &http.Request{Method: built.GetMethod(), Host: "ecs.example.com", Header: http.Header{}}
		req.URL = &url.URL{Scheme: "https", Host: "ecs.example.com", Path: path, RawQuery: query.Encode()}
		for _, name := range []string{sign.HeaderProjectID, sign.HeaderSecurityToken} {
			if value, ok := headers[name]; ok {
				req.Header.Set(name, value)
			}
		}
		require.NoError(t, sign.Sign(req, body.Bytes(), "AK", "SK", at))
		require.Equal(t, want[signer.HeaderAuthorization], req.Header.Get(sign.HeaderAuthorization),
			"%s %s\n%v\n%s", req.Method, req.URL, headers, body)
	}
}
