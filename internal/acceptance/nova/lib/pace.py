"""Makes Nova's daemons quicker, and changes nothing of what they do.

Imported by the daemons before they start.
"""
import time
import types

from nova.scheduler.client import report
from oslo_messaging._drivers import amqpdriver


def sleep(seconds):
    time.sleep(0.02 if seconds == 0.5 else seconds)


# Since oslo.messaging 16, whoever waits for a reply sleeps half a second before it checks
# again (Launchpad 2035113). A revert has about ten such waits, and the suite some thousands.
amqpdriver.time = types.SimpleNamespace(sleep=sleep)  # all that it uses of the module


def no_allocations(self, context, nodename):
    return {}


# Whenever the use of a host changes, it fetches the allocations of all its servers, with a
# request for each. They are for PCI devices that placement tracks, and for drivers that
# reshape their inventory: the hosts of this cloud have neither. It was the third part of all
# the work that the suite causes.
report.SchedulerReportClient.get_allocations_for_provider_tree = no_allocations
