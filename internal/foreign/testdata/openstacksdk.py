"""Drives a cloud with openstacksdk and writes what it sees as one JSON object.

The cloud is in the environment, as an openrc has it; the server to work on is the argument.
"""
import json
import sys

import openstack
from openstack import exceptions


def text(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


def main(server_id):
    cloud = openstack.connect(app_name="foreign", app_version="1")
    compute = cloud.compute
    saw = {"version": openstack.version.__version__, "project": cloud.current_project_id}

    server = compute.get_server(server_id)
    saw["server"] = {key: text(getattr(server, key)) for key in ("name", "status", "vm_state", "task_state", "launched_at", "metadata")}
    saw["all"] = [s.name for s in compute.servers()]
    saw["resized"] = [s.name for s in compute.servers(status="VERIFY_RESIZE")]
    saw["named"] = [s.name for s in compute.servers(name="^db")]
    saw["short"] = len(list(compute.servers(details=False)))
    saw["pages"] = len(list(compute.servers(limit=1)))

    compute.revert_server_resize(server)
    server = compute.wait_for_server(server, status="ACTIVE", interval=0.05, wait=60)
    saw["reverted"] = server.status
    try:
        compute.revert_server_resize(server)
        saw["again"] = "accepted"
    except exceptions.ConflictException as error:
        saw["again"] = "%d %s" % (error.status_code, error.details)
    try:
        compute.get_server("99999999-9999-4999-8999-999999999999")
    except exceptions.NotFoundException as error:
        saw["unknown"] = error.status_code

    compute.resize_server(server, "2")
    server = compute.wait_for_server(server, status="VERIFY_RESIZE", interval=0.05, wait=60)
    compute.confirm_server_resize(server)
    server = compute.wait_for_server(server, status="ACTIVE", interval=0.05, wait=60)
    compute.suspend_server(server)
    server = compute.wait_for_server(server, status="SUSPENDED", interval=0.05, wait=60)
    saw["suspended"] = server.status
    # Its own server_actions() refuses the server's ID in some releases.
    actions = compute.get("/servers/%s/os-instance-actions" % server.id, microversion="2.58").json()
    saw["actions"] = sorted(a["action"] for a in actions["instanceActions"])
    print(json.dumps(saw))


main(sys.argv[1])
