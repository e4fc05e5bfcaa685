"""Scope checks: every call is checked against the scopes of its caller."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from devhost.install import lifecycle
from devhost.rest.documented_operations import (
    INACCESSIBLE,
    NOT_AVAILABLE,
    PARAMETER,
    KnownOperation,
    known_operations,
)
from devhost.server import LocalConfluence
from devhost.site.installations import Installation, Installations
from devhost.site.users import ADMINISTRATOR
from devhost.tokens.oauth import AuthorizationServer
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

REFUSAL = "Request not in an authorized API scope"
# Each scope includes the next one.
FALLING = ("ADMIN", "SPACE_ADMIN", "DELETE", "WRITE", "READ", "NONE")
EVERY_SCOPE = ["ADMIN", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"]
PAGE = "/api/v2/pages/98421"


class ScopedApp:
    """An installed app whose declared scopes a test can change."""

    def __init__(self, confluence: LocalConfluence, app: FakeApp) -> None:
        self.confluence = confluence
        self._app = app

    @property
    def installation(self) -> Installation:
        found = self.confluence.site.get(Installations).find(APP_KEY)
        assert found is not None
        return found

    def declare(self, *scopes: str) -> None:
        """Act as if the app had been upgraded to a descriptor with these scopes."""
        descriptor = {**self.installation.descriptor, "scopes": list(scopes)}
        changed = replace(self.installation, descriptor=descriptor)
        self.confluence.site.get(Installations).save(changed)

    def send(
        self, method: str, path: str, headers: dict[str, str], **more: Any
    ) -> requests.Response:
        return requests.request(
            method,
            self.confluence.base_url + path,
            headers=headers,
            timeout=30,
            allow_redirects=False,
            **more,
        )

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        token = sign(self._app, method, path)
        return self.send(method, path, {"Authorization": f"JWT {token}"}, **more)

    def call_with_token(self, token: str, method: str, path: str) -> requests.Response:
        return self.send(method, path, {"Authorization": f"Bearer {token}"})

    def call_from_page(self, method: str, path: str) -> requests.Response:
        session = self.confluence.site.session_token
        headers = {"X-Devhost-Session": session, "AP-Client-Key": APP_KEY}
        return self.send(method, path, headers)

    @property
    def noted(self) -> dict[str, str]:
        """Return the inspector's notes on the last call."""
        return dict(self.confluence.exchanges.find()[-1].notes)


@pytest.fixture(scope="module")
def scoped_app() -> Iterator[ScopedApp]:
    with LocalConfluence() as confluence, serve_app(confluence) as app:
        lifecycle.install(confluence.site, app.descriptor_url)
        yield ScopedApp(confluence, app)


def is_refused(answer: requests.Response) -> bool:
    if answer.status_code != 403:
        return False
    body = answer.json()
    message = body["message"] if "message" in body else body["errors"][0]["title"]
    return bool(message == REFUSAL)


def path_of(operation: KnownOperation) -> str:
    return PARAMETER.sub("1", operation.path)


def ids(operation: KnownOperation) -> str:
    return str(operation)


FOR_APPS = [each for each in known_operations() if each.is_for_apps]


@pytest.mark.parametrize("operation", FOR_APPS, ids=ids)
def test_the_documented_scope_is_enough(
    scoped_app: ScopedApp, operation: KnownOperation
) -> None:
    scoped_app.declare(*({operation.scope} - {"NONE"}))
    answer = scoped_app.call(operation.method, path_of(operation))
    assert not is_refused(answer)
    assert answer.status_code not in {401, 500}
    if not path_of(operation).startswith("/download/"):
        assert scoped_app.noted["scope"] == operation.scope


@pytest.mark.parametrize(
    "operation", [each for each in FOR_APPS if each.scope != "NONE"], ids=ids
)
def test_every_smaller_scope_is_refused(
    scoped_app: ScopedApp, operation: KnownOperation
) -> None:
    if operation.scope in FALLING:
        smaller = FALLING[FALLING.index(operation.scope) + 1]
    else:
        smaller = FALLING[0]
    scoped_app.declare(smaller)
    assert is_refused(scoped_app.call(operation.method, path_of(operation)))


@pytest.mark.parametrize(
    "operation",
    [each for each in known_operations() if each.scope == INACCESSIBLE],
    ids=ids,
)
def test_no_scope_allows_an_inaccessible_operation(
    scoped_app: ScopedApp, operation: KnownOperation
) -> None:
    scoped_app.declare(*EVERY_SCOPE)
    answer = scoped_app.call(operation.method, path_of(operation))
    assert is_refused(answer)
    assert "no Connect app may call" in answer.headers["X-Devhost-Reason"]


def test_a_method_that_does_not_exist_is_refused(scoped_app: ScopedApp) -> None:
    scoped_app.declare(*EVERY_SCOPE)
    answer = scoped_app.call("PUT", "/rest/prototype/1/search")
    assert is_refused(answer)
    assert scoped_app.noted["scope"] == NOT_AVAILABLE


