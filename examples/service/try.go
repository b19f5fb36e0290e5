package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// tryIt makes the calls that a user of the service would make, and prints the answers.
func tryIt(ctx context.Context, url, serverID string, stdout io.Writer) error {
	revert, err := post(ctx, url+"/servers/"+serverID+"/revert-resize", nil, stdout)
	if err != nil {
		return err
	}
	for _, call := range []struct {
		path string
		body []byte
	}{
		{"/reverts/wait", revert},
		{"/servers/" + serverID + "/revert-resize", nil}, // nothing to revert any more
		{"/servers/no-such-server/revert-resize", nil},
	} {
		if _, err := post(ctx, url+call.path, call.body, stdout); err != nil {
			return err
		}
	}
	return nil
}

func post(ctx context.Context, url string, body []byte, stdout io.Writer) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	fmt.Fprintf(stdout, "POST %s\n%s\n%s\n", req.URL.Path, res.Status, answer)
	return answer, err
}
