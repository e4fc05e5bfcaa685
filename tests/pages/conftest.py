"""Fixtures that open the example's pages and call its API, as Confluence does."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import app.pages  # Its webhook handlers: what is added during a test is forgotten.
from app.connect.tenants.models import Tenant
from tests import signing

Opener = Callable[..., TestResponse]


@pytest.fixture
def author() -> ModuleType:
    """The app of this repository, instead of the one of the framework's tests."""
    return app


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    """The settings, with a note of what the pages call: flask connect scopes."""
    key = {"CONNECT_APP_KEY": signing.APP_KEY}
    return {**config, **key, "CONNECT_RECORD_CALLS": "yes"}


@pytest.fixture
def open_page(client: FlaskClient, tenant: Tenant) -> Opener:
    """Open a page with the token in its URL; the fields are the token's claims."""

    def open_page(path: str, *, accept: str = "text/html", **claims: Any) -> Any:
        token = signing.host_token("GET", path, **claims)
        separator = "&" if "?" in path else "?"
        return client.get(f"{path}{separator}jwt={token}", headers={"Accept": accept})

    return open_page


@pytest.fixture
def call_api(client: FlaskClient, tenant: Tenant) -> Opener:
    """Call an endpoint with a context JWT; *claims* change it."""

    def call_api(
        method: str, path: str, *, claims: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        headers = signing.authorization(signing.context_token(**(claims or {})))
        return client.open(path, method=method, headers=headers, **options)

    return call_api
