"""Errors of REST calls, and their responses."""

from flask import Response, g

from devhost.access_rules import AccessRules
from devhost.protocol.error_bodies import error_response
from devhost.site.current import current_site
from devhost.wiki.errors import WikiError

BLOCKED = "An app access rule blocks the app in this space."


class RestError(Exception):
    """A request was refused."""

    def __init__(self, status: int, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


def answer_error(error: RestError) -> Response:
    """Return the response to a refused request, with the reason in its own header."""
    response = error_response(error.status, error.message)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = (
            f'JWT realm="{current_site().product.title}"'
        )
    if error.reason:
        response.headers["X-Devhost-Reason"] = error.reason
    return response


def answer_wiki_error(error: WikiError) -> Response:
    """Return the response to a refusal by the wiki or by an app access rule."""
    viewer = g.get("devhost_viewer")
    if error.status != 404 or viewer is None or not viewer.missed:
        return error_response(error.status, str(error))
    status = current_site().get(AccessRules).status
    message = str(error) if status == 404 else BLOCKED
    return answer_error(RestError(status, message, reason=BLOCKED))
