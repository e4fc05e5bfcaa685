"""The caller of a REST resource: an app, or a person through an app's page.

An app that impersonates a person (``Authorization: Bearer``) calls as that person.
"""

import logging
from dataclasses import dataclass
from typing import Never

from flask import g, request
from werkzeug.local import LocalProxy

from devhost.rest.errors import RestError
from devhost.site.assumptions import Assumptions
from devhost.site.current import current_site, current_target
from devhost.site.installations import Installation, Installations
from devhost.site.origin_check import has_session
from devhost.site.users import User
from devhost.tokens.app_token import AppTokenError, app_token, authenticate_app
from devhost.tokens.oauth import AuthorizationServer

APP_HEADER = "AP-Client-Key"
logger = logging.getLogger("devhost")


@dataclass(frozen=True)
class Caller:
    """The calling app, with the person for ``AP.request`` or impersonation."""

    app: Installation
    user: User | None = None
    # Those of an access token, with everything they imply; None for the app's own.
    scopes: frozenset[str] | None = None


def _get_caller() -> Caller:
    caller: Caller = g.devhost_caller
    return caller


caller: Caller = LocalProxy(_get_caller)  # type: ignore[assignment]  # A proxy stands for it.


def authenticate() -> None:
    """Find out who is calling, before any resource is looked up.

    :raises RestError: 401 for an unknown caller, 403 for a GET with a body.
    """
    # The gateway has refused GET with a body since CHANGE-2328.
    if request.method == "GET" and (
        request.content_length or "Transfer-Encoding" in request.headers
    ):
        raise RestError(403, "A GET request must not have a body.")
    g.devhost_caller = _page_caller() if has_session() else _app_caller()


def _app_caller() -> Caller:
    scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _impersonating_caller(access_token.strip())
    token = app_token(request.headers.get("Authorization", ""))
    if token is None:
        _refuse("there is no Authorization: JWT header")
    try:
        app = authenticate_app(
            current_site().get(Installations),
            token,
            method=request.method,
            target=current_target(),
            most_seconds=current_site()
            .get(Assumptions)
            .number("app-token-most-seconds"),
        )
    except AppTokenError as error:
        _refuse(str(error))
    return Caller(app)


def _impersonating_caller(access_token: str) -> Caller:
    grant = current_site().get(AuthorizationServer).find(access_token)
    if grant is None:
        _refuse("the access token is unknown here or expired")
    app = current_site().get(Installations).find_enabled(grant.app_key)
    if app is None or app.client_key != grant.client_key:
        _refuse("the app of this access token is not installed and enabled any more")
    return Caller(app, grant.user, grant.scopes)


def _page_caller() -> Caller:
    app_key = request.headers.get(APP_HEADER, "")
    app = current_site().get(Installations).find_enabled(app_key)
    if app is None:
        _refuse(f"{APP_HEADER} is not the key of an installed and enabled app")
    return Caller(app, current_site().user)


def _refuse(reason: str) -> Never:
    reason = reason.encode("unicode_escape").decode("ascii")
    path = current_target().partition("?")[0]
    logger.warning("%s %s refused: %s", request.method, path, reason)
    raise RestError(401, _unauthenticated_message(path), reason=reason)


def _unauthenticated_message(path: str) -> str:
    if "/app/module/dynamic" in path:
        return "The request is not from a Connect app."
    if "/atlassian-connect/" in path:
        return "Access to this resource must be authenticated as an app."
    return "Client must be authenticated to access this resource."


def require_app() -> Installation:
    """Return the calling app.

    :raises RestError: 401 if it calls as a person.
    """
    if caller.user is not None:
        raise RestError(401, "The request is not from a Connect app.")
    return caller.app
