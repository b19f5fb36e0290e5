// Command huawei looks at a server with Huawei's Go SDK, which has no revert.
package main

import (
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	vendor "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2/model"
)

func main() {
	credentials, err := basic.NewCredentialsBuilder().WithAk(os.Args[2]).WithSk(os.Args[3]).WithProjectId(os.Args[4]).SafeBuild()
	if err != nil {
		os.Exit(1)
	}
	hc, err := core.NewHcHttpClientBuilder().WithEndpoint(os.Args[1]).WithCredential(credentials).SafeBuild()
	if err != nil {
		os.Exit(1)
	}
	if _, err := vendor.NewEcsClient(hc).NovaShowServer(&model.NovaShowServerRequest{ServerId: os.Args[5]}); err != nil {
		os.Exit(1)
	}
}
