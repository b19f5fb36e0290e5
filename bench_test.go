package ecs_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/revert-resize/ecs"
)

const (
	benchProject = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"
	benchServer  = "95ecddd0-61c6-4025-9ec0-a93591b1e0f5"
	benchToken   = "gAAAAABn-benchmark-token"
)

// benchDetails is the details answer of a real cloud, grown by a list that no caller of a revert needs.
func benchDetails(padding int) []byte {
	var groups []string
	for i := 0; len(groups)*60 < padding; i++ {
		groups = append(groups, fmt.Sprintf(`{"name": "group-%06d", "description": "of %06d", "rules": []}`, i, i))
	}
	return []byte(`{"server": {"id": "` + benchServer + `", "name": "web-1", "status": "VERIFY_RESIZE", "tenant_id": "` + benchProject +
		`", "user_id": "9bb2e923f5f941eabe9bf1357c51c4b9", "metadata": {"role": "web", "stage": "production"}, "security_groups": [` + strings.Join(groups, ", ") +
		`], "hostId": "4a668b2afe9661e58fda031c503dd750149bd07d9b39470d6a81147a", "image": {"id": "c133ec9e-6abf-4b5b-9b50-4e402b9fc73f", "links": [{"rel": "bookmark", "href": "http://127.0.0.1:8774/` +
		benchProject + `/images/c133ec9e-6abf-4b5b-9b50-4e402b9fc73f"}]}, "flavor": {"id": "2", "links": [{"rel": "bookmark", "href": "http://127.0.0.1:8774/` + benchProject +
		`/flavors/2"}]}, "created": "2026-11-22T22:18:56Z", "updated": "2026-11-22T22:19:03Z", "addresses": {"private": [{"addr": "192.168.0.3", "version": 4, "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:1b:35:78", "OS-EXT-IPS:type": "fixed"}]}, "accessIPv4": "", "accessIPv6": "", "links": [{"rel": "self", "href": "http://127.0.0.1:8774/v2.1/` +
		benchProject + `/servers/` + benchServer + `"}, {"rel": "bookmark", "href": "http://127.0.0.1:8774/` + benchProject + `/servers/` + benchServer +
		`"}], "OS-DCF:diskConfig": "MANUAL", "progress": 0, "OS-EXT-AZ:availability_zone": "nova", "config_drive": "", "key_name": null, "OS-SRV-USG:launched_at": "2026-11-22T22:19:03.000000", "OS-SRV-USG:terminated_at": null, "OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "resized", "OS-EXT-STS:power_state": 1, "os-extended-volumes:volumes_attached": []}}`)
}

const benchHeaders = "Content-Type: application/json\r\nOpenstack-Api-Version: compute 2.1\r\nX-Openstack-Nova-Api-Version: 2.1\r\n" +
	"Vary: OpenStack-API-Version\r\nVary: X-OpenStack-Nova-API-Version\r\nX-Openstack-Request-Id: req-058300d3-87bd-4c10-a42d-6c31441300b4\r\n" +
	"X-Compute-Request-Id: req-058300d3-87bd-4c10-a42d-6c31441300b4\r\nDate: Sun, 22 Nov 2026 22:19:03 GMT\r\n"

// rawServer answers every GET with details and every POST with 202, from memory and without an allocation, so that a
// benchmark counts the client alone.
func rawServer(tb testing.TB, details []byte) (url string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = listener.Close() })
	get := append([]byte(fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n", benchHeaders, len(details))), details...)
	post := []byte("HTTP/1.1 202 Accepted\r\n" + benchHeaders + "Content-Length: 0\r\n\r\n")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveRaw(conn, get, post)
		}
	}()
	return "http://" + listener.Addr().String()
}

func serveRaw(conn net.Conn, get, post []byte) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 16<<10)
	body := len(`{"revertResize":null}`)
	for {
		answer := get
		for first := true; ; first = false {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if first && line[0] == 'P' {
				answer = post
			}
			if len(line) <= 2 {
				break
			}
		}
		if len(answer) == len(post) {
			if _, err := in.Discard(body); err != nil {
				return
			}
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// stubTransport answers from memory, without any network.
type stubTransport struct{ details []byte }

func (s stubTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Openstack-Request-Id": {"req-058300d3-87bd-4c10-a42d-6c31441300b4"},
	}, Request: req, ContentLength: int64(len(s.details)), Body: io.NopCloser(bytes.NewReader(s.details))}
	if req.Method == http.MethodPost {
		_ = req.Body.Close()
		res.StatusCode, res.Body, res.ContentLength = http.StatusAccepted, http.NoBody, 0
	}
	return res, nil
}

// floor is the operation as somebody would write it by hand with net/http: the two requests, a timeout for each, the
// status codes and the three preconditions.
type floor struct {
	hc  *http.Client
	url string
}

func tunedTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
}

func (f floor) revert(ctx context.Context, project, server string) error {
	url := f.url + "/v2.1/" + project + "/servers/" + server
	var details struct {
		Server struct {
			Status    string  `json:"status"`
			VMState   string  `json:"OS-EXT-STS:vm_state"`
			TaskState *string `json:"OS-EXT-STS:task_state"`
		} `json:"server"`
	}
	if err := f.do(ctx, http.MethodGet, url, nil, http.StatusOK, &details); err != nil {
		return err
	}
	if s := details.Server; s.Status != "VERIFY_RESIZE" || s.VMState != "resized" || s.TaskState != nil {
		return errors.New("not ready")
	}
	return f.do(ctx, http.MethodPost, url+"/action", strings.NewReader(`{"revertResize":null}`), http.StatusAccepted, nil)
}

func (f floor) do(ctx context.Context, method, url string, body io.Reader, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "by-hand/1.0")
	req.Header.Set("X-Auth-Token", benchToken)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
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
		return fmt.Errorf("%s %s: %s: %s", method, url, res.Status, data)
	}
	if into != nil {
		return json.Unmarshal(data, into)
	}
	return nil
}

func benchClient(tb testing.TB, url string, hc *http.Client) *ecs.Client {
	tb.Helper()
	opts := []ecs.Option{}
	if hc != nil {
		opts = append(opts, ecs.WithHTTPClient(hc))
	}
	client, err := ecs.NewClient(url, ecs.StaticToken(benchToken), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.CloseIdleConnections)
	return client
}

func BenchmarkRevertResize(b *testing.B) {
	details := benchDetails(1200)
	b.Logf("details of %d bytes", len(details))
	b.Run("loopback/sdk", func(b *testing.B) {
		client := benchClient(b, rawServer(b, details), nil)
		benchSDK(b, client)
	})
	b.Run("loopback/floor", func(b *testing.B) {
		benchFloor(b, floor{&http.Client{Transport: tunedTransport()}, rawServer(b, details)})
	})
	b.Run("stub/sdk", func(b *testing.B) {
		benchSDK(b, benchClient(b, "http://127.0.0.1", &http.Client{Transport: stubTransport{details}}))
	})
	b.Run("stub/floor", func(b *testing.B) {
		benchFloor(b, floor{&http.Client{Transport: stubTransport{details}}, "http://127.0.0.1"})
	})
}

func benchSDK(b *testing.B, client *ecs.Client) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.RevertResize(b.Context(), benchProject, benchServer); err != nil {
			b.Fatal(err)
		}
	}
}

func benchFloor(b *testing.B, f floor) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := f.revert(b.Context(), benchProject, benchServer); err != nil {
			b.Fatal(err)
		}
	}
}
