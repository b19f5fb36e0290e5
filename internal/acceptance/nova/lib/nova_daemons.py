"""nova_daemons.py: starts Nova's daemons and returns.

They are Debian's own services. Loading their code takes most of their start, so it
is loaded once here and each daemon is a fork; this also shares its memory. One
module is added under the name nova.virt.knobs, since Nova looks for hypervisor
drivers in that package alone; the packages' files stay as they are.
"""
import importlib
import os
import sys

import eventlet.hubs

SCRATCH = os.environ['ECS_NOVA_DIR']
# name: (command's module, configuration)
DAEMONS = {
    'nova-conductor': ('conductor', 'api'),
    'nova-scheduler': ('scheduler', 'api'),
    'nova-compute1': ('compute', 'fake1'),
    'nova-compute2': ('compute', 'fake2'),
    'nova-api': ('api_os_compute', 'api'),
}

def become(name, command, config):
    """Turns this fork into the daemon; returns its exit code."""
    os.setsid()
    # The parent's green threads wait on one epoll descriptor: shared by the forks,
    # it would wake each of them for the others' traffic, all the time.
    eventlet.hubs.use_hub()
    log = os.open('%s/log/%s.log' % (SCRATCH, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    birth = open('/proc/self/stat').read().rsplit(') ', 1)[1].split()[19]
    pid_file = '%s/pids/%%s%s' % (SCRATCH, name)
    with open(pid_file % '.', 'w') as file:
        file.write('%d %s\n' % (os.getpid(), birth))
    os.rename(pid_file % '.', pid_file % '')  # whole or not at all
    sys.argv = [name.rstrip('12'), '--config-file', '%s/etc/nova-%s.conf' % (SCRATCH, config)]
    return command.main()


# The managers behind the commands are not loaded yet: they read their periods from
# the configuration at that moment, and each fork reads its own first.
# Importing a command patches the standard library for green threads: it is first.
commands = {name: importlib.import_module('nova.cmd.' + module)
            for name, (module, _) in DAEMONS.items()}
import knobs  # noqa: E402
import pace  # noqa: E402,F401
sys.modules['nova.virt.knobs'] = sys.modules['nova.virt'].knobs = knobs

for name, (_, config) in DAEMONS.items():
    if os.fork() == 0:
        sys.exit(become(name, commands[name], config))
