"""The site that the running Flask application serves."""

from flask import current_app, request

from devhost.raw_target import raw_target
from devhost.site import Site

EXTENSION = "devhost"


def current_site() -> Site:
    """Return the site of this application."""
    site: Site = current_app.extensions[EXTENSION]
    return site


def current_target() -> str:
    """Return the undecoded path and query of this request."""
    return raw_target(request.environ)
