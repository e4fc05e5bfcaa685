"""Error handlers: the answer and the log line for each error."""

import logging

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError, TimeoutError

from app.connect import public
from app.connect.errors import (
    AuthenticationError,
    ConfigurationError,
    HostResponseError,
    HostUnavailableError,
    InstallKeysUnavailableError,
    InvalidSignatureError,
    InvalidTokenError,
    MalformedBodyError,
    MissingTokenError,
    OutdatedInstallError,
    PermissionDeniedError,
    PermissionUnknownError,
    QshMismatchError,
    QueueUnavailableError,
    ScopeError,
    Unavailable,
    UnknownTenantError,
    UntrustedInstallError,
)
from tests.signing import APP_KEY

STATEMENT = "INSERT private"
CASES = [
    pytest.param(AuthenticationError("why"), 401, "unauthorized", id="authentication"),
    pytest.param(MissingTokenError("why"), 401, "unauthorized", id="missing"),
    pytest.param(InvalidTokenError("why"), 401, "unauthorized", id="invalid"),
    pytest.param(InvalidSignatureError("why"), 401, "unauthorized", id="signature"),
    pytest.param(QshMismatchError("why"), 401, "unauthorized", id="qsh"),
    pytest.param(UnknownTenantError("why"), 401, "unauthorized", id="tenant"),
    pytest.param(UntrustedInstallError("why"), 401, "unauthorized", id="install"),
    pytest.param(PermissionDeniedError("read", "why"), 403, "forbidden", id="denied"),
    pytest.param(
        PermissionUnknownError("why"), 503, "host_unavailable", id="permission"
    ),
    pytest.param(MalformedBodyError("why"), 400, "bad_request", id="malformed"),
    pytest.param(OutdatedInstallError("k"), 409, "outdated", id="outdated"),
    pytest.param(InstallKeysUnavailableError("why"), 503, "unavailable", id="keys"),
    pytest.param(ConfigurationError("why"), 503, "unavailable", id="configuration"),
    pytest.param(ScopeError("why"), 503, "unavailable", id="scope"),
    pytest.param(QueueUnavailableError("why"), 503, "unavailable", id="queue"),
    pytest.param(
        OperationalError(STATEMENT, {"s": "private"}, Exception("private")),
        503,
        "unavailable",
        id="database",
    ),
    pytest.param(TimeoutError("private"), 503, "unavailable", id="pool"),
    pytest.param(HostUnavailableError("why"), 502, "host_unavailable", id="host"),
    pytest.param(
        HostUnavailableError("why", reason=Unavailable.TIMEOUT),
        504,
        "host_unavailable",
        id="host-timeout",
    ),
    pytest.param(
        HostUnavailableError("why", reason=Unavailable.TOO_MANY_CALLS, retry_after=1),
        503,
        "host_unavailable",
        id="host-not-asked",
    ),
    pytest.param(
        HostResponseError(500, "why", method="GET", path="/p"),
        502,
        "host_unavailable",
        id="host-response",
    ),
]


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (0.2, "1"), (30, "30")])
def test_the_pause_of_the_host_is_passed_on(
    app: Flask, seconds: float | None, header: str | None
) -> None:
    @app.get("/broken")
    @public
    def broken() -> str:
        raise HostUnavailableError(
            "why", reason=Unavailable.CIRCUIT_OPEN, retry_after=seconds
        )

    assert app.test_client().get("/broken").headers.get("Retry-After") == header


@pytest.mark.parametrize(("error", "status", "name"), CASES)
def test_an_error_is_answered_and_logged(
    app: Flask,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    name: str,
) -> None:
    @app.get("/broken")
    @public
    def broken() -> str:
        raise error

    with caplog.at_level(logging.DEBUG):
        answer = app.test_client().get("/broken?private=1")
    assert answer.status_code == status
    assert answer.json == {"error": name}
    assert "why" not in answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)
    expected = f'JWT realm="{APP_KEY}"' if status == 401 else None
    assert answer.headers.get("WWW-Authenticate") == expected
    (record,) = [
        r for r in caplog.records if r.name == "app.connect.http.error_handlers"
    ]
    assert record.levelno == logging.WARNING
    assert f"GET '/broken': {type(error).__name__}" in record.getMessage()
    assert "private" not in caplog.text


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        pytest.param(None, "application/json", id="nothing"),
        pytest.param("*/*", "application/json", id="anything"),
        pytest.param("application/json", "application/json", id="json"),
        pytest.param("image/png", "application/json", id="neither"),
        pytest.param("text/html", "text/html", id="html"),
        pytest.param("text/html,*/*;q=0.8", "text/html", id="a-browser"),
        pytest.param("application/json,text/html;q=0.9", "application/json", id="both"),
        pytest.param("\xff;;q=x,,", "application/json", id="nonsense"),
    ],
)
@pytest.mark.parametrize(("error", "status", "name"), CASES)
def test_a_page_is_only_for_browsers(
    app: Flask,
    error: Exception,
    status: int,
    name: str,
    accept: str | None,
    mimetype: str,
) -> None:
    @app.get("/broken")
    @public
    def broken() -> str:
        raise error

    headers = {} if accept is None else {"Accept": accept}
    answer = app.test_client().get("/broken", headers=headers)
    assert answer.status_code == status
    assert answer.mimetype == mimetype
    assert "why" not in answer.text
    assert "private" not in answer.text


@pytest.mark.parametrize("debug", [False, True])
def test_an_error_of_a_view_is_logged_with_its_text_in_debug_mode_only(
    app: Flask, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    @app.get("/broken")
    @public
    def broken() -> str:
        return str(int("canary".strip()))

    app.debug, app.testing = debug, False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/broken").status_code == 500
    assert "Exception on '/broken' [GET]" in caplog.text
    assert ("ValueError: " in caplog.text) is debug
    assert "    return str(int(" in caplog.text
