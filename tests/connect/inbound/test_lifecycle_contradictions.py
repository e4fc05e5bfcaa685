"""Lifecycle events whose body contradicts their token, or names a strange host."""

from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from app.extensions import db
from tests.connect.inbound.lifecycle_events import (
    EVENTS,
    Send,
    deliver,
    is_installed,
    token_for,
)
from tests.example import create_app


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("other", EVENTS)
def test_the_body_of_another_event_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    other: str,
) -> None:
    answer = deliver(client, event, token=token_for(event), eventType=other)
    assert answer.status_code == (204 if other == event else 401)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("other", EVENTS)
def test_the_token_of_another_event_is_refused(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    other: str,
) -> None:
    answer = deliver(client, event, token=token_for(other))
    assert answer.status_code == (204 if other == event else 401)


@pytest.mark.parametrize(
    "base_url",
    [
        pytest.param("http://example.atlassian.net/wiki", id="http"),
        pytest.param("ftp://example.atlassian.net/wiki", id="ftp"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("//example.atlassian.net/wiki", id="no-scheme"),
        pytest.param("example.atlassian.net/wiki", id="no-scheme-at-all"),
        pytest.param("https://u@example.atlassian.net/wiki", id="user"),
        pytest.param("https://u:p@example.atlassian.net/wiki", id="password"),
        pytest.param("https://evil.example\\@x.atlassian.net", id="back-slash"),
        pytest.param("https://evil.example/\\x.atlassian.net", id="back-slash-in-path"),
        pytest.param("https://evil.example#.atlassian.net", id="fragment-for-host"),
        pytest.param("https://evil.example?.atlassian.net", id="query-for-host"),
        pytest.param("https://example.atlassian.net/wiki?a=1", id="query"),
        pytest.param("https://example.atlassian.net/wiki#a", id="fragment"),
        pytest.param("https://example.atlassian.net/wiki/../x", id="dot-dot"),
        pytest.param("https://example.atlassian.net/%2e%2e", id="escape"),
        pytest.param("https://example.atlassian.net//wiki", id="two-slashes"),
        pytest.param("https://example.atlassian.net.evil.example", id="longer-host"),
        pytest.param("https://evilatlassian.net", id="suffix-without-a-dot"),
        pytest.param("https://atlassian.net", id="the-suffix-itself"),
        pytest.param("https://.atlassian.net", id="empty-label"),
        pytest.param("https://evil.example/.atlassian.net", id="suffix-in-path"),
        pytest.param("https://example.atlassian.net.", id="dot-at-the-end"),
        pytest.param("https://example.atlassian.net:0/wiki", id="port-0"),
        pytest.param("https://example.atlassian.net:65536/wiki", id="port-too-high"),
        pytest.param("https://example.atlassian.net:x/wiki", id="port-no-number"),
        pytest.param("https://ex ample.atlassian.net", id="space"),
        pytest.param("https://exämple.atlassian.net", id="non-ascii"),
        pytest.param("https://example.atlassian。net", id="ideographic-dot"),
        pytest.param("https://127.0.0.1/wiki", id="address"),
        pytest.param("https://169.254.169.254", id="link-local"),
        pytest.param("http://localhost:8090/wiki", id="loopback-is-not-allowed-here"),
        pytest.param("https://[::1]/wiki", id="ipv6"),
        pytest.param("https://", id="no-host"),
    ],
)
def test_an_untrusted_base_url_is_refused(
    app: Flask, send: Send, base_url: str
) -> None:
    assert send("installed", baseUrl=base_url).status_code == 401
    assert not is_installed(app)


@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        pytest.param("http://localhost:8090/wiki", 204, id="loopback"),
        pytest.param("http://localhost.:8090/wiki", 401, id="dot"),
        pytest.param("http://sub.localhost:8090/wiki", 401, id="below-an-exact-entry"),
        pytest.param("https://example.atlassian.net/wiki", 401, id="no-longer-allowed"),
    ],
)
def test_the_allowed_hosts_are_a_setting(
    config: dict[str, Any],
    app: Flask,
    keys: responses.RequestsMock,
    base_url: str,
    status: int,
) -> None:
    local = create_app({**config, "CONNECT_ALLOWED_HOSTS": "localhost"})
    answer = deliver(local.test_client(), "installed", baseUrl=base_url)
    assert answer.status_code == status
    with local.app_context():
        db.engine.dispose()
