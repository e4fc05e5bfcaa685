"""Getting an access token: what the server may answer, and who asks at a time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from flask import Flask

from app.connect.errors import HostResponseError, HostUnavailableError, RateLimitedError
from app.connect.outbound.impersonation import access_tokens, token_store
from app.connect.outbound.impersonation.access_tokens import AccessTokens, Grant
from app.connect.outbound.impersonation.token_store import UserTokens
from tests import signing
from tests.connect.outbound.conftest import OAUTH_TOKEN
from tests.connect.outbound.host import tenant_at

GOOD = {"access_token": "good", "expires_in": 900, "token_type": "Bearer"}
GRANT = Grant(tenant_at(signing.SITE), "canary-client", "someone", None, signing.SECRET)


@pytest.fixture
def tokens(app: Flask, app_context: None) -> AccessTokens:
    found: AccessTokens = app.extensions["connect-access-tokens"]
    return found


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        pytest.param({"status": 400}, 400, "Bad Request", id="no body"),
        pytest.param(
            {
                "status": 400,
                "json": {"error": "invalid_grant", "error_description": "No\x1b user"},
            },
            400,
            "invalid_grant: No user",
            id="OAuth's form",
        ),
        pytest.param({"status": 401, "json": {"error": 1}}, 401, "Un", id="odd error"),
        pytest.param({"status": 500, "json": [1]}, 500, "Internal", id="array"),
        pytest.param(
            {"status": 302, "headers": {"Location": "https://evil.example/"}},
            302,
            "Found",
            id="redirect",
        ),
        pytest.param({"body": "<html>"}, 200, "not an access token", id="HTML"),
        pytest.param({"body": "[" * 30_000}, 200, "not an access token", id="deep"),
        pytest.param({"json": []}, 200, "not an access token", id="no object"),
        pytest.param(
            {"json": {**GOOD, "x": "x" * 40_000}}, 200, "not an", id="too large"
        ),
        *(
            pytest.param({"json": {**GOOD, **wrong}}, 200, "not an", id=str(wrong)[:40])
            for wrong in (
                {"access_token": None},
                {"access_token": ""},
                {"access_token": "a\r\nb: c"},
                {"access_token": "é"},
                {"token_type": "mac"},
                {"token_type": None},
                {"expires_in": "900"},
                {"expires_in": 0},
                {"expires_in": -1},
                {"expires_in": None},
                {"expires_in": 1e300},
            )
        ),
    ],
)
def test_what_is_no_token_is_an_error(
    tokens: AccessTokens,
    network: responses.RequestsMock,
    answer: dict[str, Any],
    status: int,
    message: str,
) -> None:
    network.post(OAUTH_TOKEN, **answer)
    with pytest.raises(HostResponseError, match=message) as caught:
        tokens.get(GRANT)
    error = caught.value
    assert (error.status_code, error.path) == (status, "/oauth2/token")
    # The lease has ended, too.
    network.replace(responses.POST, OAUTH_TOKEN, json=GOOD)
    assert tokens.get(GRANT).value == "good"


def test_a_rate_limit_says_for_how_long(
    tokens: AccessTokens, network: responses.RequestsMock
) -> None:
    network.post(OAUTH_TOKEN, status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimitedError) as caught:
        tokens.get(GRANT)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("canary"), requests.Timeout("canary")]
)
def test_a_server_that_is_away_is_unavailable(
    tokens: AccessTokens, network: responses.RequestsMock, error: Exception
) -> None:
    network.post(OAUTH_TOKEN, body=error)
    with pytest.raises(HostUnavailableError) as caught:
        tokens.get(GRANT)
    assert "canary" not in str(caught.value)


def test_a_server_that_drips_is_given_up(
    tokens: AccessTokens,
    network: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_tokens, "_MAX_BODY_SECONDS", -1)
    network.post(OAUTH_TOKEN, json=GOOD)
    with pytest.raises(HostUnavailableError, match="Timeout"):
        tokens.get(GRANT)


def test_a_token_that_soon_ends_is_used_once(
    tokens: AccessTokens, network: responses.RequestsMock
) -> None:
    network.post(OAUTH_TOKEN, json={**GOOD, "expires_in": access_tokens.MARGIN})
    assert tokens.get(GRANT).value == tokens.get(GRANT).value == "good"
    assert len(network.calls) == 2


class SlowServer:
    """Counts who asks at once; holds each until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.at_once = 0
        self.most = 0
        self.begun = threading.Event()
        self.go = threading.Event()
        self.failures = 0
        self._lock = threading.Lock()

    def ask(self, grant: Grant) -> tuple[str, float]:
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.begun.set()
        assert self.go.wait(30)
        with self._lock:
            self.at_once -= 1
            if self.failures:
                self.failures -= 1
                raise HostUnavailableError("canary")
        return f"token-{self.asked}", 900.0


