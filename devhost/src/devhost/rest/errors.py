"""Confluence's error bodies, of version 1 and of version 2."""

from http import HTTPStatus

from flask import Response, g, has_request_context, jsonify, request

from devhost.site.current import current_site
from devhost.wiki.errors import WikiError

V2_ROOT = "/wiki/api/v2"
BLOCKED = "An app access rule blocks the app in this space."
# Assumed, where HTTP's own phrase is not the code.
V2_CODES = {400: "INVALID_REQUEST_PARAMETER"}


class RestError(Exception):
    """A request is refused."""

    def __init__(self, status: int, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


def error_response(status: int, message: str) -> Response:
    """Return an error answer in the shape of the version that was called."""
    if has_request_context() and request.path.startswith(V2_ROOT):
        response = jsonify(_v2_body(status, message))
    else:
        response = jsonify(_v1_body(status, message))
    response.status_code = status
    return response


def _v1_body(status: int, message: str) -> dict[str, object]:
    return {
        "statusCode": status,
        "data": {
            "authorized": status not in {401, 403},
            "valid": status != 400,
            "errors": [{"message": {"translation": message, "args": []}}],
            "successful": False,
        },
        "message": message,
    }


def _v2_body(status: int, message: str) -> dict[str, object]:
    try:
        phrase = HTTPStatus(status).name
    except ValueError:
        phrase = "UNKNOWN"
    code = V2_CODES.get(status, phrase)
    error = {"status": status, "code": code, "title": message, "detail": None}
    return {"errors": [error]}


def answer_error(error: RestError) -> Response:
    """Answer a refused request; why, for its developer, in a header of its own."""
    response = error_response(error.status, error.message)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = (
            f'JWT realm="{current_site().product.title}"'
        )
    if error.reason:
        response.headers["X-Devhost-Reason"] = error.reason
    return response


def answer_wiki_error(error: WikiError) -> Response:
    """Answer what the wiki refused, or what an app access rule keeps from the app."""
    viewer = g.get("devhost_viewer")
    if error.status != 404 or viewer is None or not viewer.missed:
        return error_response(error.status, str(error))
    status = current_site().access_rules.status
    message = str(error) if status == 404 else BLOCKED
    return answer_error(RestError(status, message, reason=BLOCKED))
