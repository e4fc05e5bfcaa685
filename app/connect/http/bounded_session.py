"""The session for everything this app asks of other servers, within limits.

An answer is read at once, and has a limit for its size, decompressed, and one for the
time from the request to its last byte. There is no way around them: this is no
``requests.Session``, and offers no streams.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

import requests
from urllib3 import exceptions as urllib3_errors

from .timed_connections import TimedAdapter, ends_at

MAX_ERROR_BYTES: Final = 65_536
"""How much is read of an answer with status 400 or more; the rest is dropped."""

_POOL_SIZE = 20
_CHUNK = 65_536
_MAX_SITES = 1_000


class TooLargeError(requests.RequestException):
    """An answer that is larger than its caller accepts; ``answer`` has no body."""

    def __init__(self, answer: requests.Response, max_bytes: int) -> None:
        super().__init__(f"the answer has more than {max_bytes} bytes")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an answer may take; times are in seconds.

    ``seconds`` bounds the whole call, ``connect`` the time until the connection is
    there, and ``silence`` the time without any byte. ``max_bytes`` counts what
    decompression makes of the body.
    """

    seconds: float
    max_bytes: int
    connect: float = 5
    silence: float = 20

    def within(self, seconds: float) -> "Limits":
        """Return these limits, but with no more *seconds* than that."""
        return self if self.seconds <= seconds else replace(self, seconds=seconds)


class BoundedSession:
    """Pooled connections to all servers, without cookies and redirects.

    One tenant's cookie must never be sent with a call to another. Proxies and
    certificates are those that the environment names, as ``requests`` reads it;
    passwords from a ``.netrc`` file are not used.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._headers = dict(self._session.headers)
        self._adapter = TimedAdapter(
            pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE
        )
        # The environment does not change, and reading it for each call is slow.
        self._settings: Callable[[str], dict[str, Any]]
        self._settings = lru_cache(_MAX_SITES)(self._read_environment)

    def call(
        self, method: str, url: str, *, limits: Limits, **options: Any
    ) -> requests.Response:
        """Call :meth:`send` with a request of the *options* of ``requests.Request``."""
        request = requests.Request(method, url, **options)
        return self.send(self.prepare(request), limits)

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """Return *request* ready to send; an ``Authorization`` header is kept.

        :raises requests.RequestException: if it can't be sent.
        """
        # Much faster than the session's own method, which merges cookies and looks for
        # a password in .netrc.
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.prepare_url(request.url or "", request.params)
        prepared.prepare_headers({**self._headers, **(request.headers or {})})
        prepared.prepare_body(request.data, request.files, request.json)
        return prepared

    def send(
        self, request: requests.PreparedRequest, limits: Limits
    ) -> requests.Response:
        """Send a request, and return the answer with its whole body.

        Of an answer with status 400 or more, only the start is kept.

        :raises requests.Timeout: if the answer is not there in time.
        :raises TooLargeError: if it is larger than *limits* allow.
        :raises requests.RequestException: if there is no answer, or it breaks off.
        """
        if limits.seconds <= 0:
            raise requests.Timeout("there is no time left; nothing was sent")
        begun = time.monotonic()
        end = begun + limits.seconds
        connect = min(limits.connect, limits.seconds)
        silence = min(limits.silence, limits.seconds)
        url = request.url or ""
        with ends_at(end):
            response = self._adapter.send(
                request,
                stream=True,
                timeout=(connect, silence),
                **self._settings(url[: url.find("/", 8) + 1] or url),
            )
            _read_body(response, limits.max_bytes, end)
        response.elapsed = timedelta(seconds=time.monotonic() - begun)
        return response

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._adapter.close()

    def _read_environment(self, site: str) -> dict[str, Any]:
        settings = self._session.merge_environment_settings(site, {}, None, None, None)
        return {name: settings[name] for name in ("proxies", "verify", "cert")}


def _read_body(response: requests.Response, max_bytes: int, end: float) -> None:
    """Read the body into *response*, and return its connection to the pool."""
    raw, parts, size = response.raw, [], 0
    failed = response.status_code >= 400
    limit = min(max_bytes, MAX_ERROR_BYTES) if failed else max_bytes
    try:
        if response.status_code < 200:
            raise requests.ConnectionError("an interim answer that was not asked for")
        # Without a body it may name an encoding nevertheless, as an answer to HEAD.
        decode = raw.length_remaining != 0
        # Unlike read, read1 returns what is there, and decompresses no more than that.
        while part := raw.read1(_CHUNK, decode_content=decode):
            size += len(part)
            parts.append(part)
            if size > limit:
                if not failed:
                    raise TooLargeError(response, max_bytes)
                parts[-1] = part[: limit - size]
                break
            if time.monotonic() > end:
                raise requests.ReadTimeout("the answer did not end in time")
    except urllib3_errors.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from None
    except urllib3_errors.ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from None
    except urllib3_errors.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from None
    except urllib3_errors.SSLError as error:
        raise requests.exceptions.SSLError(error) from None
    finally:
        # Only a connection whose answer has been read to its end can be used again.
        response.close()
    # What requests itself sets after it has read a body.
    response._content = b"".join(parts)
    response._content_consumed = True  # type: ignore[attr-defined]  # The stubs leave it out.
