"""Trusted lifecycle events with a malformed body."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.connect.tenants.models import Tenant
from tests.connect.inbound.lifecycle_events import (
    EVENTS,
    Send,
    deliver,
    is_installed,
    token_for,
)
from tests.signing import (
    CLIENT_KEY,
    MISSING,
    SECRET,
    authorization,
    install_token,
    payload,
)

# Without the key a malformed body is a 401: nobody asks a key server because of it.
pytestmark = pytest.mark.usefixtures("key_at_hand")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"\xff\xfe\xff", id="not-text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"installed"', id="string"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b"[" * 30_000, id="deep"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deep-objects"),
        pytest.param(b'{"a": ' + b"9" * 10_000 + b"}", id="long-number"),
        pytest.param(b"clientKey=1", id="form"),
    ],
)
def test_a_trusted_body_that_is_no_event_is_a_bad_request(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    find: Callable[..., Tenant],
    event: str,
    body: bytes,
) -> None:
    before = find()
    answer = client.post(
        f"/{event}", data=body, headers=authorization(token_for(event))
    )
    assert answer.status_code == 400
    assert answer.json == {"error": "bad_request"}
    assert find() == before


REQUIRED = ("clientKey", "baseUrl")
OPTIONAL = (
    *("displayUrl", "productType", "oauthClientId", "installationId", "cloudId"),
    *("entitlementId", "entitlementNumber", "serviceEntitlementNumber"),
)


WRONG = [
    pytest.param(1, id="number"),
    pytest.param(True, id="bool"),
    pytest.param(["x"], id="list"),
    pytest.param({"a": 1}, id="object"),
    pytest.param("a\0b", id="nul"),
    pytest.param("a\ud800b", id="half-a-character"),
    pytest.param("a\nb", id="line-break"),
    pytest.param("a\u202eb", id="right-to-left"),
    pytest.param("x" * 256, id="long"),
]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", REQUIRED)
def test_a_required_field_that_does_not_fit_the_database_is_a_bad_request(
    app: Flask,
    client: FlaskClient,
    keys: responses.RequestsMock,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, "installed", token=install_token(), **{field: value})
    assert answer.status_code == 400
    assert not is_installed(app)
    assert deliver(client, "installed").status_code == 204


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", ["clientKey", "key", "eventType"])
@pytest.mark.parametrize("event", ["uninstalled", "enabled", "disabled"])
def test_a_field_of_another_event_is_a_bad_request_too(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, event, token=token_for(event), **{field: value})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(None, id="null"),
        pytest.param(1, id="number"),
        pytest.param(["x"], id="list"),
        pytest.param("s" * 401, id="401-bytes"),
        pytest.param("é" * 201, id="402-bytes-of-non-ascii"),
        pytest.param("\ud800", id="half-a-character"),
    ],
)
def test_a_malformed_secret_is_a_bad_request(
    app: Flask, send: Send, secret: Any
) -> None:
    assert send("installed", sharedSecret=secret).status_code == 400
    assert not is_installed(app)


@pytest.mark.parametrize("field", ["clientKey", "key", "eventType", "baseUrl"])
@pytest.mark.parametrize("value", [MISSING, None, ""], ids=["missing", "null", "empty"])
def test_a_required_field_is_required(
    app: Flask,
    client: FlaskClient,
    keys: responses.RequestsMock,
    field: str,
    value: Any,
) -> None:
    answer = deliver(client, "installed", token=install_token(), **{field: value})
    assert answer.status_code == 400
    assert not is_installed(app)


@pytest.mark.parametrize("value", [1, "private\0", "x" * 256])
@pytest.mark.parametrize("field", OPTIONAL)
def test_a_malformed_optional_field_does_not_keep_a_site_from_installing(
    send: Send,
    find: Callable[..., Tenant],
    caplog: pytest.LogCaptureFixture,
    field: str,
    value: Any,
) -> None:
    assert send("installed", **{field: value}).status_code == 204
    assert find().installed
    warning = f"ignored malformed fields: client_key={CLIENT_KEY}: {field}"
    assert warning in caplog.text
    assert "private" not in caplog.text


def test_a_display_url_that_is_not_public_is_not_stored(
    send: Send, find: Callable[..., Tenant]
) -> None:
    assert send("installed", displayUrl="http://127.0.0.1:6379").status_code == 204
    assert find().display_url == find().base_url
    # Nor is one kept from before.
    assert send("installed", displayUrl="https://wiki.example.com").status_code == 204
    assert find().display_url == "https://wiki.example.com"
    assert send("installed", displayUrl="https://10.0.0.1").status_code == 204
    assert find().display_url == find().base_url


def test_a_product_type_that_is_too_long_in_lower_case_is_ignored(
    send: Send, find: Callable[..., Tenant]
) -> None:
    """One character may become two in lower case."""
    assert send("installed", productType="\u0130" * 255).status_code == 204
    assert find().product_type == "confluence"
    assert send("installed", productType="\u0130" * 100).status_code == 204
    assert len(find().product_type) <= 255


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_over_64_kb_is_not_read(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    content_type: str,
) -> None:
    def status(size: int) -> int:
        body = json.dumps(payload(event)).encode()
        return client.post(
            f"/{event}",
            data=body + b" " * (size - len(body)),
            content_type=content_type,
            headers=authorization(token_for(event)),
        ).status_code

    assert status(65_537) == 413
    assert status(65_536) == 204


def test_an_untrusted_body_is_never_read(client: FlaskClient, tenant: Tenant) -> None:
    answer = client.post("/enabled", data=b"x" * 70_000)
    assert answer.status_code == 401
    answer = client.post("/enabled", data=b"x", headers=authorization("x"))
    assert answer.status_code == 401


def test_the_log_of_a_bad_body_holds_nothing_of_it(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    assert send("installed", key="private\0").status_code == 400
    assert "missing or malformed: key" in caplog.text
    assert "private" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("event", EVENTS)
def test_the_log_of_an_event_holds_no_secret(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    event: str,
) -> None:
    token = token_for(event)
    with caplog.at_level("DEBUG", logger="app"):
        assert deliver(client, event, token=token).status_code == 204
    assert f"{event}: client_key={CLIENT_KEY}" in caplog.text
    for private in (SECRET, *token.split(".")):
        assert private not in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    event=st.sampled_from(EVENTS),
    changes=st.dictionaries(
        st.sampled_from(
            [*REQUIRED, *OPTIONAL, "sharedSecret", "key", "eventType", "x"]
        ),
        json_values,
        max_size=3,
    ),
    raw=st.none() | st.binary(max_size=60),
)
def test_no_signed_body_is_a_500(
    client: FlaskClient,
    tenant: Tenant,
    keys: responses.RequestsMock,
    event: str,
    changes: dict[str, Any],
    raw: bytes | None,
) -> None:
    body = json.dumps(payload(event, **changes)).encode() if raw is None else raw
    answer = client.post(
        f"/{event}", data=body, headers=authorization(token_for(event))
    )
    assert answer.status_code in (204, 400, 401)
    assert deliver(client, "installed").status_code == 204
