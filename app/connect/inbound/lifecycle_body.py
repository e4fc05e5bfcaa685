"""Lifecycle bodies: read within a bound, and checked against token, path and app.

A token covers method, path and query but not the body, so each body must agree with
its token.
"""

from dataclasses import replace
from typing import Final, NoReturn

from flask import Request, current_app

from ..errors import UntrustedInstallError
from ..protocol.base_url import host_is_allowed, parse_base_url
from ..protocol.unverified_token import Claims
from ..tenants.lifecycle_payload import (
    LifecycleEvent,
    read_installation,
    read_lifecycle_event,
)

MAX_BODY_BYTES: Final = 65_536


def read_lifecycle_body(
    request: Request, claims: Claims, *, app_key: str, event: str
) -> LifecycleEvent:
    """Return the body of *request*, an ``Installation`` if *event* is ``installed``.

    It is as trustworthy as *claims*. Its base URL is normalized.

    :raises UntrustedInstallError: if it names another tenant, app or event than token
        and path, or a host that is not allowed.
    :raises MalformedBodyError: naming the fields that are wrong.
    :raises HTTPException: if it is longer than 64 KB, or breaks off.
    """
    request.max_content_length = MAX_BODY_BYTES
    read = read_installation if event == "installed" else read_lifecycle_event
    body = read(request.get_data())
    expected = {
        "clientKey": (body.client_key, claims["iss"]),
        "key": (body.key, app_key),
        "eventType": (body.event_type, event),
    }
    for field, (sent, right) in expected.items():
        if sent != right:
            _refuse(f"{field} in the body is not the token's", claims)
    return _with_trusted_base_url(body, claims)


def _with_trusted_base_url(body: LifecycleEvent, claims: Claims) -> LifecycleEvent:
    if body.base_url is None:
        return body
    try:
        base_url = parse_base_url(body.base_url)
    except ValueError as error:
        _refuse(f"baseUrl {error}", claims)
    if not host_is_allowed(base_url.host, current_app.config["CONNECT_ALLOWED_HOSTS"]):
        _refuse("the host of baseUrl is not in CONNECT_ALLOWED_HOSTS", claims)
    return replace(body, base_url=str(base_url))


def _refuse(reason: str, claims: Claims) -> NoReturn:
    raise UntrustedInstallError(reason, client_key=claims["iss"])
