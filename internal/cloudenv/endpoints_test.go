package cloudenv_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever gets the error must find the line to mend.
func TestLoad_NamesWhereAnEndpointThatCannotBeUsedStands(t *testing.T) {
	t.Parallel()
	openrc := vars{"OS_AUTH_URL": "https://k.example", "OS_USER_ID": "u", "OS_PASSWORD": secret, "OS_PROJECT_ID": "p"}
	hw := vars{"HW_USER_NAME": "u", "HW_USER_PASSWORD": secret, "HW_DOMAIN_NAME": "d", "HW_REGION_NAME": "r-1"}
	sdk := vars{"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": secret, "HW_REGION_NAME": "r-1"}
	const regions, credentials = "/home/me/.huaweicloud/regions.yaml", "/home/me/.huaweicloud/credentials"
	for name, tt := range map[string]struct {
		env, more, files vars
		want             string
	}{
		"a carriage return":     {openrc, vars{"OS_AUTH_URL": "https://k.example/v3\r"}, nil, "OS_AUTH_URL: endpoint has the character U+000D"},
		"no scheme":             {openrc, vars{"OS_AUTH_URL": "k.example:5000/v3"}, nil, "OS_AUTH_URL: endpoint must begin with https://"},
		"not encrypted":         {openrc, vars{"OS_AUTH_URL": "http://k.example/v3"}, nil, `OS_AUTH_URL: endpoint "http://k.example/v3" is not encrypted`},
		"user info":             {openrc, vars{"OS_AUTH_URL": "https://u:hunter2@k.example"}, nil, "OS_AUTH_URL: endpoint has user info"},
		"another version":       {openrc, vars{"OS_COMPUTE_ENDPOINT": "https://n.example/v2.0"}, nil, "OS_COMPUTE_ENDPOINT: endpoint"},
		"its longer name":       {openrc, vars{"OS_COMPUTE_ENDPOINT_OVERRIDE": "n.example"}, nil, "OS_COMPUTE_ENDPOINT_OVERRIDE: endpoint"},
		"of another project":    {openrc, vars{"OS_COMPUTE_ENDPOINT": "https://n.example/v2.1/" + anotherProject}, nil, "OS_COMPUTE_ENDPOINT: endpoint"},
		"our own":               {openrc, vars{"ECS_ENDPOINT": "https://n.example/v2.1/servers"}, nil, "ECS_ENDPOINT: endpoint"},
		"Terraform's":           {hw, vars{"HW_AUTH_URL": "https://iam.example/v3/users"}, nil, "HW_AUTH_URL: endpoint"},
		"Terraform's fallback":  {hw, vars{"OS_AUTH_URL": "iam.example"}, nil, "OS_AUTH_URL: endpoint"},
		"Terraform's cloud":     {hw, vars{"HW_CLOUD": "https://example.com"}, nil, "HW_CLOUD: endpoint is more than one URL"},
		"the vendor's":          {sdk, vars{"HUAWEICLOUD_SDK_IAM_ENDPOINT": "ftp://iam"}, nil, "HUAWEICLOUD_SDK_IAM_ENDPOINT: endpoint"},
		"the vendor's region":   {sdk, vars{"HUAWEICLOUD_SDK_REGION_ECS_R_1": "e x"}, nil, "HUAWEICLOUD_SDK_REGION_ECS_R_1: endpoint"},
		"the vendor's file":     {sdk, nil, vars{regions: "VPC: []\nECS:\n  - {id: r-1, endpoint: 'https://e/v1'}\n"}, regions + ":3: ECS: endpoint"},
		"the vendor's profile":  {vars{"HW_REGION_NAME": "r-1"}, nil, vars{credentials: "[basic]\nak=AK\nsk=hunter2\niam_endpoint=i/v2.0\n"}, credentials + ":4: iam_endpoint: endpoint"},
		"a cloud's":             {vars{"OS_CLOUD": "c"}, nil, whole("auth: {auth_url: k.example, user_id: u, password: p, project_id: p}"), homeClouds + ":4: auth_url: endpoint"},
		"a cloud's compute":     {vars{"OS_CLOUD": "c"}, nil, whole("compute_endpoint_override: https://n.example/v1"), homeClouds + ":4: compute_endpoint_override: endpoint"},
		"a region's":            {vars{"OS_CLOUD": "c"}, nil, whole("regions:", "  - name: a", "    values: {auth: {auth_url: 'https://a/%s'}}"), homeClouds + ":6: auth_url: endpoint"},
		"a cloud's certificate": {vars{"OS_CLOUD": "c"}, nil, whole("cacert: /none.pem"), homeClouds + ":4: cacert: read the certificates"},
		"its other form":        {vars{"OS_CLOUD": "c"}, nil, whole("verify: /none.pem"), homeClouds + ":4: verify: read the certificates"},
		"a certificate":         {sdk, vars{"OS_CACERT": "/none.pem"}, nil, "OS_CACERT: read the certificates"},
		"for a cloud":           {vars{"OS_CLOUD": "c", "OS_CACERT": "/none.pem"}, nil, whole(), "OS_CACERT: read the certificates"},
	} {
		env := maps.Clone(tt.env)
		maps.Copy(env, tt.more)
		_, err := load(env, tt.files)
		require.ErrorContains(t, err, tt.want, name)
		assert.NotContains(t, err.Error(), secret, name)
	}
}

func TestLoad_AnEndpointThatIsNotNeededDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, env := range []vars{
		{"HW_AUTH_TOKEN": secret, "HW_PROJECT_ID": "p", "HW_REGION_NAME": "r-1", "HW_AUTH_URL": "http://iam.example"},
		{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": secret, "HW_PROJECT_ID": "p", "HW_REGION_NAME": "r-1", "OS_AUTH_URL": "iam.example"},
		{"ECS_TOKEN": secret, "ECS_PROJECT_ID": "p", "ECS_ENDPOINT": "https://n.example", "OS_AUTH_URL": "k.example", "OS_CERT": "/c.pem"},
	} {
		_, err := load(env, nil)
		require.NoError(t, err)
	}
}
