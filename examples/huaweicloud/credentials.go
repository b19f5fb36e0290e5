package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/impl"

	"github.com/revert-resize/ecs"
)

// credentials signs this SDK's requests with credentials of the vendor's SDK, which renews them where they are temporary.
type credentials struct {
	mu   sync.Mutex // theirs are not safe for concurrent use
	of   *basic.Credentials
	http *impl.DefaultHttpClient // what a renewal is sent with
}

func (c *credentials) Authenticate(ctx context.Context, req *http.Request) error {
	c.mu.Lock()
	err := c.of.ProcessSts(c.http)
	key := ecs.AccessKey{AccessKey: c.of.AK, SecretKey: c.of.SK, SecurityToken: c.of.SecurityToken, ProjectID: c.of.ProjectId}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return key.Authenticate(ctx, req)
}
