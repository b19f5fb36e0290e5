package ecs

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/wire"
)

// ListServersOptions filters a list. The zero value lists all servers of the project.
type ListServersOptions struct {
	Status       string    // such as [StatusVerifyResize]
	Name         string    // a regular expression, as the cloud's database understands it
	ChangesSince time.Time // only servers that changed since; deleted ones are then listed too
	PageSize     int       // servers per request, 1 to 1000; 0 means 1000. The cloud may send fewer.
}

// maxPageSize is what Nova and ECS allow at the most.
const maxPageSize = 1000

// ListServers yields the servers of a project, page by page, as the loop asks for them. An error ends the loop; it is
// yielded with a nil server. A page that repeats or goes backwards is an error, also under a new marker. Errors are those of
// [Client.GetServer].
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0205.html
func (c *Client) ListServers(ctx context.Context, projectID string, opts ListServersOptions) iter.Seq2[*Server, error] {
	return func(yield func(*Server, error) bool) {
		ctx, err := c.begin(ctx, "list servers", "")
		if err != nil {
			yield(nil, oneLine(fmt.Errorf("ecs: list servers: %w", err)))
			return
		}
		for page, err := range c.pages(ctx, projectID, opts) {
			if err != nil {
				yield(nil, oneLine(fmt.Errorf("ecs: list servers: %w", err)))
				return
			}
			for i := range page.servers {
				if !yield(newServer(&page.servers[i], page.redact), nil) {
					return
				}
			}
		}
	}
}

// serverPage is one page of a list.
type serverPage struct {
	servers     []wire.Server
	next        string    // the marker of the next page, "" if there is none
	date        time.Time // the cloud's clock; zero if the response does not say
	redact      func(string) string
	requestedAt time.Time // by ours, when the request was sent: the servers may be shown as they were then
}

// pages yields the pages of a list.
func (c *Client) pages(ctx context.Context, projectID string, opts ListServersOptions) iter.Seq2[serverPage, error] {
	return func(yield func(serverPage, error) bool) {
		query, err := opts.query(projectID)
		if err != nil {
			yield(serverPage{}, err)
			return
		}
		been := trail{markers: map[string]bool{}, firsts: map[string]bool{}}
		for {
			page, err := c.page(ctx, projectID, query)
			if err == nil {
				err = been.add(page)
			}
			if !yield(page, err) || err != nil || page.next == "" {
				return
			}
			query.Set("marker", page.next)
		}
	}
}

// maxEmptyPages is how many pages in a row may show nothing and yet name a next one.
const maxEmptyPages = 10

// trail is where a list has been. A list comes to its end because no page is like one before it.
type trail struct {
	markers, firsts map[string]bool // what follows each page, and the server that each begins with
	empty           int             // pages in a row
}

// add refuses a page that leads back.
func (t *trail) add(page serverPage) error {
	if page.next == "" {
		return nil
	}
	if t.markers[page.next] {
		return fmt.Errorf("the list does not advance: page after %q again", problem.CleanText(page.next, 64))
	}
	t.markers[page.next] = true
	if len(page.servers) == 0 {
		if t.empty++; t.empty > maxEmptyPages {
			return fmt.Errorf("the list does not advance: %d empty pages in a row", t.empty)
		}
		return nil
	}
	t.empty = 0
	first := page.servers[0].ID
	if t.firsts[first] {
		return fmt.Errorf("the list does not advance: server %q comes again", problem.CleanText(page.redact(first), 64))
	}
	t.firsts[first] = true
	return nil
}

// encodeQuery writes a space as %20, as a signature has it, and as every server reads it: a plus sign may be taken for one.
func encodeQuery(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// page fetches one page.
func (c *Client) page(ctx context.Context, projectID string, query url.Values) (page serverPage, err error) {
	const limit = 16 << 20 // 1000 servers with long metadata; a details body is far smaller
	req := &rest.Request{
		Method: http.MethodGet, ProjectID: projectID, BodyLimit: limit, Step: stepList,
		Path: c.serversPath(projectID) + "/detail?" + encodeQuery(query),
	}
	err = c.get(ctx, withRetries, req, func(res *rest.Response) (err error) {
		page.servers, page.next, err = wire.DecodeServers(res.Body)
		page.redact, page.requestedAt = res.Redact, res.SentAt
		page.date = res.Date()
		if marker := value(page.next, res.Redact); marker != page.next { // it would stand in the URL of the next request
			return fmt.Errorf("the list goes on after %q, which repeats the credential", problem.CleanText(marker, 64))
		}
		return err
	})
	if marker := query.Get("marker"); err == nil && marker != "" && slices.ContainsFunc(page.servers, func(s wire.Server) bool { return s.ID == marker }) {
		err = fmt.Errorf("the list goes backwards: server %q comes again", problem.CleanText(marker, 64))
	}
	return page, err
}

func (o ListServersOptions) query(projectID string) (url.Values, error) {
	if err := checkID("project ID", projectID); err != nil {
		return nil, err
	}
	if o.PageSize < 0 || o.PageSize > maxPageSize {
		return nil, invalid("page size must be between 1 and %d", maxPageSize)
	}
	query := url.Values{"limit": {strconv.Itoa(maxPageSize)}}
	if o.PageSize > 0 {
		query.Set("limit", strconv.Itoa(o.PageSize))
	}
	if o.Status != "" {
		query.Set("status", o.Status)
	}
	if o.Name != "" {
		query.Set("name", o.Name)
	}
	if !o.ChangesSince.IsZero() {
		query.Set("changes-since", o.ChangesSince.UTC().Format(time.RFC3339))
	}
	return query, nil
}
