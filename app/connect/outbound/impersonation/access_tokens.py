"""Users' access tokens: fetched from the authorization server, cached per worker.

A token lives for 15 minutes and costs one POST. So each worker fetches its own, and two
threads that need the same token at once may both fetch it: neither waits.
https://developer.atlassian.com/cloud/confluence/user-impersonation-for-connect-apps/
"""

import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError

from ...db.expiring_cache import ExpiringCache
from ...errors import (
    HostResponseError,
    ImpersonationError,
    RateLimitedError,
)
from ...http.bounded_session import Limits, TooLargeError
from ...protocol.scopes import effective_scopes
from ...protocol.tokens import encode_symmetric, impersonation_claims
from ...tenants.models import Tenant
from ...tenants.store import TenantStore
from ..error_message import shown
from ..host_calls import HostCalls
from ..host_response import retry_after, unavailable

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PATH: Final = "/oauth2/token"
LIMITS: Final = Limits(seconds=5, max_bytes=32_768, connect=3, silence=5)

MARGIN: Final = 30
"""A token is not used in the last seconds before it expires."""

CACHE_SECONDS: Final = 900
"""The longest time in seconds that a token is cached; tokens live that long."""

CACHE_SIZE: Final = 5_000
"""Number of tokens; when it is reached, the oldest is evicted."""

_MAX_SECONDS = 86_400
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")  # RFC 6750, section 2.1


@dataclass(frozen=True, slots=True)
class Grant:
    """The user to act as, and the scopes to ask for; None for all the app has."""

    tenant: Tenant
    oauth_client_id: str
    account_id: str = field(repr=False)
    scopes: tuple[str, ...] | None
    shared_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token of one user at one tenant."""

    value: str = field(repr=False)
    usable_until: float
    """A ``time.monotonic`` time."""


class AccessTokens:
    """Fetches and caches access tokens; one per app, made by ``init_app``."""

    def __init__(self, tenants: TenantStore, *, server: str, calls: HostCalls) -> None:
        self._tenants = tenants
        self._server = server
        self._calls = calls
        self._cache = ExpiringCache[str, AccessToken](CACHE_SECONDS, size=CACHE_SIZE)

    def get(self, grant: Grant) -> AccessToken:
        """Return a token that is valid for a while, from the cache if possible.

        :raises ImpersonationError: if the tenant does not have the app installed.
        :raises HostUnavailableError: if the server does not answer.
        :raises HostResponseError: if it refuses, or answers without a token.
        """
        key = self._key(grant)
        found = self._cache.get(key)
        if found is None or time.monotonic() >= found.usable_until:
            asked_at = time.monotonic()
            value, seconds = self._fetch(grant)
            found = AccessToken(value, asked_at + seconds - MARGIN)
            self._cache.put(key, found)
        return found

    def drop(self, grant: Grant, token: AccessToken) -> None:
        """Drop a token that the host refused, but not a newer one."""
        self._cache.discard(self._key(grant), token)

    def _key(self, grant: Grant) -> str:
        """Return a cache key from everything a token depends on.

        It includes the tenant's current secret, so a token that was fetched before a
        rotation or an uninstall is never found again.
        """
        client_key = grant.tenant.client_key
        tenants = self._tenants
        present = tenants.cached_credentials(client_key) or tenants.load_credentials(
            client_key
        )
        if present is None or not present.tenant.installed:
            raise ImpersonationError(
                f"the site {client_key} does not have the app installed"
            )
        parts = [
            self._server,
            client_key,
            grant.tenant.base_url,
            present.tenant.installed_at.isoformat(),
            grant.shared_secret,
            grant.oauth_client_id,
            grant.account_id,
            *(grant.scopes or ("*",)),
        ]
        secret = present.shared_secret.encode("utf-8", "surrogatepass")
        return hmac.digest(secret, json.dumps(parts).encode(), hashlib.sha256).hex()

    def _fetch(self, grant: Grant) -> tuple[str, float]:
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
        request = requests.Request(
            "POST",
            f"{self._server}{PATH}",
            data=form,
            headers={"Accept": "application/json"},
        )
        try:
            response = self._calls.send(
                self._calls.session.prepare(request), LIMITS, host=self._server
            )
        except TooLargeError as error:
            raise _error(error.answer, "the answer is too large") from None
        except (requests.RequestException, HTTPError) as error:
            raise unavailable("POST", f"{self._server}{PATH}", error) from None
        return _read(response, _body(response), grant.scopes)


def _body(response: requests.Response) -> Any:
    """Return the JSON of an answer; None if it is not JSON."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _read(
    response: requests.Response, body: Any, scopes: tuple[str, ...] | None
) -> tuple[str, float]:
    """Return the token and its lifetime in seconds."""
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
        if scopes is not None and _exceeds(found.get("scope"), scopes):
            raise _error(response, "the access token has more scopes than asked for")
        return value, float(seconds)
    raise _error(response, "the answer is not an access token")


def _exceeds(answered: Any, asked: tuple[str, ...]) -> bool:
    """Return whether a token's scopes exceed those asked for, and what they imply.

    A server that names none has granted those asked for (RFC 6749, section 5.1).
    """
    if answered is None:
        return False
    if not isinstance(answered, str):
        return True
    return not effective_scopes(answered.split()) <= effective_scopes(asked)


def _refusal(response: requests.Response, body: dict[str, Any]) -> HostResponseError:
    """Return the error for an answer in the format of RFC 6749, section 5.2."""
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
