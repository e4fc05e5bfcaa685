"""Impersonation: which assertions are accepted, and what an access token allows."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.users import ORDINARY_USER
from devhost.tokens.oauth import (
    ATLASSIAN_AUDIENCE,
    GRANT_TYPE,
    AuthorizationServer,
    with_implied,
)
from tests.fake_app import APP_KEY, FakeApp, serve_app

Post = Callable[..., requests.Response]
CURRENT = "/rest/api/user/current"
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"


@dataclass(frozen=True)
class FromNow:
    """A time counted from the start of the test, whenever it was collected."""

    seconds: int


@pytest.fixture
def acting(confluence: LocalConfluence, desk: Post) -> Iterator[FakeApp]:
    """An installed app that is allowed to impersonate."""
    settings = {"scopes": ["WRITE", "ACT_AS_USER"]}
    with serve_app(confluence, descriptor=settings) as app:
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
        yield app


def assertion(
    confluence: LocalConfluence, app: FakeApp, key: str = "", **changes: Any
) -> str:
    now = int(time.time())
    client_id = app.events("installed")[-1].body["oauthClientId"]
    claims = {
        "iss": f"urn:atlassian:connect:clientid:{client_id}",
        "sub": f"urn:atlassian:connect:useraccountid:{ORDINARY_USER.account_id}",
        "tnt": confluence.base_url,
        "aud": ATLASSIAN_AUDIENCE,
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    kept = {
        name: now + value.seconds if isinstance(value, FromNow) else value
        for name, value in claims.items()
        if value is not None
    }
    return jwt.encode(kept, key or app.secret, algorithm="HS256")


def ask(confluence: LocalConfluence, token: str, **form: Any) -> requests.Response:
    body = {"grant_type": GRANT_TYPE, "assertion": token, **form}
    url = f"{confluence.origin}/oauth2/token"
    return requests.post(url, data=body, timeout=30)


def get(confluence: LocalConfluence, path: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(confluence.base_url + path, headers=headers, timeout=30)


def test_an_access_token_calls_as_that_user(
    confluence: LocalConfluence, acting: FakeApp
) -> None:
    answer = ask(confluence, assertion(confluence, acting))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    current = get(confluence, CURRENT, body["access_token"]).json()
    assert current["accountId"] == ORDINARY_USER.account_id
    assert get(confluence, MODULES, body["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        pytest.param(None, "ACT_AS_USER NONE READ WRITE", id="all-of-the-app"),
        pytest.param("READ", "NONE READ", id="fewer"),
        pytest.param("READ WRITE", "NONE READ WRITE", id="several"),
    ],
)
def test_a_token_has_the_requested_scopes(
    confluence: LocalConfluence, acting: FakeApp, requested: str | None, granted: str
) -> None:
    form = {} if requested is None else {"scope": requested}
    token = ask(confluence, assertion(confluence, acting), **form).json()
    grant = confluence.site.get(AuthorizationServer).find(token["access_token"])
    assert grant is not None
    assert grant.scopes == set(granted.split())


def test_the_site_itself_is_an_audience_too(
    confluence: LocalConfluence, acting: FakeApp
) -> None:
    token = assertion(confluence, acting, aud=confluence.origin)
    assert ask(confluence, token).status_code == 200


CLIENT = "urn:atlassian:connect:clientid:"
ACCOUNT = "urn:atlassian:connect:useraccountid:"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": None}, id="no-iss"),
        pytest.param({"iss": APP_KEY}, id="app-key-as-iss"),
        pytest.param({"iss": CLIENT + "other"}, id="other-client"),
        pytest.param({"sub": None}, id="no-sub"),
        pytest.param({"sub": ORDINARY_USER.account_id}, id="bare-account-id"),
        pytest.param({"sub": "urn:atlassian:connect:userkey:user"}, id="user-key"),
        pytest.param({"sub": ACCOUNT + "nobody"}, id="unknown-user"),
        pytest.param({"tnt": None}, id="no-tnt"),
        pytest.param({"tnt": "http://localhost:1/wiki"}, id="other-tenant"),
        pytest.param({"tnt": 5}, id="tnt-type"),
        pytest.param({"aud": None}, id="no-aud"),
        pytest.param({"aud": "https://auth.example.com"}, id="other-audience"),
        pytest.param({"iat": None}, id="no-iat"),
        pytest.param({"exp": None}, id="no-exp"),
        pytest.param({"iat": FromNow(900), "exp": FromNow(960)}, id="from-the-future"),
        pytest.param({"iat": FromNow(-120), "exp": FromNow(-60)}, id="expired"),
        pytest.param({"exp": FromNow(600)}, id="too-long"),
        pytest.param({"iat": FromNow(-600)}, id="too-old"),
        pytest.param({"iat": "now"}, id="iat-type"),
        pytest.param({"iat": True}, id="iat-boolean"),
        pytest.param({"key": "x" * 64}, id="other-secret"),
        pytest.param({"padding": "x" * 9000}, id="too-large"),
    ],
)
def test_an_invalid_assertion_is_refused(
    confluence: LocalConfluence, acting: FakeApp, claims: dict[str, Any]
) -> None:
    answer = ask(confluence, assertion(confluence, acting, **claims))
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_grant", "invalid_request"}
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="grant"),
        pytest.param({"assertion": ""}, "invalid_request", id="no-assertion"),
        pytest.param({"assertion": "x.y"}, "invalid_grant", id="no-token"),
        pytest.param({"scope": "DELETE"}, "invalid_scope", id="beyond-the-app"),
        pytest.param({"scope": "read"}, "invalid_scope", id="lower-case"),
        pytest.param({"scope": ["READ", "READ"]}, "invalid_request", id="repeated"),
    ],
)
def test_an_invalid_form_is_refused(
    confluence: LocalConfluence, acting: FakeApp, form: dict[str, Any], error: str
) -> None:
    answer = ask(confluence, assertion(confluence, acting), **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_body_that_is_not_a_form_is_refused(confluence: LocalConfluence) -> None:
    url = f"{confluence.origin}/oauth2/token"
    answer = requests.post(url, json={"grant_type": GRANT_TYPE}, timeout=30)
    assert answer.json()["error"] == "invalid_request"


def test_an_app_without_the_scope_has_no_client_id(
    confluence: LocalConfluence, installed: FakeApp, desk: Post
) -> None:
    assert "oauthClientId" not in installed.events("installed")[0].body


@pytest.mark.parametrize("action", ["disable", "uninstall", "import"])
def test_a_token_ends_with_the_app(
    confluence: LocalConfluence, acting: FakeApp, desk: Post, action: str
) -> None:
    token = ask(confluence, assertion(confluence, acting)).json()["access_token"]
    assert get(confluence, CURRENT, token).status_code == 200
    desk(f"apps/{APP_KEY}/{action}")
    assert get(confluence, CURRENT, token).status_code == 401


def test_an_expired_or_unknown_token_is_refused(
    confluence: LocalConfluence, acting: FakeApp
) -> None:
    confluence.site.get(AuthorizationServer).token_seconds = -1
    expired = ask(confluence, assertion(confluence, acting)).json()["access_token"]
    assert get(confluence, CURRENT, expired).status_code == 401
    assert get(confluence, CURRENT, "unknown").status_code == 401
    assert get(confluence, CURRENT, "").status_code == 401


def test_the_longest_life_of_an_assertion_is_a_setting(
    confluence: LocalConfluence, acting: FakeApp
) -> None:
    confluence.site.get(AuthorizationServer).max_assertion_seconds = 30
    assert ask(confluence, assertion(confluence, acting)).status_code == 400


def test_scopes_imply_those_below_them() -> None:
    assert with_implied(["space_admin"]) == set(
        "SPACE_ADMIN DELETE WRITE READ NONE".split()
    )
    assert with_implied(["ACT_AS_USER"]) == {"ACT_AS_USER"}
