"""schema.py {keystone|placement|nova}: fills one service's empty databases.

Each step is a command of the service's own management tool. Loading such a tool
takes far longer than most of its commands, so it is loaded once and each command
runs in a fork of it.
"""
import importlib
import os
import sys

SCRATCH = os.environ['ECS_NOVA_DIR']
KEYSTONE_URL, PASSWORD, CELL0 = sys.argv[2:5]
OWNER = ['--keystone-user', 'root', '--keystone-group', 'root']

# service: (module, its options, stages). The commands of one stage run side by side.
SERVICES = {
    'keystone': ('keystone.cmd.manage', ['--config-file', SCRATCH + '/etc/keystone.conf'], [
        [['db_sync'], ['fernet_setup'] + OWNER, ['credential_setup'] + OWNER],
        [['bootstrap', '--bootstrap-password', PASSWORD, '--bootstrap-region-id', 'RegionOne',
          '--bootstrap-public-url', KEYSTONE_URL, '--bootstrap-internal-url', KEYSTONE_URL]],
    ]),
    'placement': ('placement.cmd.manage', ['--config-file', SCRATCH + '/etc/placement/placement.conf'], [
        [['db', 'sync']],
    ]),
    # "create_cell" would also check the database, which another command fills.
    'nova': ('nova.cmd.manage', ['--config-file', SCRATCH + '/etc/nova-api.conf'], [
        [['api_db', 'sync'], ['db', 'sync', '--local_cell']],
        [['cell_v2', 'map_cell0', '--database_connection', CELL0],
         ['cell_v2', 'create_cell', '--name', 'cell1']],
    ]),
}


def fork(tool, arguments):
    pid = os.fork()
    if pid:
        return pid
    sys.argv = ['manage'] + arguments
    code = 1
    try:
        code = tool.main() or 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException as error:
        print(repr(error), file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


module, options, stages = SERVICES[sys.argv[1]]
tool = importlib.import_module(module)
for stage in stages:
    for pid in [fork(tool, options + arguments) for arguments in stage]:
        if os.waitpid(pid, 0)[1] != 0:
            sys.exit('%s: one of these failed: %s' % (sys.argv[1], stage))
