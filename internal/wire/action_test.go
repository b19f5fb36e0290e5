package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/wire"
)

func TestDecodeAction_ReadsEventsWhereTheyAreShown(t *testing.T) {
	t.Parallel()
	at := time.Date(2014, 12, 11, 2, 17, 49, 0, time.UTC)
	tests := map[string]struct {
		fields string
		want   wire.Action
	}{
		"nothing":    {``, wire.Action{}},
		"no events":  {`"action":"revertResize","request_id":"req-1","message":null,"start_time":"2014-12-11T02:17:49.000000"`, wire.Action{Name: "revertResize", RequestID: "req-1", Start: at}},
		"failed":     {`"message":"Error"`, wire.Action{Message: "Error"}},
		"odd":        {`"message":{"a":1},"start_time":7`, wire.Action{Message: `{"a":1}`}},
		"not shown":  {`"events":null`, wire.Action{}},
		"no list":    {`"events":{}`, wire.Action{}},
		"none yet":   {`"events":[]`, wire.Action{HasEvents: true}},
		"repeated":   {`"events":[{"event":"a"}],"events":[]`, wire.Action{HasEvents: true}},
		"odd events": {`"events":[null,5,{}]`, wire.Action{HasEvents: true, Events: []wire.Event{{}}}},
		"one runs": {
			`"events":[{"event":"compute_finish_revert_resize","start_time":"2014-12-11T02:17:49.000000","finish_time":null,"result":null,"traceback":null},
				{"event":"compute_revert_resize","finish_time":"2014-12-11T02:17:49.000000","result":"Success","hostId":"x"}]`,
			wire.Action{HasEvents: true, Events: []wire.Event{
				{Name: "compute_finish_revert_resize"},
				{Name: "compute_revert_resize", Result: "Success"},
			}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			action, err := wire.DecodeAction([]byte(`{"instanceAction":{` + test.fields + `}}`))
			require.NoError(t, err)
			assert.Equal(t, &test.want, action)
			actions, err := wire.DecodeActions([]byte(`{"instanceActions":[{` + test.fields + `},{}]}`))
			require.NoError(t, err)
			assert.Equal(t, []wire.Action{test.want, {}}, actions)
		})
	}
}

func TestDecodeAction_RefusesOtherAnswers(t *testing.T) {
	t.Parallel()
	const none = "response holds no action"
	for body, want := range map[string]string{
		`{}`: none, `null`: none, `{"instanceAction":null}`: none, `{"instanceAction":[]}`: none, `{"instanceActions":[{}]}`: none,
		`{"instanceAction":{},"instanceAction":"x"}`: none,
		``:                               "response is empty",
		`{"instanceAction":{"events":[{`: "response is cut off after 30 bytes",
		`{"instanceAction":{"events":[,`: "response is not valid JSON at byte 29",
		`{"instanceAction":{}}{}`:        "response goes on after the end of its JSON at byte 21",
		`<html><title>x</title></html>`:  "response is a page of HTML or XML instead of JSON",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			action, err := wire.DecodeAction([]byte(body))
			require.EqualError(t, err, want)
			assert.Nil(t, action)
			assert.Equal(t, want == none, assert.ObjectsAreEqual(wire.ErrNoAction, err))
		})
	}
}

func TestDecodeActions_RefusesOtherAnswers(t *testing.T) {
	t.Parallel()
	const none = "no list of actions: response holds no action"
	for body, want := range map[string]string{
		`{}`: none, `null`: none, `{"instanceActions":null}`: none, `{"instanceActions":{}}`: none, `{"instanceAction":{}}`: none,
		`{"instanceActions":[],"instanceActions":1}`: none,
		`{"instanceActions":[5]}`:                    "element 0 of the list of actions: response holds no action",
		// The vendor's documentation has an example that ends like this.
		`{"instanceActions":[{"action":"create","message":null,}]}`: "response is not valid JSON at byte 54",
		`{"instanceActions":[{}`:                                    "response is cut off after 22 bytes",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			actions, err := wire.DecodeActions([]byte(body))
			require.EqualError(t, err, want)
			assert.Nil(t, actions)
			if want == none {
				assert.ErrorIs(t, err, wire.ErrNoAction)
			}
		})
	}
	actions, err := wire.DecodeActions([]byte(`{"instanceActions":[]}`))
	require.NoError(t, err)
	assert.Empty(t, actions)
}
