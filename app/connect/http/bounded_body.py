"""Size and time limits for reading a response body from an untrusted server."""

import time

import requests

_CHUNK = 1024


def read_bounded_body(
    response: requests.Response, *, max_bytes: int, max_seconds: float
) -> bytes | None:
    """Return the body of the streamed *response*; None if it is too large.

    :raises requests.Timeout: if it takes more than *max_seconds* to arrive.
    """
    deadline = time.monotonic() + max_seconds
    body = b""
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            return None
        if time.monotonic() > deadline:
            raise requests.Timeout
    return body
