"""stub.py PORT: stands in for the image and the network service.

One public image and the snapshots of servers that are shelved, and a network service
in which every list is empty: servers are made without networks, but Nova still asks
for their ports, security groups and extensions. The fake hypervisor reads no image,
so the image's record is enough.
"""
import http.server
import json
import sys
import uuid

ADDRESS = ('127.0.0.1', int(sys.argv[1]))
IMAGE = {
    'id': '11111111-2222-3333-4444-555555555555', 'name': 'acceptance', 'status': 'active',
    'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public', 'size': 16,
    'checksum': None, 'min_ram': 0, 'min_disk': 0, 'protected': False, 'owner': None,
    'created_at': '2024-01-01T00:00:00Z', 'updated_at': '2024-01-01T00:00:00Z', 'tags': [],
    'schema': '/v2/schemas/image',
}
IMAGES = {IMAGE['id']: IMAGE}
UNLIMITED = ('port', 'network', 'security_group', 'security_group_rule', 'floatingip')


def answer(path):
    """The body of a GET, or None where there is nothing."""
    part = path.split('?')[0].strip('/').split('/')
    if part == ['v2', 'schemas', 'image']:
        return {'name': 'image', 'properties': {key: {} for key in IMAGE}}
    if part[:2] == ['v2', 'images'] and len(part) == 3:
        return IMAGES.get(part[2])
    if part[0] == 'v2.0' and len(part) == 3 and part[1] == 'quotas':
        return {'quota': dict.fromkeys(UNLIMITED, -1)}
    if part[0] == 'v2.0' and len(part) == 2:
        return {part[1].removesuffix('.json').replace('-', '_'): []}
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        body = answer(self.path)
        self.reply(404 if body is None else 200, body or {'message': 'not here'})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if self.path.strip('/') != 'v2/images':
            return self.reply(404, {'message': 'nothing can be made here'})
        made = dict(IMAGE, **json.loads(body))
        made['id'] = made.get('id') or str(uuid.uuid4())
        IMAGES[made['id']] = made
        self.reply(201, made)

    def do_PATCH(self):  # of an image's properties, which nobody reads
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.do_GET()

    do_PUT = do_DELETE = do_POST

    def reply(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


http.server.ThreadingHTTPServer(ADDRESS, Handler).serve_forever()
