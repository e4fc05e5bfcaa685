"""Access policies: decorators that decide who can call a view.

Each view has exactly one policy, and a token that one policy accepts is refused by
every other:

* ``public``: anyone. ``cacheable_page``: anyone, and browsers cache the answer.
* ``jwt_required``: the host or its iframe, for this exact URL (HS256, qsh).
* ``context_jwt_required``: our own page, with a token from the bridge (HS256,
  the qsh ``context-qsh``).
* ``session_token_required`` (in ``session_token``): our own page, with the app's own
  token.
* ``signed_install_required``: the host's install callbacks (RS256, aud, qsh).

The checks themselves are in ``verify``.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from flask import Request, current_app, request
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge
from werkzeug.local import LocalProxy

from ..errors import AuthenticationError, InstallKeysUnavailableError
from ..metrics import REQUESTS, counter_of
from ..tenants.state import ConnectState, get_state
from .request_token import is_for_context
from .verify import verify_host_token, verify_signed_install

_P = ParamSpec("_P")
_R = TypeVar("_R")
_View = Callable[_P, _R]
_LAYER = "connect_layer"
_REFUSALS = (
    AuthenticationError,
    InstallKeysUnavailableError,
    LengthRequired,
    RequestEntityTooLarge,
)


class Policy(StrEnum):
    """The access policy of a view."""

    PUBLIC = "public"
    CACHEABLE = "cacheable"
    URL_BOUND = "URL-bound"
    CONTEXT = "context JWT"
    SESSION = "session token"
    SIGNED_INSTALL = "signed install"


def policy_of(view: Callable[..., Any] | None) -> Policy | None:
    """Return the policy that a view declares; None if it declares none.

    A decorator above the policy may have copied it: see :func:`find_cover`.
    """
    return getattr(view, "connect_policy", None)


def layer(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Mark a function that a decorator of the framework puts around a view."""
    function.__dict__[_LAYER] = function
    return function


def find_cover(view: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Return what stands above a policy or a check of the framework; None if nothing.

    It could answer without them, as a cache does. ``functools.wraps`` copies marks, so
    a mark counts only on the very function that got it.
    """
    cover = None
    while view is not None:
        marked = getattr(view, _LAYER, None)
        # A bound method is the function that it binds.
        if marked is not getattr(view, "__func__", view):
            cover = cover or view
        if cover is not None and marked is not None:
            return cover
        view = getattr(view, "__wrapped__", None)
    return None


def public(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Declare that a view answers anyone; it must reveal nothing about tenants."""
    return declare(view, Policy.PUBLIC)


def jwt_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a request whose token was made for this exact URL.

    For URLs that the descriptor declares: pages, macros and other modules. Inside,
    ``current_tenant``, ``current_account_id`` and ``current_context`` are set.
    """
    return guard(view, Policy.URL_BOUND, verify_host_token)


def context_jwt_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer only a request with a token from ``AP.context.getToken``.

    For the endpoints that the app's own pages call; never for a URL that the
    descriptor declares, since any user can get such a token.
    """
    verify = partial(verify_host_token, fits=is_for_context)
    return guard(view, Policy.CONTEXT, verify)


def lifecycle_jwt_required(
    states: frozenset[str],
) -> Callable[[_View[_P, _R]], _View[_P, _R]]:
    """Like :func:`jwt_required`, for tenants in any of *states*."""

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        verify = partial(verify_host_token, states=states)
        return guard(view, Policy.URL_BOUND, verify)

    return decorate


def signed_install_required(
    event: str,
) -> Callable[[_View[_P, _R]], _View[_P, _R]]:
    """Answer only the callback *event* that Atlassian's install key signed for us."""

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        verify = partial(verify_signed_install, event=event)
        return guard(view, Policy.SIGNED_INSTALL, verify)

    return decorate


def guard(
    view: Callable[_P, _R],
    policy: Policy,
    verify: Callable[[Request, ConnectState], None],
) -> Callable[_P, _R]:
    """Declare a policy that *verify* enforces; TypeError if *view* already has one."""
    is_async = iscoroutinefunction(view)

    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        outcome = "accepted"
        try:
            # The request object itself: each access through the proxy costs time.
            verify(
                cast("LocalProxy[Request]", request)._get_current_object(), get_state()
            )
            if is_async:
                answer: _R = current_app.ensure_sync(view)(*args, **kwargs)
                return answer
            return view(*args, **kwargs)
        except _REFUSALS as error:
            outcome = type(error).__name__
            raise
        finally:
            counter_of(REQUESTS, policy, outcome).inc()

    return declare(guarded, policy)


def declare(view: Callable[_P, _R], policy: Policy) -> Callable[_P, _R]:
    """Record the one policy of a view, which enforces it.

    :raises TypeError: if the view has one already.
    """
    if policy_of(view) is not None:
        raise TypeError(f"{view!r} already declares a policy: {policy_of(view)}")
    view.__dict__["connect_policy"] = policy
    return layer(view)