@pytest.mark.parametrize("declared", FALLING[:-1])
@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("READ", "GET", PAGE),
        ("WRITE", "PUT", PAGE),
        ("DELETE", "DELETE", "/api/v2/pages/1"),
        ("SPACE_ADMIN", "POST", "/api/v2/spaces/1/role-assignments"),
        ("ADMIN", "POST", "/api/v2/space-roles"),
    ],
)
def test_a_scope_implies_the_smaller_ones(
    scoped_app: ScopedApp, declared: str, scope: str, method: str, path: str
) -> None:
    scoped_app.declare(declared)
    is_covered = FALLING.index(declared) <= FALLING.index(scope)
    assert is_refused(scoped_app.call(method, path)) is not is_covered


@pytest.mark.parametrize("declared", ["ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"])
def test_some_scopes_imply_nothing(scoped_app: ScopedApp, declared: str) -> None:
    scoped_app.declare(declared)
    assert is_refused(scoped_app.call("GET", PAGE))


def test_scopes_can_be_written_in_lower_case(scoped_app: ScopedApp) -> None:
    scoped_app.declare("read")
    assert scoped_app.call("GET", PAGE).status_code == 200


def test_a_refusal_tells_the_developer_what_to_write(scoped_app: ScopedApp) -> None:
    scoped_app.declare("READ")
    answer = scoped_app.call("PUT", "/rest/api/content/98421", json={})
    assert answer.status_code == 403
    assert answer.json()["message"] == REFUSAL
    assert answer.json()["data"]["authorized"] is False
    assert answer.headers["X-Devhost-Reason"] == (
        "PUT /rest/api/content/{id} needs the scope WRITE, which the descriptor of "
        'com.example.fake does not declare: write "WRITE" into its "scopes" and '
        "install it again"
    )


def test_a_refused_call_changes_nothing(scoped_app: ScopedApp) -> None:
    scoped_app.declare("WRITE")
    assert is_refused(scoped_app.call("DELETE", PAGE))
    assert scoped_app.call("GET", PAGE).json()["status"] == "current"


def test_the_page_of_an_app_has_the_scopes_of_the_app(scoped_app: ScopedApp) -> None:
    scoped_app.declare("READ")
    scoped_app.confluence.site.switch_user(ADMINISTRATOR)
    assert scoped_app.call_from_page("GET", PAGE).status_code == 200
    assert is_refused(scoped_app.call_from_page("DELETE", PAGE))


def test_a_file_is_downloaded_with_read(scoped_app: ScopedApp) -> None:
    path = "/download/attachments/98425/parts.svg"
    scoped_app.declare("READ")
    assert scoped_app.call("GET", path).status_code == 200
    scoped_app.declare()
    assert is_refused(scoped_app.call("GET", path))
    # A browser that shows the page is not an app.
    assert scoped_app.send("GET", path, {}).status_code == 200


def test_an_operation_in_no_table_passes_with_a_warning(
    scoped_app: ScopedApp, caplog: pytest.LogCaptureFixture
) -> None:
    scoped_app.declare()
    answer = scoped_app.call("PATCH", "/api/v2/pages/98421")
    assert answer.status_code == 501
    assert "PATCH /api/v2/pages/98421 passes: no table knows" in caplog.text
    assert scoped_app.noted["scope"].startswith("unknown")


# Access tokens.


def token(scoped_app: ScopedApp, *scopes: str) -> str:
    site = scoped_app.confluence.site
    return site.get(AuthorizationServer).issue(
        scoped_app.installation, ADMINISTRATOR, frozenset(scopes)
    )


def test_an_access_token_has_its_own_scopes(scoped_app: ScopedApp) -> None:
    scoped_app.declare("ADMIN", "ACT_AS_USER")
    narrow = token(scoped_app, "READ", "NONE")
    assert scoped_app.call_with_token(narrow, "GET", PAGE).status_code == 200
    refused = scoped_app.call_with_token(narrow, "DELETE", PAGE)
    assert is_refused(refused)
    assert "the access token lacks" in refused.headers["X-Devhost-Reason"]


def test_an_access_token_does_not_exceed_its_app(scoped_app: ScopedApp) -> None:
    scoped_app.declare("ADMIN", "ACT_AS_USER")
    wide = token(scoped_app, "DELETE", "WRITE", "READ", "NONE")
    scoped_app.declare("READ", "ACT_AS_USER")
    assert scoped_app.call_with_token(wide, "GET", PAGE).status_code == 200
    refused = scoped_app.call_with_token(wide, "DELETE", PAGE)
    assert is_refused(refused)
    assert "the descriptor" in refused.headers["X-Devhost-Reason"]


def test_operations_without_a_scope_are_open_to_every_token(
    scoped_app: ScopedApp,
) -> None:
    scoped_app.declare("ACT_AS_USER")
    path = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties"
    answer = scoped_app.call_with_token(token(scoped_app, "ACT_AS_USER"), "GET", path)
    assert answer.status_code == 200
