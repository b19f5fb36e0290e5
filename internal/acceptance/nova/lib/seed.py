"""seed.py: what an empty cloud needs before a server can be made.

  seed.py identity KEYSTONE NOVA PLACEMENT STUB PASSWORD
      projects, users, roles and the service catalog
  seed.py compute  KEYSTONE NOVA PLACEMENT STUB PASSWORD
      waits for Nova's daemons, makes the flavors, waits until both hosts can take
      a server, and prints the environment of the tests
  seed.py again    KEYSTONE NOVA PLACEMENT STUB PASSWORD
      sees that a cloud that has been used before still works, and puts the
      projects' quotas back
"""
import json
import sys
import time
import urllib.error
import urllib.request

KEYSTONE, NOVA, PLACEMENT, STUB, PASSWORD = sys.argv[2:7]
DEADLINE = time.monotonic() + (30 if sys.argv[1] == 'again' else 150)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
IMAGE = '11111111-2222-3333-4444-555555555555'  # the stub's


def call(method, url, body=None, token=None, headers=()):
    """One request; returns the answer's headers and decoded body."""
    request = urllib.request.Request(url, method=method, headers=dict(headers))
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header('Content-Type', 'application/json')
    if token:
        request.add_header('X-Auth-Token', token)
    try:
        with DIRECT.open(request, timeout=60) as response:
            raw = response.read()
            return response.headers, json.loads(raw) if raw else None
    except urllib.error.HTTPError as error:
        sys.exit('%s %s: %s %s' % (method, url, error.code, error.read()[:500]))


def until(what, condition):
    while not condition():
        if time.monotonic() > DEADLINE:
            sys.exit('no %s in time' % what)
        time.sleep(0.2)


def answers(url):
    try:
        with DIRECT.open(url, timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def admin_token():
    until('answer of keystone', lambda: answers(KEYSTONE))
    domain = {'id': 'default'}
    headers, _ = call('POST', KEYSTONE + '/auth/tokens', {'auth': {
        'identity': {'methods': ['password'], 'password': {
            'user': {'name': 'admin', 'domain': domain, 'password': PASSWORD}}},
        'scope': {'project': {'name': 'admin', 'domain': domain}}}})
    return headers['X-Subject-Token']


def identity():
    token = admin_token()

    def make(kind, **fields):
        return call('POST', '%s/%ss' % (KEYSTONE, kind), {kind: fields}, token)[1][kind]['id']

    roles = {role['name']: role['id']
             for role in call('GET', KEYSTONE + '/roles', token=token)[1]['roles']}
    if 'service' not in roles:  # later Keystones make it themselves
        roles['service'] = make('role', name='service')
    # Two ordinary projects, each with a user of its own, and Nova's own account.
    for name, granted in (('service', ['admin', 'service']), ('demo', ['member']),
                          ('other', ['member'])):
        project = make('project', name=name, domain_id='default')
        user = make('user', name=name, domain_id='default', password=PASSWORD)
        for role in granted:
            call('PUT', '%s/projects/%s/users/%s/roles/%s' % (
                KEYSTONE, project, user, roles[role]), token=token)
    for kind, url in (('compute', NOVA + '/v2.1/%(project_id)s'), ('placement', PLACEMENT),
                      ('image', STUB), ('network', STUB)):
        service = make('service', name=kind, type=kind)
        for interface in ('public', 'internal'):
            make('endpoint', service_id=service, interface=interface, region_id='RegionOne', url=url)


def wait_for_services(token):
    def up(binary, count):
        services = call('GET', NOVA + '/v2.1/os-services?binary=nova-' + binary, token=token)[1]
        return sum(s['state'] == 'up' for s in services['services']) >= count

    for binary, count in (('conductor', 1), ('scheduler', 1), ('compute', 2)):
        until('nova-' + binary, lambda: up(binary, count))


def again():
    until('answer of nova', lambda: answers(NOVA))
    until('answer of placement', lambda: answers(PLACEMENT))
    until('answer of the stub', lambda: answers(STUB))
    token = admin_token()
    wait_for_services(token)
    for project in call('GET', KEYSTONE + '/projects', token=token)[1]['projects']:
        call('DELETE', '%s/v2.1/os-quota-sets/%s' % (NOVA, project['id']), token=token)


def compute():
    until('answer of nova', lambda: answers(NOVA))
    token = admin_token()

    def candidates():
        return len(call('GET', PLACEMENT + '/allocation_candidates?resources=VCPU:1', token=token,
                        headers={'OpenStack-API-Version': 'placement 1.17'})[1]['provider_summaries'])

    wait_for_services(token)
    for ident, name, ram, cpus in (('1', 'small', 512, 1), ('2', 'big', 1024, 2)):
        call('POST', NOVA + '/v2.1/flavors', {'flavor': {
            'id': ident, 'name': name, 'ram': ram, 'vcpus': cpus, 'disk': 1}}, token)
    # Without the second host's inventory the first resize would find no target.
    until('second host in placement', lambda: candidates() >= 2)
    # A server can be scheduled once the scheduler has mapped both hosts to the cell.
    until('mapped hosts', lambda: len(call(
        'GET', NOVA + '/v2.1/os-hypervisors', token=token)[1]['hypervisors']) >= 2)
    projects = {project['name']: project['id']
                for project in call('GET', KEYSTONE + '/projects', token=token)[1]['projects']}
    for name, value in (
            ('OS_AUTH_URL', KEYSTONE), ('OS_REGION_NAME', 'RegionOne'),
            ('OS_IDENTITY_API_VERSION', '3'), ('OS_USERNAME', 'demo'), ('OS_PASSWORD', PASSWORD),
            ('OS_USER_DOMAIN_ID', 'default'), ('OS_PROJECT_DOMAIN_ID', 'default'),
            ('OS_PROJECT_NAME', 'demo'), ('OS_PROJECT_ID', projects['demo']),
            ('ECS_ENDPOINT', NOVA),
            ('ECS_TEST_IMAGE', IMAGE), ('ECS_TEST_FLAVOR', '1'), ('ECS_TEST_NEW_FLAVOR', '2'),
            ('ECS_TEST_ADMIN_USERNAME', 'admin'), ('ECS_TEST_ADMIN_PASSWORD', PASSWORD),
            ('ECS_TEST_ADMIN_PROJECT_ID', projects['admin']),
            ('ECS_TEST_OTHER_USERNAME', 'other'), ('ECS_TEST_OTHER_PASSWORD', PASSWORD),
            ('ECS_TEST_OTHER_PROJECT_ID', projects['other'])):
        print('export %s=%s' % (name, value))


{'identity': identity, 'compute': compute, 'again': again}[sys.argv[1]]()
