// Package ecstest is a fake ECS (OpenStack Nova) and IAM (Keystone) cloud for tests.
package ecstest
