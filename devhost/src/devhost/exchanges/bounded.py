"""Bounded reads of a response that may be too large, or never end."""

import time

import requests
import urllib3

CHUNK = 65_536


class TooLargeError(requests.RequestException):
    """The response is larger than its reader accepts."""


def read_bounded(
    answer: requests.Response, *, max_bytes: int, give_up_at: float
) -> None:
    """Read the body of *answer*, which was requested with ``stream``.

    *give_up_at* is a moment of ``time.monotonic``; the timeout of a single read still
    applies, so the end may come one read later.

    :raises TooLargeError: if the body is larger than *max_bytes*, decompressed.
    :raises requests.ReadTimeout: if it has not ended in time.
    """
    parts, size = [], 0
    try:
        # Unlike ``iter_content``, this returns as soon as there is any data.
        while part := answer.raw.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                raise TooLargeError(f"the answer is larger than {max_bytes} bytes")
            if time.monotonic() > give_up_at:
                raise requests.ReadTimeout("the answer did not end in time")
    except (OSError, urllib3.exceptions.HTTPError) as error:
        if isinstance(error, requests.RequestException):
            raise
        raise requests.ConnectionError(f"the answer broke off: {error}") from error
    finally:
        answer.close()
    # What requests itself sets after reading a body.
    answer._content = b"".join(parts)
    answer._content_consumed = True  # type: ignore[attr-defined]  # The stubs leave it out.
