package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rawcloud"
)

// BenchmarkLibraries makes the two requests of a revert without a network, over net/http and over resty as its documentation shows it, and
// with none of the promises of this package: what the library alone costs.
func BenchmarkLibraries(b *testing.B) {
	details := rawcloud.Details(1600)
	hc := &http.Client{Transport: tripFunc(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			return &http.Response{StatusCode: http.StatusAccepted, ProtoMajor: 1, Request: req, Body: http.NoBody}, req.Body.Close()
		}
		return &http.Response{
			StatusCode: http.StatusOK, ProtoMajor: 1, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(bytes.NewReader(details)), ContentLength: int64(len(details)),
		}, nil
	})}
	headers := map[string]string{"Accept": "application/json", "User-Agent": "by-hand/1.0", "X-Auth-Token": secret}
	client := resty.NewWithClient(hc).SetHeaders(headers)
	for name, do := range map[string]func(context.Context, string, []byte) ([]byte, error){
		"net-http": func(ctx context.Context, method string, body []byte) ([]byte, error) {
			var reader io.Reader
			if body != nil {
				reader = bytes.NewReader(body)
			}
			req, err := http.NewRequestWithContext(ctx, method, "http://ecs.example.com/v2.1/p/servers/s", reader)
			if err != nil {
				return nil, err
			}
			for name, value := range headers {
				req.Header.Set(name, value)
			}
			if body != nil {
				req.Header.Set("Content-Type", "application/json")
			}
			res, err := hc.Do(req)
			if err != nil {
				return nil, err
			}
			defer func() { _ = res.Body.Close() }()
			return io.ReadAll(res.Body)
		},
		"resty": func(ctx context.Context, method string, body []byte) ([]byte, error) {
			req := client.R().SetContext(ctx)
			if body != nil {
				req.SetHeader("Content-Type", "application/json").SetBody(body)
			}
			res, err := req.Execute(method, "http://ecs.example.com/v2.1/p/servers/s")
			if err != nil {
				return nil, err
			}
			return res.Body(), nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var server struct {
					Server struct{ Status string }
				}
				ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
				body, err := do(ctx, http.MethodGet, nil)
				cancel()
				require.NoError(b, err)
				require.NoError(b, json.Unmarshal(body, &server))
				ctx, cancel = context.WithTimeout(b.Context(), 30*time.Second)
				_, err = do(ctx, http.MethodPost, []byte(`{"revertResize":null}`))
				cancel()
				require.NoError(b, err)
			}
		})
	}
}
