package sign_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/sign"
)

func TestSkew_Table(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		signed, date, message string
		want                  time.Duration
		ok                    bool
	}{
		"the message names the cloud's time": {
			signed:  "20230527T000431Z",
			date:    "Sat, 27 May 2023 00:04:31 GMT",
			message: "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z",
			want:    -(2*time.Hour + time.Minute + 37*time.Second),
			ok:      true,
		},
		"the Date header": {
			signed: "20230527T010000Z", date: "Sat, 27 May 2023 00:00:00 GMT", want: time.Hour, ok: true,
		},
		"a cut message falls back to the Date header": {
			signed: "20230527T010000Z", date: "Sat, 27 May 2023 01:00:00 GMT", message: "server time:2023", ok: true,
		},
		"not signed": {date: "Sat, 27 May 2023 00:00:00 GMT"},
		"no date":    {signed: "20230527T010000Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, got := http.Header{}, http.Header{}
			if tt.signed != "" {
				sent.Set("X-Sdk-Date", tt.signed)
			}
			if tt.date != "" {
				got.Set("Date", tt.date)
			}
			skew, ok := sign.Skew(sent, got, tt.message)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, skew)
		})
	}
}
