"""The code of docs/calling-the-host.md runs."""

import re
from typing import Any

import responses
from flask import Flask

from app.config import ROOT
from app.connect import acting_for
from app.connect.tenants.models import Tenant
from tests import signing

DOCUMENT = (ROOT / "docs" / "calling-the-host.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
SPACE = f"{signing.SITE}/rest/api/space"


def run(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "calling_the_host"}
    exec(block, names)  # noqa: S102 - the document's own code
    return names


def test_a_post_that_may_arrive_twice_is_sent_twice(
    app_context: None, tenant: Tenant, network: responses.RequestsMock
) -> None:
    convert = re.compile(".*/contentbody/convert/view")
    network.post(convert, status=503)
    network.post(convert)
    network.get(SPACE)
    with acting_for(tenant):
        run(BLOCKS[0])
    assert [call.request.method for call in network.calls] == ["POST", "POST", "GET"]


def test_the_task_calls_the_host(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, capsys: Any
) -> None:
    run(BLOCKS[1])
    network.get(SPACE, json={"results": [1, 2]})
    task = app.extensions["celery"].tasks["calling_the_host.count_spaces"]
    task(tenant.client_key, None, [], {})
    assert capsys.readouterr().out == "2\n"
