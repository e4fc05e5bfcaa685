"""The locale of an answer: the user's language, if there is a translation.

Confluence gives a user's locale through ``AP.user.getLocale``; older hosts put it
into the iframe's URL as ``loc``. So the locale is taken from ``loc`` in the URL, which
a page can also pass to its own endpoints, then ``Accept-Language``, then English.
https://developer.atlassian.com/cloud/confluence/internationalization/
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import negotiate_locale
from flask import Flask, current_app, has_app_context, has_request_context, request
from flask_babel import Babel, get_locale, get_translations, refresh
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OWN_CATALOGS = Path(__file__).resolve().parent.parent / "translations"


class NewLanguage:
    """Middleware that forgets the language of the request before.

    Flask-Babel keeps it in the app context, which is new for each request, unless a
    test has pushed one. A ``before_request`` function would cost more.
    """

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self._wsgi_app = wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if has_app_context():
            refresh()
        return self._wsgi_app(environ, start_response)


def init_app(app: Flask) -> None:
    """Translate the texts of *app* with the catalogs in its ``translations`` folder.

    The framework has its own catalogs; for a text in both, the app's wins.
    """
    # One per app, since it caches the catalogs.
    babel = Babel(
        app,
        # If a text is in several catalogs, the last one wins.
        default_translation_directories=f"{_OWN_CATALOGS};translations",
        locale_selector=select_locale,
    )
    with app.app_context():
        available = [str(found) for found in babel.list_translations()]
        app.extensions["connect.http"] = available
    app.wsgi_app = NewLanguage(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to add middleware.
    app.jinja_env.globals["language"] = language
    app.context_processor(_translated)


def select_locale() -> str | None:
    """Return the best locale with a translation; None for English."""
    if not has_request_context():
        return None
    wanted = [request.args.get("loc", "")]
    wanted += [tag for tag, quality in request.accept_languages if quality > 0]
    return negotiate_locale(
        [tag.replace("-", "_") for tag in wanted],
        current_app.extensions["connect.http"],
        sep="_",
    )


def language() -> str:
    """Return the language of this answer as HTML's ``lang`` has it, such as pt-BR."""
    return str(get_locale()).replace("_", "-")


def _translated() -> dict[str, Any]:
    """Return ``_`` for one rendering, in which the language stays the same.

    It does the same as Flask-Babel's, which finds the language anew for each text.
    """
    find = get_translations().ugettext

    @pass_eval_context
    def translate(context: EvalContext, text: str, /, **values: Any) -> str:
        found = Markup(find(text)) if context.autoescape else find(text)  # noqa: S704 - texts of the app
        # Escapes the values. Always a format string, even without values.
        return found % values

    return {"_": translate, "gettext": translate}
