"""Cacheable pages: views of modules with ``"cacheable": true``.

The host adds no parameters and no token to their URL, so that it is the same for
everybody and the browser can cache it. The page asks the bridge for both.
https://developer.atlassian.com/cloud/confluence/cacheable-app-iframes-for-connect-apps/
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, make_response, request
from flask.typing import ResponseReturnValue

from ...http.cache_control import check_max_age, keep
from ...http.security_headers import allow_framing_anywhere, send_no_nonce
from ..policies import Policy, declare

_P = ParamSpec("_P")
_View = Callable[_P, ResponseReturnValue]


def cacheable_page(*, max_age: int = 3600) -> Callable[[_View[_P]], _View[_P]]:
    """Answer anyone with a page that can be cached for *max_age* seconds.

    The page is the same for every tenant and user: ``current_tenant`` is not set
    inside. Any site can frame it, since the tenant is unknown. It gets private data
    from endpoints with ``context_jwt_required``.

    :raises ValueError: if *max_age* is not 1 to a year.
    """
    check_max_age(max_age)

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        def cacheable(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            send_no_nonce()
            answer = current_app.ensure_sync(view)(*args, **kwargs)
            return _kept(make_response(answer), max_age)

        return declare(cacheable, Policy.CACHEABLE)

    return decorate


def _kept(response: Response, max_age: int) -> Response:
    allow_framing_anywhere(response)
    if response.status_code == 200:
        keep(response, max_age)
        # The page may be in the user's language.
        response.vary.add("Accept-Language")
        response.add_etag()
        response.make_conditional(request)
    return response
