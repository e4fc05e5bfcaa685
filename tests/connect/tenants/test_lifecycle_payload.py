"""Parsing of lifecycle bodies; the callbacks' tests vary all the fields."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.connect.errors import MalformedBodyError
from app.connect.tenants.lifecycle_payload import (
    read_installation,
    read_lifecycle_event,
)
from tests.signing import APP_KEY, CLIENT_KEY, MISSING, SECRET, SITE, payload


def body(event: str = "installed", **changes: Any) -> bytes:
    return json.dumps(payload(event, **changes)).encode()


def test_an_installation_is_parsed() -> None:
    installation = read_installation(body(unknown=1))
    assert installation.client_key == CLIENT_KEY
    assert installation.key == APP_KEY
    assert installation.event_type == "installed"
    assert installation.shared_secret == SECRET
    assert installation.base_url == SITE
    assert installation.cloud_id is None
    assert SECRET not in repr(installation)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        pytest.param(
            "sharedSecret", ["x", "é" * 200], ["", "é" * 200 + "x"], id="long"
        ),
        pytest.param("sharedSecret", ["\ue000"], ["\ud800", "\udfff"], id="no text"),
        pytest.param("clientKey", ["x", "x" * 255], ["", "x" * 256], id="name"),
    ],
)
def test_a_field_is_taken_up_to_its_limit(
    name: str, good: list[str], bad: list[str]
) -> None:
    for value in good:
        read_installation(body(**{name: value}))
    for value in bad:
        with pytest.raises(MalformedBodyError, match=f": {name}$"):
            read_installation(body(**{name: value}))


def test_the_other_events_need_less() -> None:
    event = read_lifecycle_event(body("enabled", baseUrl=MISSING, sharedSecret=1))
    assert (event.client_key, event.event_type) == (CLIENT_KEY, "enabled")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_json_is_read_in_its_encodings(encoding: str) -> None:
    text = json.dumps(payload()).encode(encoding)
    assert read_installation(text).client_key == CLIENT_KEY


@pytest.mark.parametrize("read", [read_installation, read_lifecycle_event])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"", "the body is not JSON", id="empty"),
        pytest.param(b"{'a': 1}", "the body is not JSON", id="single-quotes"),
        pytest.param(b"[" * 100_000, "the body is not JSON", id="deep"),
        pytest.param(b"1" * 5_000, "the body is not JSON", id="long-number"),
        pytest.param(b"\xff\xff", "the body is not JSON", id="not-text"),
        pytest.param(b"null", "missing or malformed: _schema", id="null"),
        pytest.param(b"[1]", "missing or malformed: _schema", id="list"),
        pytest.param(b"1", "missing or malformed: _schema", id="number"),
    ],
)
def test_the_error_says_what_is_wrong_with_a_body(
    read: Any, text: bytes, message: str
) -> None:
    with pytest.raises(MalformedBodyError, match=f"^{message}$"):
        read(text)


def test_the_error_names_every_wrong_field_but_no_value() -> None:
    text = body(clientKey="private\0", sharedSecret="", key=MISSING)
    with pytest.raises(MalformedBodyError) as caught:
        read_installation(text)
    assert str(caught.value) == "missing or malformed: clientKey, key, sharedSecret"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


OPTIONAL = {
    "displayUrl": "display_url",
    "productType": "product_type",
    "oauthClientId": "oauth_client_id",
    "installationId": "installation_id",
    "cloudId": "cloud_id",
    "entitlementId": "entitlement_id",
    "entitlementNumber": "entitlement_number",
    "serviceEntitlementNumber": "service_entitlement_number",
}


@pytest.mark.parametrize(
    "value", [1, True, ["x"], {"a": 1}, "a\0b", "\ud800", "x" * 256]
)
@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_field_that_is_malformed_is_ignored(name: str, value: Any) -> None:
    installation = read_installation(body(**{name: value}))
    without = read_installation(body("installed", **{name: MISSING}))
    assert installation.ignored == (name,)
    assert replace(installation, ignored=()) == without


def test_every_optional_field_may_be_malformed_at_once() -> None:
    malformed: dict[str, Any] = dict.fromkeys(OPTIONAL, "a\nb")
    installation = read_installation(body(**malformed))
    assert installation.ignored == tuple(sorted(OPTIONAL))
    assert installation.product_type == "confluence"


@pytest.mark.parametrize(
    "url",
    [
        *("http://wiki.example.com", "https://u@h.example", "https://h.example;x", "x"),
        *("http://127.0.0.1:6379", "https://169.254.169.254", "https://localhost"),
        *("https://bücher.example", "https://evil.example/../x", "//evil.example"),
    ],
)
def test_a_display_url_that_is_not_public_is_ignored(url: str) -> None:
    installation = read_installation(body(displayUrl=url))
    assert installation.display_url is None
    assert installation.ignored == ("displayUrl",)


def test_a_display_url_is_ignored_if_the_base_url_is_malformed() -> None:
    installation = read_installation(body(baseUrl="x", displayUrl="https://d.example"))
    assert (installation.base_url, installation.display_url) == ("x", None)


def test_a_loopback_display_url_goes_with_a_loopback_base_url() -> None:
    local = {"baseUrl": "http://localhost:8090", "displayUrl": "http://127.0.0.1:8090"}
    assert read_installation(body(**local)).display_url == "http://127.0.0.1:8090"


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        pytest.param("displayUrl", "https://D.example/", "https://d.example", id="url"),
        pytest.param("displayUrl", "", None, id="empty-url"),
        pytest.param("productType", "JIRA", "jira", id="product"),
        pytest.param("productType", None, "confluence", id="no-product"),
        pytest.param("cloudId", "c" * 255, "c" * 255, id="longest"),
        pytest.param("cloudId", "", None, id="empty"),
        pytest.param("entitlementId", "Größe 1", "Größe 1", id="non-ascii"),
    ],
)
def test_a_field_is_parsed(name: str, sent: Any, read: Any) -> None:
    installation = read_installation(body(**{name: sent}))
    assert getattr(installation, OPTIONAL[name]) == read
    assert installation.ignored == ()
