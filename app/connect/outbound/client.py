"""The host client: signed REST calls to a tenant's host.

Redirects are not followed, since a token is valid for one path only. Temporary failures
are retried, each time with a new token; see ``retry``.
"""

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from ..errors import AccessRuleError, HostResponseError
from ..http.bounded_session import Limits, TooLargeError
from ..metrics import HOST_CALL_SECONDS
from ..protocol.operations import Operation
from ..tenants.models import Tenant
from .auth import JWTAuth
from .host_response import error_of, read_json, too_large, unavailable
from .safe_headers import check_headers
from .safe_url import resolve
from .state import OutboundState

CALL_SECONDS: Final = 60.0
"""The longest time in seconds for an attempt, from connecting to the last byte."""

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest answer that is accepted, in bytes after decompression."""

# https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class HostClient:
    """Calls one tenant's host as the app."""

    def __init__(
        self, tenant: Tenant, outbound: OutboundState, *, shared_secret: str
    ) -> None:
        self.tenant = tenant
        self._outbound = outbound
        self._shared_secret = shared_secret

    def as_app(self) -> "HostClient":
        """Return a client that calls the same host as the app itself."""
        return self

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
        max_bytes: int = MAX_BYTES,
        max_seconds: float = CALL_SECONDS,
    ) -> requests.Response:
        """Call the host and return its answer, whose status is below 400.

        *url* is a path below the tenant's base URL, or a link from one of the host's
        answers. *retry* says whether to retry the call after a temporary failure;
        by default GET, HEAD, PUT and DELETE are retried. *max_bytes* bounds the body
        of the answer, decompressed, and *max_seconds* the time of each attempt. The
        other arguments are those of ``requests``. A redirect is returned, not followed.

        :raises ValueError: for a GET with a body, if *json* is not JSON, or if
            *headers* has one that the client sets itself, such as Authorization.
        :raises ScopeError: if the descriptor lacks the scope that the call needs.
        :raises UnsafeURLError: if *url* could leave the tenant's base URL.
        :raises HostUnavailableError: if the host does not answer.
        :raises AccessRuleError: if it answers 404 or 403 to a call that an app access
            rule can block, and some rule blocks content of the site.
        :raises HostResponseError: if it answers 400 or more, or more than *max_bytes*.
        """
        method, rules = method.upper(), self._outbound.rules
        absolute, base_url = resolve(self.tenant, url)
        operation = rules.check(method, absolute, self.tenant.product_type)
        if method == "GET" and not (json is None and data is None and files is None):
            raise ValueError("a GET request has no body; the host refuses one")
        check_headers(headers)
        prepared = self._prepare(
            requests.Request(
                method,
                absolute,
                params=params,
                json=json,
                data=data,
                files=files,
                headers={"Accept": "application/json", **(headers or {})},
            )
        )
        limits = Limits(seconds=max_seconds, max_bytes=max_bytes)
        repeatable = method in _IDEMPOTENT if retry is None else retry
        try:
            return self._outbound.retries.call(
                partial(_timed, operation, self._attempt, prepared, base_url, limits),
                repeatable=repeatable and can_be_sent_again(prepared),
                pause=partial(self._outbound.calls.pause, host=self.tenant.client_key),
            )
        except HostResponseError as error:
            if rules.is_due_to_a_rule(operation, error, self.as_app()):
                raise AccessRuleError.of(error) from None
            raise

    def _attempt(
        self, prepared: requests.PreparedRequest, base_url: str, limits: Limits
    ) -> requests.Response:
        """Send a request once, as the app."""
        auth = JWTAuth(
            app_key=self._outbound.app_key,
            client_key=self.tenant.client_key,
            base_url=base_url,
            shared_secret=self._shared_secret,
        )
        return self._send(prepared, auth, limits)

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._outbound.calls.session.prepare(request)
        except requests.exceptions.InvalidJSONError:
            raise ValueError("json can't be serialized as JSON") from None
        except (requests.RequestException, HTTPError) as error:
            # requests does not wrap all of urllib3's errors, as for a host with "..".
            raise unavailable(request.method, request.url, error) from None

    def _send(
        self, prepared: requests.PreparedRequest, auth: AuthBase, limits: Limits
    ) -> requests.Response:
        url, method = prepared.url or "", prepared.method or ""
        calls, throttle = self._outbound.calls, self._outbound.throttle
        throttle.wait(self.tenant, method=method, path=urlsplit(url).path)
        request = auth(prepared.copy())
        try:
            response = calls.send(request, limits, host=self.tenant.client_key)
        except TooLargeError as error:
            raise too_large(error) from None
        except (requests.RequestException, HTTPError) as error:
            raise unavailable(method, url, error) from None
        throttle.note(self.tenant, response)
        if response.status_code >= 400:
            raise error_of(response)
        return response

    def get_json(self, url: str, **options: Any) -> Any:
        """Return the JSON that the host answers to a GET.

        :raises HostResponseError: if it answers 400 or more, or no JSON.
        """
        return read_json(self.request("GET", url, **options))


def _timed(
    operation: Operation | None,
    attempt: Callable[..., requests.Response],
    *arguments: Any,
) -> requests.Response:
    begun, status = perf_counter(), ""
    try:
        response = attempt(*arguments)
        status = str(response.status_code)
        return response
    except Exception as error:
        status = str(getattr(error, "status_code", type(error).__name__))
        raise
    finally:
        calls = HOST_CALL_SECONDS.labels(str(operation or "other"), status)
        calls.observe(perf_counter() - begun)


def can_be_sent_again(prepared: requests.PreparedRequest) -> bool:
    """Return whether the body can be sent a second time, unlike a stream."""
    return isinstance(prepared.body, str | bytes | None)
