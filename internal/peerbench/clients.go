package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/def"
	vendor "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2/model"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

const (
	token     = "gAAAAABn-benchmark-token"
	accessKey = "AKIDBENCHMARK"
	secretKey = "benchmark-secret-key"
	timeout   = 30 * time.Second // of an attempt, for all
)

var errNotReady = errors.New("not ready for a revert")

// subject is one of those that are compared: a revert with its look and its check.
type subject struct {
	name   string
	revert func(ctx context.Context, server string) error
}

// subjects returns new clients, each with connections of its own. Unless a name says otherwise, a client is as its
// documentation makes it.
func subjects(url string) ([]subject, error) {
	sdk, err := ecs.NewClient(url, ecs.StaticToken(token))
	if err != nil {
		return nil, err
	}
	signing, err := ecs.NewClient(url, ecs.AccessKey{AccessKey: accessKey, SecretKey: secretKey, ProjectID: rawcloud.ProjectID})
	if err != nil {
		return nil, err
	}
	huawei, err := newVendor(url)
	if err != nil {
		return nil, err
	}
	plain, tuned := newGophercloud(url, gopherDefault()), newGophercloud(url, tunedTransport())
	return []subject{
		{nameSDK, ours(sdk)},
		{nameSDK + ", AK/SK", ours(signing)},
		{nameGopher, func(ctx context.Context, id string) error { return gopherRevert(ctx, plain, id) }},
		{nameGopher + ", transport tuned", func(ctx context.Context, id string) error { return gopherRevert(ctx, tuned, id) }},
		{"Huawei's SDK v3, AK/SK", huawei.revert},
		{"net/http by hand", byHand{&http.Client{Transport: tunedTransport()}, url}.revert},
	}, nil
}

const (
	nameSDK    = "this SDK"
	nameGopher = "gophercloud v2"
)

func ours(client *ecs.Client) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		_, err := client.RevertResize(ctx, rawcloud.ProjectID, id)
		return err
	}
}

// tunedTransport keeps as many connections as it is used with.
func tunedTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute}
}

// gopherDefault is a copy of the transport that gophercloud uses if it gets none.
func gopherDefault() *http.Transport {
	transport, _ := http.DefaultTransport.(*http.Transport) //nolint:forbidigo // to copy it
	return transport.Clone()
}

func newGophercloud(url string, transport *http.Transport) *gophercloud.ServiceClient {
	provider := &gophercloud.ProviderClient{HTTPClient: http.Client{Transport: transport, Timeout: timeout}}
	provider.UseTokenLock()
	provider.SetToken(token)
	endpoint := url + "/v2.1/" + rawcloud.ProjectID + "/"
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: endpoint, ResourceBase: endpoint, Type: "compute"}
}

// extended is a server with its extended status, as gophercloud's users read it.
type extended struct {
	servers.Server
}

func gopherLook(ctx context.Context, client *gophercloud.ServiceClient, id string) (extended, error) {
	var server extended
	return server, servers.Get(ctx, client, id).ExtractInto(&server)
}

func gopherRevert(ctx context.Context, client *gophercloud.ServiceClient, id string) error {
	server, err := gopherLook(ctx, client, id)
	if err != nil {
		return err
	}
	if server.Status != "VERIFY_RESIZE" || server.VmState != "resized" || server.TaskState != "" {
		return errNotReady
	}
	return servers.RevertResize(ctx, client, id).ExtractErr()
}

// huawei is the vendor's SDK. It has no revert, so that one is sent through its core, as its generated calls are.
type huawei struct {
	client *vendor.EcsClient
	action *def.HttpRequestDef
}

type actionRequest struct {
	ServerID string      `json:"server_id"`
	Body     *actionBody `json:"body,omitempty"`
}

type actionBody struct {
	RevertResize *struct{} `json:"revertResize"`
}

type actionResponse struct {
	HttpStatusCode int `json:"-"` //nolint:revive // the name that the SDK sets
}

func newVendor(url string) (huawei, error) {
	credentials, err := basic.NewCredentialsBuilder().WithAk(accessKey).WithSk(secretKey).WithProjectId(rawcloud.ProjectID).SafeBuild()
	if err != nil {
		return huawei{}, err
	}
	hc, err := core.NewHcHttpClientBuilder().WithEndpoint(url).WithCredential(credentials).SafeBuild()
	if err != nil {
		return huawei{}, err
	}
	action := def.NewHttpRequestDefBuilder().WithMethod(http.MethodPost).WithPath("/v2.1/{project_id}/servers/{server_id}/action").
		WithResponse(new(actionResponse)).WithContentType("application/json").
		WithRequestField(def.NewFieldDef().WithName("ServerID").WithJsonTag("server_id").WithLocationType(def.Path)).
		WithRequestField(def.NewFieldDef().WithName("Body").WithLocationType(def.Body)).Build()
	return huawei{vendor.NewEcsClient(hc), action}, nil
}

func (h huawei) revert(_ context.Context, id string) error { // it takes no context
	answer, err := h.client.NovaShowServer(&model.NovaShowServerRequest{ServerId: id})
	if err != nil {
		return err
	}
	s := answer.Server
	if s.Status.Value() != "VERIFY_RESIZE" || s.OSEXTSTSvmState.Value() != "resized" || s.OSEXTSTStaskState.Value() != "null" { // as it reads null
		return errNotReady
	}
	_, err = h.client.HcClient.Sync(&actionRequest{ServerID: id, Body: &actionBody{}}, h.action)
	return err
}

// byHand is what somebody writes without any SDK.
type byHand struct {
	hc  *http.Client
	url string
}

func (h byHand) revert(ctx context.Context, id string) error {
	var details struct {
		Server struct {
			Status    string  `json:"status"`
			VMState   string  `json:"OS-EXT-STS:vm_state"`
			TaskState *string `json:"OS-EXT-STS:task_state"`
		} `json:"server"`
	}
	path := "/v2.1/" + rawcloud.ProjectID + "/servers/" + id
	if err := h.do(ctx, http.MethodGet, path, nil, http.StatusOK, &details); err != nil {
		return err
	}
	if s := details.Server; s.Status != "VERIFY_RESIZE" || s.VMState != "resized" || s.TaskState != nil {
		return errNotReady
	}
	return h.do(ctx, http.MethodPost, path+"/action", []byte(`{"revertResize":null}`), http.StatusAccepted, nil)
}

func (h byHand) do(ctx context.Context, method, path string, body []byte, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-Auth-Token", token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := h.hc.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, data)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}
