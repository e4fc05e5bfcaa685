"""Static macros: the host asks for storage format while it renders a page.

https://developer.atlassian.com/cloud/confluence/modules/static-content-macro/
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ...http.cache_control import check_max_age, keep
from ...protocol.storage_format import legal, storage_text
from ..policies import jwt_required, layer
from ..session_token import forbid_session_token

_P = ParamSpec("_P")
_View = Callable[_P, ResponseReturnValue]


def static_macro(*, max_age: int | None = None) -> Callable[[_View[_P]], _View[_P]]:
    """Answer the host's request for a static macro, signed for this exact URL.

    The view returns storage format as ``Markup``, such as :func:`render_storage` and
    ``storage_macro`` return. A plain ``str`` is text and is escaped. Anything else is
    an ordinary Flask response and is left alone.

    With *max_age*, the host may cache the answer to a GET for that many seconds;
    without, it asks each time. A cached answer must depend on the URL alone. Use
    it instead of ``jwt_required``; it has the same policy.

    :raises ValueError: if *max_age* is not 1 to a year.
    """
    if max_age is not None:
        check_max_age(max_age)

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        def macro(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            if max_age is not None:
                forbid_session_token(request)
            answer = current_app.ensure_sync(view)(*args, **kwargs)
            if not isinstance(answer, str):
                return make_response(answer)
            return _answer(answer, max_age)

        return jwt_required(layer(macro))

    return decorate


def render_storage(template: str, **context: Any) -> Markup:
    """Return storage format from a template whose variables are escaped.

    :raises ValueError: if Jinja would not escape variables in *template*.
    """
    if not current_app.select_jinja_autoescape(template):
        raise ValueError(f"{template} is not escaped: name it {template}.xml")
    return Markup(render_template(template, **context))  # noqa: S704 - escaped by Jinja.


def _answer(content: str, max_age: int | None) -> Response:
    response = Response(legal(str(storage_text(content))), mimetype="text/html")
    if max_age is not None and request.method in ("GET", "HEAD"):
        keep(response, max_age)
        # The answer belongs to one tenant: no shared cache may store it.
        response.headers["CDN-Cache-Control"] = "no-store"
        # nginx knows only its own header.
        response.headers["X-Accel-Expires"] = "0"
    return response
