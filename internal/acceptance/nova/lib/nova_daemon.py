"""nova_daemon.py COMMAND CONFIG: becomes one of Nova's daemons, on native threads.

The module knobs is added under the name nova.virt.knobs, as in nova_daemons.py.
"""
import importlib
import sys

COMMAND, CONFIG = sys.argv[1:3]
sys.argv = ['nova-' + COMMAND, '--config-file', CONFIG]  # read when the command is imported
command = importlib.import_module('nova.cmd.' + COMMAND)
import knobs  # noqa: E402
import pace  # noqa: E402,F401
sys.modules['nova.virt.knobs'] = sys.modules['nova.virt'].knobs = knobs
sys.exit(command.main())
