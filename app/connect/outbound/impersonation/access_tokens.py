"""Access tokens of users: asked for at the authorization server, then shared.

One fetch at a time for each token: within a process by a lock, between workers
by a lease in the database. Whoever waits does so for PATIENCE at most.
https://developer.atlassian.com/cloud/confluence/user-impersonation-for-connect-apps/
"""

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import requests
from flask import current_app
from urllib3.exceptions import HTTPError

from ...db.columns import utc_now
from ...errors import HostResponseError, HostUnavailableError, RateLimitedError
from ...protocol.tokens import encode_symmetric, impersonation_claims
from ...tenants.models import Tenant
from ..client import retry_after, shown
from .token_store import UserToken, UserTokens

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PATH: Final = "/oauth2/token"
TIMEOUTS: Final = (3, 5)
"""Seconds to connect, and to wait for bytes."""

MARGIN: Final = 30
"""Seconds before its end from which a token is used no more."""

PATIENCE: Final = 25.0
"""Seconds to wait for others that ask for the same token."""

_POLL_SECONDS = 0.1
_MAX_BODY_SECONDS = 5
_MAX_BYTES = 32_768
_MAX_SECONDS = 86_400
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")  # RFC 6750, section 2.1


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom the app asks to act as, and with which scopes; None for all it has."""

    tenant: Tenant
    oauth_client_id: str
    account_id: str = field(repr=False)
    scopes: tuple[str, ...] | None
    shared_secret: str = field(repr=False)


@dataclass(slots=True)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0


class AccessTokens:
    """Gives out access tokens; one per app, made by ``init_app``."""

    def __init__(
        self, store: UserTokens, *, server: str, session: requests.Session
    ) -> None:
        self.store = store
        self._server = server
        self._session = session
        self._turns: dict[str, _Turn] = {}
        self._lock = threading.Lock()

    def get(self, grant: Grant) -> UserToken:
        """Return a token that is good for some time, the one that is kept if any.

        :raises HostUnavailableError: if the server does not answer, or others
            ask for the same token for too long.
        :raises HostResponseError: if it refuses, or answers no token.
        """
        fingerprint = self._fingerprint(grant)
        found = self.store.find(fingerprint)
        if found is not None:
            return found
        deadline = time.monotonic() + PATIENCE
        with self._turn(fingerprint, deadline):
            return self._wait_or_fetch(grant, fingerprint, deadline)

    def drop(self, grant: Grant, token: UserToken) -> None:
        """Forget a token that the host refused."""
        self.store.drop(self._fingerprint(grant), token.stored)

    def _fingerprint(self, grant: Grant) -> str:
        """Name a token by all that it depends on, and by the secret itself.

        So whatever was asked for with an older secret is never found again.
        """
        tenant = grant.tenant
        parts = [self._server, tenant.client_key, tenant.base_url]
        parts += [grant.oauth_client_id, grant.account_id, *(grant.scopes or ("*",))]
        secret = grant.shared_secret.encode("utf-8", "surrogatepass")
        return hmac.digest(secret, json.dumps(parts).encode(), hashlib.sha256).hex()

    @contextmanager
    def _turn(self, fingerprint: str, deadline: float) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(fingerprint, _Turn())
            turn.waiting += 1
        ours = turn.lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
        try:
            if not ours:
                raise _busy()
            yield
        finally:
            if ours:
                turn.lock.release()
            with self._lock:
                turn.waiting -= 1
                if not turn.waiting:
                    del self._turns[fingerprint]

    def _wait_or_fetch(
        self, grant: Grant, fingerprint: str, deadline: float
    ) -> UserToken:
        client_key = grant.tenant.client_key
        while True:
            found = self.store.find(fingerprint)
            if found is not None:
                return found
            lease = self.store.claim(client_key, fingerprint)
            if lease is not None:
                return self._fetch(grant, fingerprint, lease)
            if time.monotonic() >= deadline:
                raise _busy()
            time.sleep(_POLL_SECONDS)

    def _fetch(self, grant: Grant, fingerprint: str, lease: str) -> UserToken:
        try:
            value, seconds = self._ask(grant)
        except BaseException:
            # Whatever it was, another worker need not wait for the lease's end.
            self.store.release(fingerprint, lease)
            raise
        expires_at = utc_now() + timedelta(seconds=seconds - MARGIN)
        return self.store.keep(fingerprint, lease, value, expires_at)

    def _ask(self, grant: Grant) -> tuple[str, float]:
        claims = impersonation_claims(
            oauth_client_id=grant.oauth_client_id,
            account_id=grant.account_id,
            base_url=grant.tenant.base_url,
            audience=self._server,
        )
        form = {
            "grant_type": GRANT_TYPE,
            "assertion": encode_symmetric(claims, shared_secret=grant.shared_secret),
        }
        if grant.scopes is not None:
            form["scope"] = " ".join(grant.scopes)
        try:
            with self._session.post(
                f"{self._server}{PATH}",
                data=form,
                headers={"Accept": "application/json"},
                # Else requests looks for a password in the user's netrc file.
                auth=_unchanged,
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response, _body(response))
        except (requests.RequestException, HTTPError) as error:
            raise HostUnavailableError(
                f"POST {self._server}{PATH} got no answer: {type(error).__name__}"
            ) from None


def get_access_tokens() -> AccessTokens:
    """Return the access tokens of the current app."""
    tokens: AccessTokens = current_app.extensions["connect-access-tokens"]
    return tokens


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _busy() -> HostUnavailableError:
    return HostUnavailableError(
        "others have been asking for this user's access token for too long; try again"
    )


def _body(response: requests.Response) -> Any:
    """Return the JSON of a small answer; None if it is none, or too large."""
    deadline = time.monotonic() + _MAX_BODY_SECONDS
    content = b""
    for chunk in response.iter_content(1024):
        content += chunk
        if len(content) > _MAX_BYTES:
            return None
        if time.monotonic() > deadline:
            raise requests.Timeout
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _read(response: requests.Response, body: Any) -> tuple[str, float]:
    """Return the token and the seconds that it is good for."""
    if response.status_code != 200:
        raise _refusal(response, body if isinstance(body, dict) else {})
    found = body if isinstance(body, dict) else {}
    value, seconds = found.get("access_token"), found.get("expires_in")
    if (
        isinstance(value, str)
        and _TOKEN.fullmatch(value)
        and str(found.get("token_type")).lower() == "bearer"
        and isinstance(seconds, int | float)
        and 0 < seconds <= _MAX_SECONDS
    ):
        return value, float(seconds)
    raise _error(response, "the answer is not an access token")


def _refusal(response: requests.Response, body: dict[str, Any]) -> HostResponseError:
    """Return the error of an answer in the form of RFC 6749, section 5.2."""
    words = [body.get("error"), body.get("error_description")]
    text = ": ".join(word for word in words if isinstance(word, str) and word)
    return _error(response, shown(text or response.reason or "no message"))


def _error(response: requests.Response, message: str) -> HostResponseError:
    status = response.status_code
    if status != 429:
        return HostResponseError(status, message, method="POST", path=PATH)
    limited = RateLimitedError(status, message, method="POST", path=PATH)
    limited.retry_after = retry_after(response)
    return limited
