"""The webhook endpoint: its answers, and what it stores."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.connect import WebhookDelivery, find_tenant, webhook
from app.connect.tenants.models import Tenant
from app.connect.webhooks.models import DeliveryRecord, DeliveryState, Status
from app.connect.webhooks.receive import MAX_BODY_BYTES
from app.connect.webhooks.state import WebhooksState
from app.connect.webhooks.wake_up import RUN
from app.extensions import db
from tests import signing
from tests.connect.conftest import BODY, EVENT, Deliver, Told

Deliveries = Callable[[], list[DeliveryState]]


def test_a_delivery_is_kept_and_a_worker_is_told_of_its_id_alone(
    deliver: Deliver, deliveries: Deliveries, told: Told, handled: list[Any]
) -> None:
    answer = deliver()
    assert (answer.status_code, answer.data) == (204, b"")
    [kept] = deliveries()
    assert (kept.client_key, kept.event) == (signing.CLIENT_KEY, EVENT)
    assert (kept.status, kept.attempts, kept.error) == (Status.RECEIVED, 0, None)
    assert told() == [(RUN, [kept.id])]
    assert handled == []


def test_nothing_of_the_customer_is_stored_in_clear(
    deliver: Deliver, app_context: None
) -> None:
    assert deliver(claims={"context": {"space": "canary"}}).status_code == 204
    row = db.session.execute(select(DeliveryRecord)).scalar_one()
    stored = " ".join(str(value) for value in vars(row).values())
    assert "anary" not in stored
    assert signing.ACCOUNT_ID not in stored


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=UTF-8",
        "Application/JSON",
        "application/cloudevents+json",
        "application/vnd.atlassian.webhook+json;v=1",
    ],
)
def test_a_body_of_any_json_type_is_kept_with_every_field(
    deliver: Deliver,
    deliveries: Deliveries,
    webhooks: WebhooksState,
    content_type: str,
) -> None:
    answer = deliver(data=json.dumps(BODY), content_type=content_type)
    assert answer.status_code == 204
    [kept] = deliveries()
    payload = webhooks.archive.read(kept.id)
    assert payload is not None
    assert payload.parse_body() == BODY


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_body_in_any_encoding_of_json_is_kept(
    deliver: Deliver,
    deliveries: Deliveries,
    webhooks: WebhooksState,
    encoding: str,
) -> None:
    sent = '{"timestamp": 1, "title": "Größe 😀"}'.encode(encoding)
    assert deliver(data=sent, content_type="application/json").status_code == 204
    payload = webhooks.archive.read(deliveries()[0].id)
    assert payload is not None
    assert payload.parse_body() == {"timestamp": 1, "title": "Größe 😀"}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_webhook_without_a_body_is_kept(
    deliver: Deliver,
    deliveries: Deliveries,
    webhooks: WebhooksState,
    content_type: str,
) -> None:
    assert deliver(data=b"", content_type=content_type).status_code == 204
    payload = webhooks.archive.read(deliveries()[0].id)
    assert payload is not None
    assert payload.parse_body() is None


@pytest.mark.parametrize(
    ("sent", "content_type"),
    [
        pytest.param(b'{"timestamp": 1}', "text/plain", id="type"),
        pytest.param(b'{"timestamp": 1}', "application/jsonp", id="type-near"),
        pytest.param(b'{"timestamp": 1', "application/json", id="cut"),
        pytest.param(b'{"timestamp": NaN}', "application/json", id="not-a-number"),
        pytest.param(b'{"a": "\xff"}', "application/json", id="not-utf-8"),
        pytest.param(b"[" * 100_000, "application/json", id="deep"),
        pytest.param(b"1" * 5000, "application/json", id="long-number"),
        pytest.param(b" ", "application/json", id="blank"),
    ],
)
def test_a_malformed_body_is_answered_400_and_not_kept(
    deliver: Deliver, deliveries: Deliveries, sent: bytes, content_type: str
) -> None:
    answer = deliver(data=sent, content_type=content_type)
    assert (answer.status_code, answer.json) == (400, {"error": "bad_request"})
    assert deliveries() == []


@pytest.mark.parametrize(
    "sent", [b"null", b"[]", b'"text"', b'{"a": "\\ud800\\u0000"}']
)
def test_any_json_value_is_kept(
    deliver: Deliver, deliveries: Deliveries, webhooks: WebhooksState, sent: bytes
) -> None:
    assert deliver(data=sent, content_type="application/json").status_code == 204
    payload = webhooks.archive.read(deliveries()[0].id)
    assert payload is not None
    assert payload.parse_body() == json.loads(sent)


@pytest.mark.parametrize(("beyond", "status"), [(0, 204), (1, 413)])
def test_a_body_has_a_greatest_size(
    deliver: Deliver, deliveries: Deliveries, beyond: int, status: int
) -> None:
    padding = "x" * (MAX_BODY_BYTES - len('""') + beyond)
    answer = deliver(data=f'"{padding}"', content_type="application/json")
    assert answer.status_code == status
    assert len(deliveries()) == 1 - beyond


@pytest.mark.parametrize(
    ("claims", "sent"),
    [
        pytest.param({"qsh": "context-qsh"}, BODY, id="context-token"),
        pytest.param({"secret": signing.OTHER_SECRET}, BODY, id="other-secret"),
        pytest.param({"exp": 1}, BODY, id="expired"),
        pytest.param({"iss": "stranger"}, BODY, id="other-tenant"),
    ],
)
def test_an_untrusted_webhook_is_refused_and_not_kept(
    deliver: Deliver,
    deliveries: Deliveries,
    told: Told,
    claims: dict[str, Any],
    sent: Any,
) -> None:
    assert deliver(claims=claims, json=sent).status_code == 401
    assert deliveries() == []
    assert told() == []


def test_a_token_of_one_event_delivers_no_other(
    client: FlaskClient, tenant: Tenant, handled: list[Any], deliveries: Deliveries
) -> None:
    token = signing.host_token("POST", "/webhooks/page_removed")
    answer = client.post(
        f"/webhooks/{EVENT}", json=BODY, headers=signing.authorization(token)
    )
    assert answer.status_code == 401
    assert deliveries() == []


def test_a_bad_token_is_refused_before_the_body_is_looked_at(
    client: FlaskClient, tenant: Tenant
) -> None:
    answer = client.post(
        "/webhooks/nothing", data=b"{", content_type="application/json"
    )
    assert answer.status_code == 401


def test_an_event_that_nothing_handles_is_not_found(
    deliver: Deliver, deliveries: Deliveries, caplog: pytest.LogCaptureFixture
) -> None:
    assert deliver("space_removed").status_code == 404
    assert "webhook 'space_removed' has no handler" in caplog.text
    assert deliveries() == []


@pytest.mark.parametrize("status", ["disabled", "uninstalled"])
def test_a_tenant_that_is_gone_delivers_nothing(
    app: Flask, deliver: Deliver, deliveries: Deliveries, status: str
) -> None:
    tenants = app.extensions["connect"].tenants
    tenant = find_tenant(signing.CLIENT_KEY)
    assert tenant is not None
    later = tenant.installed_at.timestamp() + 60
    if status == "disabled":
        tenants.set_enabled(signing.CLIENT_KEY, enabled=False, issued_at=later)
    else:
        tenants.uninstall(signing.CLIENT_KEY, issued_at=later)
    assert deliver().status_code == 401
    assert deliveries() == []


def test_the_same_delivery_is_kept_once(
    deliver: Deliver, deliveries: Deliveries, told: Told
) -> None:
    assert deliver().status_code == 204
    assert deliver().status_code == 204
    assert len(deliveries()) == 1
    assert len(told()) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"json": BODY}, {"json": BODY | {"timestamp": 2}}, id="another-time"
        ),
        pytest.param(
            {"json": {"page": 1}, "claims": {"iat": 1_000_000_000}},
            {"json": {"page": 1}, "claims": {"iat": 1_000_000_001}},
            id="no-time-but-another-token",
        ),
        pytest.param(
            {"data": b"", "claims": {"iat": 1_000_000_000}},
            {"data": b"", "claims": {"iat": 1_000_000_001}},
            id="no-body-but-another-token",
        ),
        pytest.param(
            {"json": BODY, "headers": {"X-Atlassian-Webhook-Identifier": "1"}},
            {"json": BODY, "headers": {"X-Atlassian-Webhook-Identifier": "2"}},
            id="another-identifier",
        ),
    ],
)
def test_two_deliveries_are_kept_twice(
    deliver: Deliver,
    deliveries: Deliveries,
    one: dict[str, Any],
    other: dict[str, Any],
) -> None:
    assert deliver(**one).status_code == 204
    assert deliver(**other).status_code == 204
    assert len(deliveries()) == 2


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(
            {"json": BODY, "headers": {"X-Atlassian-Webhook-Identifier": "1"}},
            id="identifier",
        ),
        pytest.param(
            {"json": {}, "headers": {"X-Atlassian-Webhook-Identifier": "1"}},
            id="identifier-with-another-body",
        ),
    ],
)
def test_the_hosts_identifier_names_a_delivery(
    deliver: Deliver, deliveries: Deliveries, again: dict[str, Any]
) -> None:
    header = {"X-Atlassian-Webhook-Identifier": "1"}
    assert deliver(json=BODY, headers=header).status_code == 204
    assert deliver(**again).status_code == 204
    assert len(deliveries()) == 1


def test_two_events_with_one_body_are_kept_twice(
    deliver: Deliver, deliveries: Deliveries
) -> None:
    webhook("page_moved")(lambda delivery: None)
    assert deliver().status_code == 204
    assert deliver("page_moved").status_code == 204
    assert len(deliveries()) == 2


def test_a_broker_that_is_down_leaves_a_delivery_to_the_next_sweep(
    deliver: Deliver,
    deliveries: Deliveries,
    webhooks: WebhooksState,
    broken_broker: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert deliver().status_code == 204
    [kept] = deliveries()
    assert kept.status is Status.RECEIVED
    webhooks.wake_up.wait()
    assert "webhooks wait for the next sweep" in caplog.text
    [claim] = webhooks.inbox.claim(max_attempts=1).claims
    assert claim.id == kept.id


@pytest.mark.usefixtures("expendable_tables")
def test_a_delivery_that_cannot_be_stored_is_not_answered_204(
    deliver: Deliver, app_context: None
) -> None:
    db.session.execute(text("DROP TABLE webhook_delivery"))
    db.session.commit()
    answer = deliver()
    assert (answer.status_code, answer.json) == (503, {"error": "unavailable"})
    assert answer.headers["Retry-After"]


def test_the_handler_is_called_with_what_arrived(
    app: Flask, deliver: Deliver, told: Told, handled: list[WebhookDelivery]
) -> None:
    deliver()
    [(name, args)] = told()
    app.extensions["celery"].tasks[name](*args)
    [delivery] = handled
    assert (delivery.event, delivery.body, delivery.attempt) == (EVENT, BODY, 1)
