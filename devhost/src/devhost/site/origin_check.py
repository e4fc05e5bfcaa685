"""Origin checks: refuse requests from another site's page, or another machine.

The ``Host`` check stops DNS rebinding, the ``Origin`` check stops requests that another
page makes a browser send.
"""

import hmac

from flask import Flask, abort, request

from devhost.site.current import current_site

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_PAGE = frozenset({"same-origin", "none"})
SESSION_HEADER = "X-Devhost-Session"


def init_app(app: Flask) -> None:
    """Check every request before anything else."""
    app.before_request(_refuse_foreign_host)
    app.before_request(_refuse_cross_site_change)


def _refuse_foreign_host() -> None:
    if request.headers.get("Host", "") not in current_site().hosts:
        abort(403, "The local Confluence answers only to loopback names.")


def _refuse_cross_site_change() -> None:
    if request.method not in SAFE_METHODS and not _is_own_origin():
        abort(403, "A page of another site may not change the local Confluence.")


def _is_own_origin() -> bool:
    # Browsers send Origin with every request that can change something; without it, the
    # client is not a browser.
    origin = request.headers.get("Origin")
    fetch_site = request.headers.get("Sec-Fetch-Site", "none")
    own_origins = {f"http://{host}" for host in current_site().hosts}
    return (origin is None or origin in own_origins) and fetch_site in OWN_PAGE


def has_session() -> bool:
    """Whether the request comes from the script of one of our own pages."""
    presented = request.headers.get(SESSION_HEADER, "")
    expected = current_site().session_token
    return hmac.compare_digest(presented.encode("utf-8", "replace"), expected.encode())
