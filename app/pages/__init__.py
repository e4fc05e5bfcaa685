"""The example app: replace it with yours.

``views`` are the pages that Confluence shows in its iframes, ``api`` the endpoints that
those pages call, and ``webhooks`` the handlers of Confluence's events.
"""

from flask import Blueprint

bp = Blueprint("pages", __name__)

from . import api, views, webhooks  # noqa: E402, F401 - they add their routes and handlers
