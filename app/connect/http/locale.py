"""The locale of an answer: the user's language, if there is a translation.

Confluence gives a user's locale through ``AP.user.getLocale``; older hosts put it
into the iframe's URL as ``loc``. So the locale is taken from ``loc`` in the URL, which
a page can also pass to its own endpoints, then ``Accept-Language``, then English.
https://developer.atlassian.com/cloud/confluence/internationalization/
"""

from pathlib import Path

from babel import negotiate_locale
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, get_locale, refresh

_OWN_CATALOGS = Path(__file__).resolve().parent.parent / "translations"


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
    # It is cached in the app context, which may outlive a request in a test.
    app.before_request(refresh)
    app.jinja_env.globals["language"] = language


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
