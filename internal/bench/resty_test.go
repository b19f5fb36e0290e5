package bench_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
)

// plainResty is the operation as the floor has it, over resty as its documentation shows it, and with none of the SDK's promises: what
// the library alone costs.
type plainResty struct {
	client *resty.Client
	url    string
}

func newPlainResty(transport http.RoundTripper, url string) plainResty {
	client := resty.NewWithClient(&http.Client{Transport: transport}).SetHeaders(map[string]string{
		"Accept": "application/json", "User-Agent": "by-hand/1.0", "X-Auth-Token": benchToken,
	})
	return plainResty{client, url + "/v2.1/" + benchProject + "/servers/" + benchServer}
}

func (p plainResty) revert(ctx context.Context) error {
	var details floorDetails
	body, err := p.do(ctx, http.MethodGet, p.url, nil, http.StatusOK)
	if err == nil {
		err = json.Unmarshal(body, &details)
	}
	if err != nil {
		return err
	}
	if s := details.Server; s.Status != "VERIFY_RESIZE" || s.VMState != "resized" || s.TaskState != nil {
		return errors.New("not ready")
	}
	_, err = p.do(ctx, http.MethodPost, p.url+"/action", []byte(`{"revertResize":null}`), http.StatusAccepted)
	return err
}

func (p plainResty) do(ctx context.Context, method, url string, body []byte, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req := p.client.R().SetContext(ctx)
	if body != nil {
		req.SetHeader("Content-Type", "application/json").SetBody(body)
	}
	res, err := req.Execute(method, url)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode() != want:
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, res.Status(), res.Body())
	}
	return res.Body(), nil
}
