package cloudenv_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the vendor's SDKs have themselves comes first.
func TestLoad_TakesFromTerraformWhatTheVendorsSDKLacks(t *testing.T) {
	t.Parallel()
	const credentials, profile = "/home/me/.huaweicloud/credentials", "[basic]\nak = AK\nsk = hunter2\n"
	sdk := vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret}
	for _, tt := range []struct {
		more vars
		want []string // project by ID and by name, endpoint, identity service
	}{
		{nil, []string{"", "r-1", "", ""}},
		{vars{"HW_CLOUD": "cloud.example"}, []string{"", "r-1", "https://ecs.r-1.cloud.example", "https://iam.r-1.cloud.example"}},
		{vars{"HW_PROJECT_ID": "sub"}, []string{"sub", "", "", ""}},
		{vars{"HW_PROJECT_NAME": "r-1_sub"}, []string{"", "r-1_sub", "", ""}},
		{vars{"OS_PROJECT_ID": "of-another-cloud", "OS_PROJECT_NAME": "of-another-cloud"}, []string{"", "r-1", "", ""}},
		{vars{"HW_AUTH_URL": "https://iam.example/v3"}, []string{"", "r-1", "", "https://iam.example/v3"}},
		{vars{"ECS_PROJECT_ID": "ours", "HW_PROJECT_ID": "sub"}, []string{"ours", "", "", ""}},
	} {
		for _, family := range []struct {
			env, files vars
			own        vars // to be laid over
			ownFiles   vars
		}{
			{
				env: sdk, ownFiles: nil,
				own: vars{"HUAWEICLOUD_SDK_PROJECT_ID": "own", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "own.example"},
			},
			{
				files:    vars{credentials: profile},
				ownFiles: vars{credentials: profile + "project_id = own\niam_endpoint = own.example\n"},
			},
		} {
			env := vars{"HW_REGION_NAME": "r-1"}
			maps.Copy(env, family.env)
			maps.Copy(env, tt.more)
			s, err := load(env, family.files)
			require.NoError(t, err)
			assert.Equal(t, tt.want, []string{s.ProjectID, s.ProjectName, s.Endpoint, s.IdentityEndpoint}, "%v", env)

			maps.Copy(env, family.own)
			env["HUAWEICLOUD_SDK_REGION_ECS_R_1"], env["ECS_PROJECT_ID"] = "ecs.example", ""
			s, err = load(env, family.ownFiles)
			require.NoError(t, err)
			assert.Equal(t, []string{"own", "", "https://ecs.example", "https://own.example"},
				[]string{s.ProjectID, s.ProjectName, s.Endpoint, s.IdentityEndpoint}, "%v", env)
		}
	}
	_, err := load(vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HW_REGION_NAME": "r-1", "HW_AUTH_URL": "iam.example"}, nil)
	require.ErrorContains(t, err, "HW_AUTH_URL: endpoint must begin with https://")
}