@pytest.fixture
def shared(each_database: None, app: Flask) -> Flask:
    """The app on each of the two databases."""
    return app


@pytest.fixture
def server() -> SlowServer:
    return SlowServer()


@pytest.fixture
def worker(
    shared: Flask, server: SlowServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AccessTokens]:
    """Make what a process of its own would have: other locks, the same database."""
    store: UserTokens = shared.extensions["connect"].tenants.user_tokens

    def new() -> AccessTokens:
        made = AccessTokens(store, server=OAUTH_TOKEN, session=requests.Session())
        monkeypatch.setattr(made, "_ask", server.ask)
        return made

    return new


def get(shared: Flask, tokens: AccessTokens) -> str:
    with shared.app_context():
        return tokens.get(GRANT).value


@pytest.mark.parametrize("processes", [1, 4])
def test_one_asks_and_all_have_the_token(
    shared: Flask,
    server: SlowServer,
    worker: Callable[[], AccessTokens],
    processes: int,
) -> None:
    workers = [worker() for _ in range(processes)]
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(get, shared, workers[n % processes]) for n in range(8)]
        assert server.begun.wait(30)
        server.go.set()
        assert {future.result(30) for future in found} == {"token-1"}
    assert (server.asked, server.most) == (1, 1)


@pytest.mark.parametrize("processes", [1, 4])
def test_after_a_failure_another_asks(
    shared: Flask,
    server: SlowServer,
    worker: Callable[[], AccessTokens],
    processes: int,
) -> None:
    server.failures = 1
    server.go.set()
    workers = [worker() for _ in range(processes)]
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(get, shared, workers[n % processes]) for n in range(4)]
        failed = [future for future in found if future.exception(30)]
    assert len(failed) == 1
    assert (server.asked, server.most) == (2, 1)


def test_who_waits_for_another_process_gives_up(
    shared: Flask,
    server: SlowServer,
    worker: Callable[[], AccessTokens],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_tokens, "PATIENCE", 0.0)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, shared, worker())
        assert server.begun.wait(30)
        with pytest.raises(HostUnavailableError, match="for too long"):
            get(shared, worker())
        server.go.set()
        assert first.result(30) == "token-1"


def test_who_waits_for_another_thread_gives_up(
    shared: Flask,
    server: SlowServer,
    worker: Callable[[], AccessTokens],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = worker()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, shared, ours)
        assert server.begun.wait(30)
        monkeypatch.setattr(access_tokens, "PATIENCE", 0.0)
        with pytest.raises(HostUnavailableError, match="for too long"):
            get(shared, ours)
        server.go.set()
        assert first.result(30) == "token-1"
    assert vars(ours)["_turns"] == {}


def test_a_killed_worker_is_waited_for_only_so_long(
    shared: Flask,
    server: SlowServer,
    worker: Callable[[], AccessTokens],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token_store, "LEASE", timedelta(milliseconds=1))
    ours = worker()
    store: UserTokens = shared.extensions["connect"].tenants.user_tokens
    with shared.app_context():
        assert store.claim(GRANT.tenant.client_key, ours._fingerprint(GRANT))
    server.go.set()
    assert get(shared, ours) == "token-1"
