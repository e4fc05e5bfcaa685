"""Signed calls to a tenant's host, over one pooled session.

Nothing is redirected, since a token is good for one path only. What the host can't
answer now is tried again, each time with a new token; ``patience`` says how often.
https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

from collections.abc import Mapping
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from flask import current_app
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from ..db.columns import utc_now
from ..errors import HostResponseError, HostUnavailableError, RateLimitedError
from ..protocol.qsh import query_string_hash
from ..protocol.retries import parse_retry_after
from ..protocol.tokens import encode_symmetric, outbound_claims
from ..tenants.models import Tenant
from .access_rules.checks import CallRules, checked
from .retry import Patience
from .safe_url import check_prepared, resolve
from .throttle import Pace

TIMEOUTS: Final = (5, 20)
"""Seconds to connect, and to wait for bytes."""

MAX_MESSAGE: Final = 500
_POOL_SIZE = 20
# What may be sent twice: https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_TEMPORARY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)
_E = TypeVar("_E", bound=HostResponseError)


class JWTAuth(AuthBase):
    """Signs the final form of one request to one tenant."""

    def __init__(
        self, *, app_key: str, client_key: str, base_url: str, shared_secret: str
    ) -> None:
        self._app_key = app_key
        self._client_key = client_key
        self._base_url = base_url
        self._shared_secret = shared_secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url, method = request.url or "", request.method or ""
        check_prepared(url, self._base_url)
        claims = outbound_claims(
            app_key=self._app_key,
            client_key=self._client_key,
            qsh=query_string_hash(method, url, base_url=self._base_url),
        )
        token = encode_symmetric(claims, shared_secret=self._shared_secret)
        request.headers["Authorization"] = f"JWT {token}"
        return request


class HostClient:
    """Calls one tenant's host as the app."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        app_key: str,
        shared_secret: str,
        session: requests.Session,
        patience: Patience | None = None,
        pace: Pace | None = None,
        rules: CallRules | None = None,
    ) -> None:
        self.tenant = tenant
        self.rules = rules
        self._app_key = app_key
        self._shared_secret = shared_secret
        self._session = session
        self._patience = patience
        self._pace = pace

    def as_app(self) -> "HostClient":
        """Return what calls the same host as the app itself."""
        return self

    @checked
    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        retry: bool | None = None,
    ) -> requests.Response:
        """Call the host and return its answer, which is below 400.

        *url* is a path below the tenant's base URL, or a link as the host gave
        it. *retry* says whether the call may be made again when the host can't
        answer now; by default GET, HEAD, PUT and DELETE are. The other arguments
        are those of ``requests``. A redirect is given back as it is.

        :raises ValueError: for a GET with a body, or a *json* that is none.
        :raises ScopeError: if the descriptor lacks the scope that the call needs.
        :raises UnsafeURLError: if *url* could leave the tenant's base URL.
        :raises HostUnavailableError: if the host does not answer.
        :raises AccessRuleError: if it answers 404 or 403 to what an app access rule
            can block, and blocks some content.
        :raises HostResponseError: if it answers 400 or more.
        """
        method = method.upper()
        if method == "GET" and not (json is None and data is None and files is None):
            raise ValueError("a GET request has no body; the host refuses one")
        absolute, base_url = resolve(self.tenant, url)
        prepared = self._prepare(
            requests.Request(
                method,
                absolute,
                params=params,
                json=json,
                data=data,
                files=files,
                headers={"Accept": "application/json", **(headers or {})},
                # Each try is authorised for itself; without any, .netrc is read.
                auth=lambda prepared: prepared,
            )
        )
        attempt = partial(self._attempt, prepared, base_url)
        if self._patience is None:
            return attempt()
        repeatable = method in _IDEMPOTENT if retry is None else retry
        return self._patience.call(
            attempt, repeatable=repeatable and can_be_sent_again(prepared)
        )

    def _attempt(
        self, prepared: requests.PreparedRequest, base_url: str
    ) -> requests.Response:
        """Send a request as the app, once."""
        auth = JWTAuth(
            app_key=self._app_key,
            client_key=self.tenant.client_key,
            base_url=base_url,
            shared_secret=self._shared_secret,
        )
        return self._send(prepared, auth)

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._session.prepare_request(request)
        except requests.exceptions.InvalidJSONError:
            raise ValueError("json is not something that JSON can hold") from None
        except (requests.RequestException, HTTPError) as error:
            # requests lets some of urllib3's pass, as for a host name with "..".
            raise _unavailable(request.method, request.url, error) from None

    def _send(
        self, prepared: requests.PreparedRequest, auth: AuthBase
    ) -> requests.Response:
        url = prepared.url or ""
        if self._pace is not None:
            path = urlsplit(url).path
            self._pace.wait_for_turn(self.tenant, prepared.method or "", path)
        request = auth(prepared.copy())
        settings = self._session.merge_environment_settings(url, {}, None, None, None)
        try:
            response = self._session.send(
                request, timeout=TIMEOUTS, allow_redirects=False, **settings
            )
        except (requests.RequestException, HTTPError) as error:
            raise _unavailable(prepared.method, url, error) from None
        if self._pace is not None:
            self._pace.note(self.tenant, response)
        if response.status_code >= 400:
            raise error_of(response)
        return response

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET.

        :raises HostResponseError: if it answers 400 or more, or no JSON.
        """
        return read_json(self.request("GET", url, **options))


class _Session(requests.Session):
    """Sees no redirect: requests reads where one leads even if it is not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def new_session() -> requests.Session:
    """Return a session for all tenants: pooled, and blind to cookies.

    A cookie of one tenant must never travel with a call for another.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def get_session() -> requests.Session:
    """Return the session of the current app."""
    session: requests.Session = current_app.extensions["connect-session"]
    return session


def read_json(response: requests.Response) -> Any:
    """Return the JSON of an answer.

    :raises HostResponseError: if it is none.
    """
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise _error(HostResponseError, response, "the answer is not JSON") from None


def error_of(response: requests.Response) -> HostResponseError:
    """Return the error that an answer of 400 or more stands for."""
    limited = response.status_code == 429
    kind = RateLimitedError if limited else HostResponseError
    error = _error(kind, response, _message(response))
    error.retry_after = retry_after(response)
    if response.status_code == 503 or (
        response.status_code > 500 and error.retry_after is not None
    ):
        error.temporary = True
    return error


def _unavailable(
    method: str | None, url: str | bytes | None, error: Exception
) -> HostUnavailableError:
    # The query of the URL, and what the library says, can hold what is secret.
    path = str(url).partition("?")[0]
    unavailable = HostUnavailableError(
        f"{method} {path} got no answer: {type(error).__name__}"
    )
    unavailable.temporary = isinstance(error, _TEMPORARY) and not isinstance(
        error, requests.exceptions.SSLError
    )
    return unavailable


def _error(kind: type[_E], response: requests.Response, message: str) -> _E:
    request = response.request
    path = urlsplit(request.url or "").path
    return kind(response.status_code, message, method=request.method or "", path=path)


def _message(response: requests.Response) -> str:
    """Return the host's own words, in whichever of its forms they come."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    found = None
    if isinstance(body, dict):
        found = body.get("message") or body.get("errorMessage") or body.get("detail")
    return shown(found if isinstance(found, str) else response.reason or "no message")


def shown(text: str) -> str:
    """Return the start of a host's words on one line."""
    # It ends in logs and terminals, which control characters could steer.
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE])
    return " ".join(printable.split())


def retry_after(response: requests.Response) -> float | None:
    """Read ``Retry-After``: seconds or a date. None if it is missing or odd."""
    return parse_retry_after(response.headers.get("Retry-After", ""), utc_now())


def can_be_sent_again(prepared: requests.PreparedRequest) -> bool:
    """Whether the body is there after it was sent, as that of a stream is not."""
    return isinstance(prepared.body, str | bytes | None)
