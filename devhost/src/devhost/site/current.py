"""The current site: the one that the running Flask application serves."""

from flask import current_app, g, request

from devhost.protocol.raw_target import raw_target
from devhost.site.site import Site

EXTENSION = "devhost"


def current_site() -> Site:
    """Return the site of this application: the same one during a whole request."""
    if "devhost_site" not in g:
        g.devhost_site = current_app.extensions[EXTENSION]
    site: Site = g.devhost_site
    return site


def current_target() -> str:
    """Return the undecoded path and query of this request."""
    return raw_target(request.environ)
