"""Fixtures for the framework's tests: stored tenants, and incoming webhooks."""

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from flask import Flask
from flask.testing import FlaskClient
from kombu.exceptions import OperationalError
from werkzeug.test import TestResponse

from app.connect import WebhookDelivery, webhook
from app.connect.tenants.models import Tenant
from app.connect.tenants.store import TenantStore
from app.connect.webhooks.archive import Filter
from app.connect.webhooks.inbox import Inbox
from app.connect.webhooks.models import DeliveryState
from app.connect.webhooks.state import WebhooksState
from tests import signing
from tests.connect.tenants.stored_tenants import Install, installation, store_with

EVENT = "page_updated"
BODY: dict[str, Any] = {
    "timestamp": 1_763_712_000_000,
    "userAccountId": "canary-user",
    "page": {"id": 98421, "title": "Canary title", "new field": [1, None]},
}
Deliver = Callable[..., TestResponse]
Told = Callable[[], list[tuple[str, list[Any]]]]


@pytest.fixture
def webhooks(app: Flask) -> WebhooksState:
    state: WebhooksState = app.extensions["connect.webhooks"]
    return state


@pytest.fixture
def inbox(webhooks: WebhooksState, app_context: None) -> Inbox:
    return webhooks.inbox


@pytest.fixture
def handled() -> list[WebhookDelivery]:
    """The deliveries that the handler of EVENT was called with."""
    found: list[WebhookDelivery] = []
    webhook(EVENT)(found.append)
    return found


@pytest.fixture
def deliver(
    client: FlaskClient, tenant: Tenant, handled: list[WebhookDelivery]
) -> Deliver:
    """Send a webhook as the host does; keyword arguments are the client's."""

    def send(
        event: str = EVENT, *, claims: dict[str, Any] | None = None, **sent: Any
    ) -> TestResponse:
        url = f"/webhooks/{event}"
        token = signing.host_token("POST", url, **(claims or {}))
        headers = {**signing.authorization(token), **sent.pop("headers", {})}
        if not sent:
            sent = {"json": BODY}
        return client.post(url, headers=headers, **sent)

    return send


@pytest.fixture
def told(app: Flask) -> Told:
    """Take the waiting messages from the broker: task names with arguments."""
    celery: Celery = app.extensions["celery"]

    def take() -> list[tuple[str, list[Any]]]:
        found = []
        app.extensions["connect.webhooks"].wake_up.wait()
        with celery.connection_for_read() as connection:
            queue = connection.SimpleQueue(celery.conf.task_default_queue)
            try:
                while True:
                    message = queue.get(block=False)
                    message.ack()
                    args = message.payload[0]
                    found.append((message.headers["task"], args))
            except queue.Empty:
                return found
            finally:
                queue.close()

    return take


@pytest.fixture
def deliveries(
    webhooks: WebhooksState, app_context: None
) -> Callable[[], list[DeliveryState]]:
    """Return the deliveries in the inbox, newest first."""
    return lambda: list(webhooks.archive.iterate(Filter()))


@pytest.fixture
def broken_broker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the broker unreachable."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("canary")

    monkeypatch.setattr("kombu.transport.memory.Channel._put", fail)


@pytest.fixture
def store(app_context: None) -> TenantStore:
    return store_with()


@pytest.fixture
def install(store: TenantStore) -> Install:
    def put(issued_at: float = 1.0, **changes: Any) -> Any:
        return store.install(installation(**changes), issued_at=issued_at)

    return put
