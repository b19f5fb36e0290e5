"""Makes the RPC of newer releases as quick as that of zed.

Since oslo.messaging 16, whoever waits for a reply sleeps half a second before it checks again (Launchpad 2035113). A
revert has about ten such waits, and the suite some thousands. Imported by the daemons, before they start.
"""
import time
import types

from oslo_messaging._drivers import amqpdriver


def sleep(seconds):
    time.sleep(0.02 if seconds == 0.5 else seconds)


amqpdriver.time = types.SimpleNamespace(sleep=sleep)  # all that it uses of the module
