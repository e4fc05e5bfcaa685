"""The decorators that decide who may call a view.

Each view has exactly one policy, and a token that is good for one is refused by
every other:

* ``public``: anyone. ``cacheable_page``: anyone, and the browser keeps the answer.
* ``jwt_required``: the host or its iframe, for this very URL (HS256, qsh).
* ``context_jwt_required``: our own page, with a token from the bridge (HS256,
  the qsh ``context-qsh``).
* ``session_token_required`` (in ``session_token``): our own page, with a token of
  the app's own.
* ``signed_install_required``: the host's install callbacks (RS256, aud, qsh).

No argument, setting or environment variable turns a check off.
https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from functools import partial, wraps
from hmac import compare_digest
from inspect import iscoroutinefunction
from typing import Any, Final, ParamSpec, TypeVar, cast

from flask import Request, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from ..errors import (
    AuthenticationError,
    InvalidSignatureError,
    InvalidTokenError,
    QshMismatchError,
    UnknownTenantError,
)
from ..protocol.qsh import CONTEXT_QSH
from ..protocol.tokens import decode_asymmetric, decode_symmetric
from ..protocol.unverified_token import (
    Claims,
    UnverifiedToken,
    plain_name,
    read_unverified_token,
)
from ..tenants.credentials import Credentials
from ..tenants.current import VerifiedRequest, set_verified_request
from ..tenants.state import ConnectState, get_state
from .install_keys import get_install_keys
from .request_token import acceptable_hashes, get_token

ENABLED: Final = frozenset({"enabled"})
INSTALLED: Final = frozenset({"enabled", "disabled"})
KNOWN: Final = frozenset({"enabled", "disabled", "uninstalled"})

_P = ParamSpec("_P")
_R = TypeVar("_R")
_View = Callable[_P, _R]
_Fits = Callable[[str, Request, ConnectState], bool]
_CLAIMS_KEY = "connect.claims"
_logger = logging.getLogger(__name__)


class Policy(StrEnum):
    """How a view decides whom to answer."""

    PUBLIC = "public"
    CACHEABLE = "cacheable"
    URL_BOUND = "URL-bound"
    CONTEXT = "context JWT"
    SESSION = "session token"
    SIGNED_INSTALL = "signed install"


def policy_of(view: Callable[..., Any] | None) -> Policy | None:
    """Return the policy that a view declares; None if it declares none."""
    return getattr(view, "connect_policy", None)


def public(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Declare that a view answers anyone; it must tell nothing about tenants."""
    return declare(view, Policy.PUBLIC)


def jwt_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a request whose token was made for this very URL.

    For what the descriptor declares: pages, macros and other modules. Inside,
    ``current_tenant``, ``current_account_id`` and ``current_context`` are set.
    """
    return guard(view, Policy.URL_BOUND, verify_url_bound)


def context_jwt_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a request with a token from ``AP.context.getToken``.

    For the endpoints that the app's own pages call; never for a URL that the
    descriptor declares, since any user can get such a token.
    """
    return guard(view, Policy.CONTEXT, _verify_context)


def lifecycle_jwt_required(
    states: frozenset[str],
) -> Callable[[_View[_P, _R]], _View[_P, _R]]:
    """Like :func:`jwt_required`, for tenants in any of *states*."""

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        return guard(view, Policy.URL_BOUND, partial(verify_url_bound, states))

    return decorate


def signed_install_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a callback that Atlassian's install key signed for this app."""
    return guard(view, Policy.SIGNED_INSTALL, _verify_signed_install)


def get_verified_claims() -> Claims:
    """Return the claims of the token that this request was let in with."""
    claims: Claims = request.environ[_CLAIMS_KEY]
    return claims


def verify_url_bound(states: frozenset[str] = ENABLED) -> None:
    """Verify the token of this request under the URL-bound policy.

    :raises AuthenticationError: if the request is not to be trusted.
    """
    _verify_tenant(states, _is_for_this_request)


def _verify_context() -> None:
    _verify_tenant(ENABLED, _is_for_context)


def _verify_signed_install() -> None:
    request, state = _this_request(), get_state()
    token = read_unverified_token(get_token(request))
    issuer = _host_issuer(token, state)
    try:
        claims = decode_asymmetric(
            token,
            public_key=get_install_keys().get(token.key_id),
            audience=state.base_url,
            leeway=state.leeway,
        )
        _check_qsh(claims, request, state, _is_for_this_request)
    except AuthenticationError as error:
        error.client_key = issuer
        raise
    request.environ[_CLAIMS_KEY] = claims


