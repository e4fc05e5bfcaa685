"""The example's webhook handler, from the delivery to the call to the host."""

import json

import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from app.connect.webhooks.archive import Filter
from app.connect.webhooks.models import Status
from app.connect.webhooks.wake_up import RUN
from app.pages.webhooks import NEWEST_PAGE
from tests import signing
from tests.connect.outbound.host import assert_signed

PROPERTY = (
    f"{signing.SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
    f"/properties/{NEWEST_PAGE}"
)


def test_the_newest_page_is_remembered(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    body = {"timestamp": 1, "page": {"id": 98421, "title": "Plan", "spaceKey": "DS"}}
    token = signing.host_token("POST", "/webhooks/page_created")
    answer = client.post(
        "/webhooks/page_created", json=body, headers=signing.authorization(token)
    )
    assert answer.status_code == 204
    archive = app.extensions["connect.webhooks"].archive
    with app.app_context(), responses.RequestsMock() as network:
        network.put(PROPERTY, status=201)
        [kept] = archive.iterate(Filter())
        app.extensions["celery"].tasks[RUN](kept.id)
        [kept] = archive.iterate(Filter())
        sent = network.calls[0].request
    assert (kept.status, kept.error) == (Status.DONE, None)
    assert json.loads(sent.body or b"") == {"id": 98421}
    assert_signed(sent)
