// Module foreign drives ecstest with clients that nobody here wrote, so that their dependencies are none of the SDK's.
module github.com/revert-resize/ecs/internal/foreign

go 1.26

require (
	github.com/gophercloud/gophercloud/v2 v2.15.0
	github.com/revert-resize/ecs v0.0.0
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.6 // indirect

replace github.com/revert-resize/ecs => ../..