def _verify_tenant(states: frozenset[str], fits: _Fits) -> None:
    request, state = _this_request(), get_state()
    token = read_unverified_token(get_token(request))
    issuer = _host_issuer(token, state)
    try:
        claims, credentials, secret = _check_signature(token, issuer, states, state)
        _check_qsh(claims, request, state, fits)
        verified = VerifiedRequest(
            tenant=credentials.tenant,
            context=_context(claims),
            account_id=_account_id(claims),
            shared_secret=secret,
        )
    except AuthenticationError as error:
        error.client_key = issuer
        raise
    if credentials.secret_is_unused and secret == credentials.shared_secret:
        _note_secret_used(credentials)
    set_verified_request(request, verified)
    request.environ[_CLAIMS_KEY] = claims


def _this_request() -> Request:
    """Return the request itself: a proxy costs something each time it is asked."""
    return cast("LocalProxy[Request]", request)._get_current_object()


def _host_issuer(token: UnverifiedToken, state: ConnectState) -> str:
    issuer = token.issuer
    if issuer == state.app_key:
        raise InvalidTokenError("iss is this app, not a host")
    return issuer


def _check_signature(
    token: UnverifiedToken,
    client_key: str,
    states: frozenset[str],
    state: ConnectState,
) -> tuple[Claims, Credentials, str]:
    credentials = state.tenants.cached_credentials(client_key)
    if credentials is not None:
        try:
            return _check_credentials(token, credentials, states, state.leeway)
        except (InvalidSignatureError, UnknownTenantError):
            # Another worker may have stored something newer: the database has
            # the last word, once.
            pass
    credentials = state.tenants.load_credentials(client_key)
    if credentials is None:
        raise UnknownTenantError("the tenant is unknown")
    return _check_credentials(token, credentials, states, state.leeway)


def _check_credentials(
    token: UnverifiedToken,
    credentials: Credentials,
    states: frozenset[str],
    leeway: int,
) -> tuple[Claims, Credentials, str]:
    if credentials.tenant.state not in states:
        raise UnknownTenantError(f"the tenant is {credentials.tenant.state}")
    *secrets, last = credentials.accepted_secrets()
    for secret in secrets:
        try:
            claims = decode_symmetric(token, shared_secret=secret, leeway=leeway)
        except InvalidSignatureError:
            continue
        return claims, credentials, secret
    return decode_symmetric(token, shared_secret=last, leeway=leeway), credentials, last


def _check_qsh(
    claims: Claims, request: Request, state: ConnectState, fits: _Fits
) -> None:
    qsh = claims.get("qsh")
    if not isinstance(qsh, str) or not qsh.isascii() or not fits(qsh, request, state):
        raise QshMismatchError("qsh does not fit")


def _is_for_this_request(qsh: str, request: Request, state: ConnectState) -> bool:
    hashes = acceptable_hashes(request, state.base_url)
    for expected in hashes:
        if compare_digest(qsh, expected):
            return True
    return False


def _is_for_context(qsh: str, request: Request, state: ConnectState) -> bool:
    return qsh == CONTEXT_QSH


def _context(claims: Claims) -> dict[str, Any]:
    context = claims.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise InvalidTokenError("context is not an object")
    return context


def _account_id(claims: Claims) -> str | None:
    """Return the user; None for an anonymous one. ``sub`` was checked before."""
    if "sub" in claims:
        return str(claims["sub"])
    user = _context(claims).get("user")
    if not isinstance(user, dict) or user.get("accountId") in (None, ""):
        return None
    return plain_name(user, "accountId")


def _note_secret_used(credentials: Credentials) -> None:
    try:
        get_state().tenants.note_secret_used(credentials)
    except SQLAlchemyError as error:
        # The request is verified all the same; the next one tries again.
        _logger.error("could not retire a secret: %s", type(error).__name__)


def guard(
    view: Callable[_P, _R], policy: Policy, verify: Callable[[], None]
) -> Callable[_P, _R]:
    """Declare a policy that *verify* enforces; TypeError if there is one already."""
    is_async = iscoroutinefunction(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        verify()
        if is_async:
            answer: _R = current_app.ensure_sync(view)(*args, **kwargs)
            return answer
        return view(*args, **kwargs)

    return declare(guarded, policy)


def declare(view: Callable[_P, _R], policy: Policy) -> Callable[_P, _R]:
    """Note the one policy of a view, which enforces it.

    :raises TypeError: if the view has one already.
    """
    if policy_of(view) is not None:
        raise TypeError(f"{view!r} already declares a policy: {policy_of(view)}")
    view.__dict__["connect_policy"] = policy
    return view
