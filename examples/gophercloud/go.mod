// Module gophercloud is a module of its own, so that gophercloud is no dependency of the SDK.
module github.com/revert-resize/ecs/examples/gophercloud

go 1.26

require (
	github.com/gophercloud/gophercloud/v2 v2.15.0
	github.com/revert-resize/ecs v0.0.0
)

require (
	github.com/go-resty/resty/v2 v2.17.2 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/net v0.43.0 // indirect
	golang.org/x/time v0.15.0 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
)

replace github.com/revert-resize/ecs => ../..
