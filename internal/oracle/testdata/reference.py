# Answers, for each environment with its files, what openstacksdk's own loader makes of it: one JSON document a line on
# standard input, and one on standard output.
import importlib
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")

import requests

import keystoneauth1.access.service_catalog as service_catalog
import openstack.config.loader as loader


def unreachable(*args, **kwargs):
    raise RuntimeError("a profile of the web")


requests.get = unreachable


def answer(case):
    for name in list(os.environ):
        del os.environ[name]
    os.environ.update(case["env"])
    os.environ["HOME"] = case["home"]
    os.chdir(case["directory"])
    importlib.reload(loader)  # it looks for the home directory when it is loaded
    region = loader.OpenStackConfig().get_one()
    auth = region.config.get("auth") or {}
    verify, cert = region.get_requests_verify_args()
    return {
        "auth_type": region.config.get("auth_type"),
        "auth": {key: text(value) for key, value in auth.items()},
        "region": text(region.get_region_name("compute")),
        "interface": region.get_interface("compute"),
        "endpoint": text(region.get_endpoint("compute")),
        "verify": verify,
        "cert": text(cert),
        "service_type": region.get_service_type("compute"),
        "service_name": text(region.get_service_name("compute")),
    }


def choose(case):
    catalog = service_catalog.ServiceCatalogV3(case["catalog"])
    return {"endpoint": catalog.url_for(service_type="compute", interface=case["interfaces"], region_name=case["region"] or None)}


def text(value):
    return "" if value is None else str(value)


for line in sys.stdin:
    try:
        case = json.loads(line)
        result = choose(case) if "catalog" in case else answer(case)
    except Exception as problem:
        result = {"error": type(problem).__name__ + ": " + str(problem)}
    print(json.dumps(result, default=str), flush=True)
