"""Nova's own fake hypervisor, with knobs for slow and failing operations.

nova.virt.fake.FakeDriver with sleeps and raises put in front of a few methods.
API, conductor, scheduler, compute manager and state machine are Debian's packages as
shipped; pace.py makes them quicker at two places, and changes nothing of what they do.

A knob is looked up when the method runs: first in the server's metadata (key
"lab_" and the name, with _ for -), then in the file $ECS_NOVA_DIR/knobs/<name>.

  slow-spawn        seconds in spawn: status BUILD
  slow-resize       seconds on the source host: status RESIZE
  slow-revert-dest  seconds in a revert's first half, on the destination host:
                    status REVERT_RESIZE, the flavor still the new one
  slow-revert       seconds in its second half, on the source host: status
                    REVERT_RESIZE, the flavor already the old one
  slow-delete       seconds in a delete: the task is deleting
  slow-confirm      seconds on the source host: the confirm of a resize is accepted,
                    and the status still VERIFY_RESIZE
  slow-poweroff     seconds in power_off, which also ends the revert of a server
                    that was stopped before its resize
  fail-spawn, fail-resize, fail-revert-dest, fail-revert, fail-poweroff
                    text: raise with it, at the same places. The server goes to
                    ERROR; with "rollback" as the text of fail-revert the compute
                    manager sets it ACTIVE again
"""
import os
import time

from nova import exception
from nova.compute import task_states
from nova.compute import vm_states
from nova.virt import fake
from oslo_log import log as logging

LOG = logging.getLogger(__name__)
FILES = os.path.join(os.environ['ECS_NOVA_DIR'], 'knobs')


def knob(instance, name):
    value = (instance.metadata or {}).get('lab_' + name.replace('-', '_'))
    if value is None:
        try:
            with open(os.path.join(FILES, name)) as file:
                value = file.read()
        except FileNotFoundError:
            value = ''
    return value.strip()


def slow(instance, name):
    seconds = knob(instance, name)
    if seconds:
        LOG.info('knob %s: %s s', name, seconds, instance=instance)
        time.sleep(float(seconds))


def fail(instance, name):
    text = knob(instance, name)
    if not text:
        return
    LOG.info('knob %s: %s', name, text, instance=instance)
    error = exception.InstanceDeployFailure(reason=text)
    if text == 'rollback':
        raise exception.InstanceFaultRollback(inner_exception=error)
    raise error


class KnobDriver(fake.FakeDriver):

    def spawn(self, context, instance, *args, **kwargs):
        # The fake driver spawns again when a migration ends: that is not meant.
        if instance.task_state == task_states.SPAWNING:
            slow(instance, 'slow-spawn')
            fail(instance, 'fail-spawn')
        return super().spawn(context, instance, *args, **kwargs)

    def migrate_disk_and_power_off(self, context, instance, *args, **kwargs):
        slow(instance, 'slow-resize')
        fail(instance, 'fail-resize')
        return super().migrate_disk_and_power_off(
            context, instance, *args, **kwargs)

    def destroy(self, context, instance, *args, **kwargs):
        if instance.task_state == task_states.RESIZE_REVERTING:
            slow(instance, 'slow-revert-dest')
            fail(instance, 'fail-revert-dest')
        if instance.task_state == task_states.DELETING:
            slow(instance, 'slow-delete')
        return super().destroy(context, instance, *args, **kwargs)

    def finish_revert_migration(self, context, instance, *args, **kwargs):
        slow(instance, 'slow-revert')
        fail(instance, 'fail-revert')
        return super().finish_revert_migration(
            context, instance, *args, **kwargs)

    def confirm_migration(self, context, migration, instance, *args, **kwargs):
        slow(instance, 'slow-confirm')
        return super().confirm_migration(
            context, migration, instance, *args, **kwargs)

    def power_off(self, instance, *args, **kwargs):
        slow(instance, 'slow-poweroff')
        if instance.vm_state == vm_states.RESIZED:  # the end of a revert, not of a stop before it
            fail(instance, 'fail-poweroff')
        return super().power_off(instance, *args, **kwargs)
