"""Validated request input: parameters and the JSON body."""

import json
from typing import Any

from flask import request

from devhost.protocol.raw_target import decode_segment
from devhost.protocol.strict_json import parse_json
from devhost.rest.errors import RestError

JSON = dict[str, Any]
MAX_START = 10_000_000


def not_here(what: str) -> RestError:
    """Return the refusal of a feature that the local Confluence does not have."""
    return RestError(501, f"{what} is not in the local Confluence.")


def segment(text: str) -> str:
    """Return a parameter of the path, decoded.

    :raises RestError: 400 if it is not UTF-8.
    """
    try:
        return decode_segment(text)
    except UnicodeDecodeError as error:
        raise RestError(400, "The path is not UTF-8.") from error


def integer(name: str, default: int, *, least: int = 0, most: int = MAX_START) -> int:
    """Return a whole number of the query string.

    :raises RestError: 400 if it is not a number between *least* and *most*.
    """
    text = request.args.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) < 10:
        number = int(text)
        if least <= number <= most:
            return number
    raise RestError(400, f"{name} must be a number from {least} to {most}")


def boolean(name: str) -> bool:
    """Return whether a parameter of the query string is ``true``."""
    return request.args.get(name, "").lower() == "true"


def values(name: str) -> list[str]:
    """Return a parameter that can be repeated, or separated by commas."""
    texts = ",".join(request.args.getlist(name)).split(",")
    return [text.strip() for text in texts if text.strip()]


def json_body() -> Any:
    """Return the body of the request.

    :raises RestError: 400 if it is not JSON, or contains invalid characters.
    """
    try:
        body = parse_json(request.get_data())
        # A lone surrogate is valid JSON, but not valid text.
        json.dumps(body, ensure_ascii=False).encode()
    except ValueError as error:
        raise RestError(400, "The request body is not JSON.") from error
    return body


def json_object() -> JSON:
    """Return the body of the request, an object.

    :raises RestError: 400 if it is something else.
    """
    body = json_body()
    if not isinstance(body, dict):
        raise RestError(400, "The request body must be a JSON object.")
    return body


def member(body: Any, path: str) -> Any:
    """Return the value at a dotted *path* in an object, None if there is none."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def text(body: JSON, path: str) -> str | None:
    """Return the text at *path*, None if it is missing; numbers become text.

    :raises RestError: 400 if it is anything else.
    """
    found = member(body, path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if found is None or isinstance(found, str):
        return found
    raise RestError(400, f"{path} must be a string")


def required_text(body: JSON, path: str) -> str:
    """Return the text at *path*.

    :raises RestError: 400 if there is no text.
    """
    found = text(body, path)
    if found is None:
        raise RestError(400, f"{path} is required")
    return found


def required_number(body: JSON, path: str) -> int:
    """Return the whole number at *path*.

    :raises RestError: 400 if there is no whole number.
    """
    found = member(body, path)
    if not isinstance(found, int) or isinstance(found, bool):
        raise RestError(400, f"{path} is required and must be a number")
    return found
