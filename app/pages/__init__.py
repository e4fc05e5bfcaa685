"""The example app: replace it with yours.

``views`` are what Confluence shows in its iframes, ``api`` is what those pages
call back, and ``webhooks`` is what happens when Confluence tells of something.
"""

from flask import Blueprint

bp = Blueprint("pages", __name__)

from . import api, views, webhooks  # noqa: E402, F401 - they add their routes and handlers
