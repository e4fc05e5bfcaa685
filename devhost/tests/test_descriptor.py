"""Descriptors: which can be installed, and the messages of refusals."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from devhost.descriptor.document import (
    MAX_BYTES,
    InstallError,
    check_descriptor,
    fetch_descriptor,
    parse_descriptor,
)
from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.products import CONFLUENCE
from tests.fake_app import DESCRIPTOR, FakeApp

URL = "http://127.0.0.1:9/atlassian-connect.json"
GOOD: dict[str, Any] = {**DESCRIPTOR, "baseUrl": "http://127.0.0.1:9"}


def check(descriptor: Any, url: str = URL) -> dict[str, Any]:
    """Do what ``fetch_descriptor`` does with a response from *url*."""
    is_text = isinstance(descriptor, bytes)
    parsed = parse_descriptor(
        descriptor if is_text else json.dumps(descriptor).encode()
    )
    check_descriptor(parsed, fetched_from=urlsplit(url), product=CONFLUENCE)
    return parsed


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def with_page(**changes: Any) -> dict[str, Any]:
    page = {"key": "p", "name": {"value": "P"}, "url": "/p", **changes}
    kept = {name: value for name, value in page.items() if value is not None}
    return {**GOOD, "modules": {"generalPages": [kept]}}


@pytest.mark.parametrize(
    "descriptor",
    [
        pytest.param(GOOD, id="complete"),
        pytest.param(without("modules"), id="no-modules"),
        pytest.param({**GOOD, "scopes": ["read", "ACT_AS_USER"]}, id="scope-cases"),
        pytest.param({**GOOD, "future": 1}, id="unknown-property"),
        pytest.param({**GOOD, "baseUrl": "http://localhost:9/base/"}, id="loopback"),
        pytest.param(
            {
                **GOOD,
                "modules": {
                    "configurePage": {"key": "c", "name": {"value": "C"}, "url": "/c"},
                    "webItems": [
                        {
                            "key": "w",
                            "name": {"value": "W"},
                            "location": "x",
                            "url": "https://example.com",
                        }
                    ],
                    "webhooks": [{"event": "page_created", "url": "/hook"}],
                },
            },
            id="module-kinds",
        ),
    ],
)
def test_a_valid_descriptor_is_accepted(descriptor: dict[str, Any]) -> None:
    assert check(descriptor) == descriptor


def test_an_https_app_fetched_from_its_own_address_is_accepted() -> None:
    url = "https://app.example.com/atlassian-connect.json"
    descriptor = {**GOOD, "baseUrl": "https://app.example.com"}
    assert check(descriptor, url) == descriptor


@pytest.mark.parametrize(
    ("descriptor", "says"),
    [
        pytest.param(b"{", "JSON is not well-formed", id="not-json"),
        pytest.param(b"\xff", "JSON is not well-formed", id="not-utf-8"),
        pytest.param(b"[" * 100_000, "JSON is not well-formed", id="deep"),
        pytest.param(b"[]", "must be a JSON object", id="array"),
        pytest.param(without("key"), "key: write", id="no-key"),
        pytest.param({**GOOD, "key": "a b"}, "key: write", id="key-pattern"),
        pytest.param({**GOOD, "key": "a" * 81}, "key: write", id="long-key"),
        pytest.param({**GOOD, "key": 5}, "key: write", id="key-type"),
        pytest.param(without("name"), "name: write", id="no-name"),
        pytest.param(without("authentication"), "authentication", id="no-auth"),
        pytest.param(
            {**GOOD, "authentication": {"type": "x"}},
            "authentication: write",
            id="auth",
        ),
        pytest.param(without("baseUrl"), "baseUrl: write", id="no-base-url"),
        pytest.param({**GOOD, "baseUrl": "ftp://x"}, "baseUrl: write", id="scheme"),
        pytest.param(
            {**GOOD, "baseUrl": "http://[::1"}, "baseUrl: write", id="malformed"
        ),
        pytest.param(
            {**GOOD, "baseUrl": "http://example.com"}, "begin with https", id="plain"
        ),
        pytest.param(
            {**GOOD, "baseUrl": "http://127.0.0.1:9?a"}, "no user, query", id="query"
        ),
        pytest.param(
            {**GOOD, "baseUrl": "http://127.0.0.1:10"},
            "write http://127.0.0.1:9",
            id="other-port",
        ),
        pytest.param({**GOOD, "lifecycle": []}, "lifecycle: write", id="lifecycle"),
        pytest.param(
            {**GOOD, "lifecycle": {"installed": "https://x/installed"}},
            "lifecycle.installed: write",
            id="absolute-callback",
        ),
        pytest.param(
            {**GOOD, "lifecycle": {"enabled": "/e"}},
            'did not specify an "installed" lifecycle callback',
            id="no-installed",
        ),
        pytest.param({**GOOD, "scopes": "READ"}, "scopes: write", id="scopes-type"),
        pytest.param({**GOOD, "scopes": ["FLY"]}, "unknown scope 'FLY'", id="scope"),
        pytest.param({**GOOD, "scopes": ["Read"]}, "unknown scope", id="mixed-case"),
        pytest.param({**GOOD, "scopes": [[]]}, "unknown scope", id="scope-type"),
        pytest.param({**GOOD, "modules": []}, "modules: must be", id="modules-type"),
        pytest.param(
            {**GOOD, "modules": {"robots": []}}, "unknown module", id="module-type"
        ),
        pytest.param(
            {**GOOD, "modules": {"generalPages": {}}}, "must be an array", id="object"
        ),
        pytest.param(
            {**GOOD, "modules": {"generalPages": ["x"]}},
            "modules.generalPages[0]: must be an object",
            id="not-an-object",
        ),
        pytest.param(with_page(url=None), "generalPages[0].url: is required", id="url"),
        pytest.param(with_page(url=5), "url: must be a string", id="url-type"),
        pytest.param(
            with_page(url="//evil"), "url: must be relative", id="protocol-relative"
        ),
        pytest.param(with_page(key="a_b"), "key: must match", id="module-key"),
        pytest.param(with_page(key=["a"]), "key: must match", id="module-key-type"),
        pytest.param(with_page(name="P"), "name: must be an object", id="module-name"),
        pytest.param(with_page(location=1), "location: must be", id="location"),
        pytest.param(
            {
                **GOOD,
                "modules": {
                    "generalPages": [
                        {"key": "p", "name": {"value": "P"}, "url": "/p"},
                        {"key": "p", "name": {"value": "P"}, "url": "/p"},
                    ]
                },
            },
            "has duplicate module keys: [p]. Please contact the app vendor.",
            id="duplicate",
        ),
    ],
)
def test_an_invalid_descriptor_is_refused_with_its_fault(
    descriptor: Any, says: str
) -> None:
    with pytest.raises(InstallError) as refusal:
        check(descriptor)
    assert says in str(refusal.value)


@pytest.mark.parametrize("url", ["", "x", "ftp://x/y", "http://", "http://[::1"])
def test_an_address_that_is_not_an_http_url_is_refused(url: str) -> None:
    with pytest.raises(InstallError, match="is not an http"):
        fetch_descriptor(url)


def test_the_message_says_that_the_app_is_not_running(
    desk: Callable[..., requests.Response],
) -> None:
    answer = desk("install", descriptorUrl="http://127.0.0.1:1/atlassian-connect.json")
    assert answer.status_code == 400
    assert "Is the app running there?" in answer.json()["error"]


def test_the_message_contains_the_apps_status(
    app: FakeApp, desk: Callable[..., requests.Response]
) -> None:
    answer = desk("install", descriptorUrl=f"{app.base_url}/a/b")
    assert "the app answered 404" in answer.json()["error"]


def test_a_descriptor_of_more_than_a_megabyte_is_refused(app: FakeApp) -> None:
    app.descriptor["filler"] = ""
    rest = len(requests.get(app.descriptor_url, timeout=30).content)
    app.descriptor["filler"] = "x" * (MAX_BYTES - rest)
    assert fetch_descriptor(app.descriptor_url) == app.descriptor
    app.descriptor["filler"] += "x"
    with pytest.raises(InstallError, match=f"larger than {MAX_BYTES} bytes"):
        fetch_descriptor(app.descriptor_url)


def test_a_refused_descriptor_leaves_nothing_behind(
    confluence: LocalConfluence, app: FakeApp, desk: Callable[..., requests.Response]
) -> None:
    app.descriptor["scopes"] = ["FLY"]
    assert desk("install", descriptorUrl=app.descriptor_url).status_code == 400
    assert confluence.site.get(Installations).all() == []
    assert app.received == []


def test_a_descriptor_must_be_a_json_object() -> None:
    assert parse_descriptor(b'{"key": "x"}') == {"key": "x"}
