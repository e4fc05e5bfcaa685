"""Confluence's error bodies, of version 1 and of version 2."""

from http import HTTPStatus

from flask import Response, has_request_context, jsonify, request

V2_ROOT = "/wiki/api/v2"
# Assumed for the statuses whose code is not HTTP's own phrase.
V2_CODES = {400: "INVALID_REQUEST_PARAMETER"}


def error_response(status: int, message: str) -> Response:
    """Return an error response in the format of the API version that was called."""
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
