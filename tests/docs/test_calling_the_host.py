"""The code of docs/calling-the-host.md runs."""

import re
from typing import Any

import responses
from flask import Flask

from app.config import ROOT
from app.connect import acting_for
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.conftest import Told

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


def test_a_large_answer_is_read(
    app_context: None, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(re.compile(".*/a.zip"), body=bytes(20_000_000))
    with acting_for(tenant):
        assert len(run(BLOCKS[2])["export"].content) == 20_000_000


def test_the_task_calls_the_host(
    app: Flask, tenant: Tenant, network: responses.RequestsMock, capsys: Any
) -> None:
    run(BLOCKS[1])
    network.get(SPACE, json={"results": [1, 2]})
    task = app.extensions["celery"].tasks["calling_the_host.count_spaces"]
    task(tenant.client_key, None, [], {})
    assert capsys.readouterr().out == "2\n"


def test_the_long_answers_are_read_to_their_end(
    app_context: None, tenant: Tenant, network: responses.RequestsMock, capsys: Any
) -> None:
    pages = f"{signing.SITE}/api/v2/pages"
    link = {"next": "/wiki/api/v2/pages?cursor=b"}
    network.get(pages, json={"results": [{"title": "One"}], "_links": link})
    network.get(pages, json={"results": [{"title": "Two"}], "_links": {}})
    found = {"results": [{"title": "Hit"}], "totalSize": 1, "_links": {}}
    network.get(f"{signing.SITE}/rest/api/search", json=found)
    with acting_for(tenant):
        names = run(BLOCKS[3])
    assert names["titles"] == ["One", "Two"]
    assert capsys.readouterr().out == "page 1: 1 of 1\nHit\n"


def test_the_task_hands_on_where_it_was(
    app: Flask,
    app_context: None,
    tenant: Tenant,
    network: responses.RequestsMock,
    told: Told,
) -> None:
    run(BLOCKS[4])
    link = {"next": "/wiki/api/v2/pages?cursor=b"}
    network.get(f"{signing.SITE}/api/v2/pages", json={"results": [{}], "_links": link})
    task = app.extensions["celery"].tasks["calling_the_host.index"]
    task(tenant.client_key, None, [], {})
    [(_, message)] = told()
    assert message[2] == ["/wiki/api/v2/pages?cursor=b"]
