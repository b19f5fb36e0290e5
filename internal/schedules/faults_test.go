package schedules_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// fault is what can happen to a request.
type fault struct {
	do ecstest.Effect
	// unclear: whoever sent the action cannot know by this what became of it.
	unclear bool
	// typical: it stands for others of its kind where several things happen in one schedule.
	typical bool
	// final: the SDK need not, or may not, go on after it.
	final bool
	// cut: there is no response. A transport may send a GET again by itself then, so that there is one after all.
	cut bool
	// asks is the pause that the response asks for.
	asks time.Duration
	// date: it asks with a date, in whole seconds.
	date bool
}

// faults are what can happen to a request, by its kind.
var faults = map[ecstest.Kind]map[string]fault{
	ecstest.Look: {
		"dropped":    {do: ecstest.DropBefore(), cut: true, typical: true},
		"hangs":      {do: ecstest.Hang(), cut: true},
		"503":        {do: ecstest.ServiceUnavailable()},
		"520":        {do: ecstest.Stray(520, ecstest.StrayHTML)},
		"429":        {do: ecstest.Throttled(2 * time.Second), asks: 2 * time.Second, typical: true},
		"429, date":  {do: ecstest.ThrottledByDate(3 * time.Second), asks: 3 * time.Second, date: true},
		"403":        {do: ecstest.Forbidden(), typical: true},
		"wrong id":   {do: ecstest.WrongID()},
		"cut":        {do: ecstest.Truncate(100)},
		"stale":      {do: ecstest.Stale(time.Second), typical: true},
		"withdrawn":  {do: ecstest.NotPublished()},
		"404":        {do: ecstest.NovaError(404, "itemNotFound", "Instance could not be found."), typical: true},
		"404 page":   {do: ecstest.Stray(404, ecstest.StrayHTML), typical: true},
		"404 empty":  {do: ecstest.Stray(404, ecstest.StrayEmpty)},
		"404 text":   {do: ecstest.Stray(404, ecstest.StrayText)},
		"530":        {do: ecstest.Stray(530, ecstest.StrayEmpty)},
		"404 proxy":  {do: ecstest.Stray(404, ecstest.StrayJSON)},
		"302 page":   {do: ecstest.Stray(302, ecstest.StrayHTML)},
		"403 page":   {do: ecstest.Stray(403, ecstest.StrayHTML)},
		"200 page":   {do: ecstest.Stray(200, ecstest.StrayHTML), typical: true},
		"200 empty":  {do: ecstest.Stray(200, ecstest.StrayEmpty)},
		"Ecs.1000":   {do: ecstest.ECSError(400, "Ecs.1000", "System error.")},
		"Ecs.0603":   {do: ecstest.ECSError(501, "Ecs.0603", "Flow control.")},
		"401 passes": {do: ecstest.TokenMustBeUpdated()},
	},
	ecstest.Revert: {
		"dropped before":       {do: ecstest.DropBefore(), unclear: true, typical: true},
		"dropped after":        {do: ecstest.DropAfter(), unclear: true, typical: true},
		"late by 2 s":          {do: ecstest.DeliverLate(2 * time.Second), unclear: true},
		"late by 9 s":          {do: ecstest.DeliverLate(9 * time.Second), unclear: true, typical: true},
		"hangs":                {do: ecstest.Hang(), unclear: true},
		"hangs, applied":       {do: ecstest.Hang().Applied(), unclear: true},
		"hangs, applied late":  {do: ecstest.Hang().AppliedLate(4 * time.Second), unclear: true},
		"refused":              {do: ecstest.Refused(), cut: true},
		"429":                  {do: ecstest.Throttled(0)},
		"429, 2 s":             {do: ecstest.Throttled(2 * time.Second), asks: 2 * time.Second, typical: true},
		"429, date":            {do: ecstest.ThrottledByDate(3 * time.Second), asks: 3 * time.Second, date: true},
		"429, 100 s":           {do: ecstest.Throttled(100 * time.Second), final: true},
		"Common.0024":          {do: ecstest.Common0024()},
		"Ecs.0603":             {do: ecstest.ECSError(501, "Ecs.0603", "Flow control.")},
		"Ecs.1002, applied":    {do: ecstest.ECSError(400, "Ecs.1002", "A system exception occurred. Try again later.").Applied(), unclear: true, typical: true},
		"Ecs.1000":             {do: ecstest.ECSError(400, "Ecs.1000", "System error."), unclear: true},
		"504":                  {do: ecstest.GatewayTimeout(), unclear: true},
		"504, applied":         {do: ecstest.GatewayTimeout().Applied(), unclear: true},
		"504, applied late":    {do: ecstest.GatewayTimeout().AppliedLate(3 * time.Second), unclear: true, typical: true},
		"502 page, applied":    {do: ecstest.HTML502().Applied(), unclear: true},
		"520, applied":         {do: ecstest.Stray(520, ecstest.StrayHTML).Applied(), unclear: true},
		"503":                  {do: ecstest.ServiceUnavailable(), unclear: true},
		"over quota":           {do: ecstest.OverQuota(), unclear: true, final: true},
		"lost the race":        {do: ecstest.UnexpectedTaskState().And(meanwhileReverted()), unclear: true, final: true, typical: true},
		"500 for nothing":      {do: ecstest.DatabaseDown(), unclear: true, typical: true},
		"401":                  {do: ecstest.TokenMustBeUpdated(), final: true},
		"403":                  {do: ecstest.Forbidden(), final: true},
		"404":                  {do: ecstest.NotPublished(), final: true},
		"404 page":             {do: ecstest.Stray(404, ecstest.StrayHTML), final: true},
		"200 page":             {do: ecstest.Stray(200, ecstest.StrayHTML), unclear: true},
		"200 page, applied":    {do: ecstest.Stray(200, ecstest.StrayHTML).Applied(), unclear: true},
		"wrong state":          {do: ecstest.ECSError(400, "Ecs.0100", "The ECS status does not meet requirements"), final: true},
		"confirmed meanwhile":  {do: ecstest.ConfirmedMeanwhile(), final: true, typical: true},
		"redirected":           {do: ecstest.Redirect(307, "http://127.0.0.1:1/"), final: true},
		"cut 202":              {do: ecstest.Truncate(0), unclear: true, typical: true},
		"rolled back, dropped": {do: ecstest.RevertEnds(ecstest.RevertRollsBack).And(ecstest.DropAfter()), unclear: true, typical: true},
		"fails, dropped":       {do: ecstest.RevertEnds(ecstest.RevertFailsLate).And(ecstest.DropAfter()), unclear: true},
	},
	ecstest.List: {
		"dropped":   {do: ecstest.DropBefore(), cut: true},
		"hangs":     {do: ecstest.Hang(), cut: true},
		"503":       {do: ecstest.ServiceUnavailable()},
		"429":       {do: ecstest.Throttled(2 * time.Second)},
		"cut":       {do: ecstest.Truncate(100)},
		"stale":     {do: ecstest.Stale(time.Second)},
		"404 page":  {do: ecstest.Stray(404, ecstest.StrayHTML)},
		"302 page":  {do: ecstest.Stray(302, ecstest.StrayHTML)},
		"200 page":  {do: ecstest.Stray(200, ecstest.StrayHTML)},
		"200 empty": {do: ecstest.Stray(200, ecstest.StrayEmpty)},
	},
	ecstest.ActionRecord: {
		"dropped":   {do: ecstest.DropBefore(), cut: true},
		"503":       {do: ecstest.ServiceUnavailable(), typical: true},
		"403":       {do: ecstest.Forbidden(), typical: true},
		"404 page":  {do: ecstest.Stray(404, ecstest.StrayHTML)},
		"200 empty": {do: ecstest.Stray(200, ecstest.StrayEmpty)},
	},
}

func meanwhileReverted() ecstest.Effect {
	return ecstest.Meanwhile(func(s *ecstest.Server, id string) { _ = s.Revert(id) })
}

// kindOf tells requests apart as ecstest does.
func kindOf(req *http.Request) ecstest.Kind {
	switch {
	case req.Method == http.MethodPost:
		return ecstest.Revert
	case strings.Contains(req.URL.Path, "/os-instance-actions"):
		return ecstest.ActionRecord
	case strings.HasSuffix(req.URL.Path, "/servers/detail"), strings.HasSuffix(req.URL.Path, "/servers"):
		return ecstest.List
	}
	return ecstest.Look
}
