package bench_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// floor is the operation as somebody would write it by hand with net/http: the two requests, a timeout for each, the
// status codes and the three preconditions. The SDK is measured beside it.
type floor struct {
	hc   *http.Client
	url  string
	sign func(*http.Request, []byte) // nil: a token
}

// floorError is a refusal, as far as a hand-written program reads it.
type floorError struct {
	Conflict struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"conflictingRequest"`
	Status string
}

func (e *floorError) Error() string { return e.Status + ": " + e.Conflict.Message }

type floorDetails struct {
	Server struct {
		Status    string  `json:"status"`
		VMState   string  `json:"OS-EXT-STS:vm_state"`
		TaskState *string `json:"OS-EXT-STS:task_state"`
	} `json:"server"`
}

func (f floor) revert(ctx context.Context, project, server string) error {
	details, err := f.fetch(ctx, project, server)
	if err != nil {
		return err
	}
	if s := details.Server; s.Status != "VERIFY_RESIZE" || s.VMState != "resized" || s.TaskState != nil {
		return errors.New("not ready")
	}
	url := f.url + "/v2.1/" + project + "/servers/" + server + "/action"
	return f.do(ctx, http.MethodPost, url, []byte(`{"revertResize":null}`), http.StatusAccepted, nil)
}

func (f floor) fetch(ctx context.Context, project, server string) (details floorDetails, err error) {
	url := f.url + "/v2.1/" + project + "/servers/" + server
	return details, f.do(ctx, http.MethodGet, url, nil, http.StatusOK, &details)
}

func (f floor) do(ctx context.Context, method, url string, body []byte, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "by-hand/1.0")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if f.sign != nil {
		f.sign(req, body)
	} else {
		req.Header.Set("X-Auth-Token", benchToken)
	}
	res, err := f.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		refusal := &floorError{Status: res.Status}
		if err := json.Unmarshal(data, refusal); err != nil {
			return fmt.Errorf("%s %s: %s: %s", method, url, res.Status, data)
		}
		return refusal
	}
	if into != nil {
		return json.Unmarshal(data, into)
	}
	return nil
}

// floorSign signs as the vendor's documentation describes it.
func floorSign(req *http.Request, body []byte) {
	date := time.Now().UTC().Format("20060102T150405Z")
	req.Header.Set("X-Sdk-Date", date)
	req.Header.Set("X-Project-Id", benchProject)
	hash := sha256.Sum256(body)
	const signed = "host;x-project-id;x-sdk-date"
	canonical := strings.Join([]string{
		req.Method, req.URL.EscapedPath() + "/", req.URL.RawQuery,
		"host:" + req.URL.Host + "\nx-project-id:" + benchProject + "\nx-sdk-date:" + date + "\n", signed, hex.EncodeToString(hash[:]),
	}, "\n")
	hash = sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(benchSecretKey))
	_, _ = mac.Write([]byte("SDK-HMAC-SHA256\n" + date + "\n" + hex.EncodeToString(hash[:])))
	req.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+benchAccessKey+", SignedHeaders="+signed+
		", Signature="+hex.EncodeToString(mac.Sum(nil)))
}
