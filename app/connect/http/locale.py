"""The locale of an answer: the user's language, if there is a translation.

Confluence says a user's locale by ``AP.user.getLocale``; older hosts put it into the
URL of an iframe as ``loc``. So a page takes ``loc`` of its URL, where an endpoint of
its own can be given it too, then ``Accept-Language``, then English.
https://developer.atlassian.com/cloud/confluence/internationalization/
"""

from babel import negotiate_locale
from flask import Flask, current_app, has_request_context, request
from flask_babel import get_locale, refresh

from ...extensions import babel


def init_app(app: Flask) -> None:
    """Translate the texts of *app* by the catalogs in its folder ``translations``."""
    babel.init_app(app, locale_selector=select_locale)
    with app.app_context():
        available = [str(found) for found in babel.list_translations()]
        app.extensions["connect.http"] = available
    # It is kept with the app context, which may outlive a request in a test.
    app.before_request(refresh)
    app.jinja_env.globals["language"] = language


def select_locale() -> str | None:
    """Return the best locale that has a translation; None for English."""
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
