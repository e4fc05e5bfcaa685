"""A message between host and app, with its answer."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from devhost.protocol.query_string_hash import strip_base_path

Direction = Literal["to-app", "from-app"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """A request and its answer, or a token that was handed out.

    ``kind`` is one of ``descriptor``, ``lifecycle``, ``webhook``, ``macro``,
    ``condition``, ``iframe`` and ``context-token`` (to the app), ``rest``,
    ``ap-request``, ``oauth``, ``install-key`` and ``install-protocol`` (from the
    app). An iframe is loaded by the browser: its status is not known here.
    """

    id: int
    kind: str
    direction: Direction
    method: str
    url: str = field(repr=False)
    """As it was sent, absolute."""
    app_key: str = ""
    """Empty if the caller is unknown."""
    user: str = ""
    """The account id acted for; empty for the app itself and for anonymous users."""
    base_path: str = ""
    """The path of the receiver's base URL, which is not part of any hash."""
    request_headers: Headers = field(default=(), repr=False)
    request_body: bytes = field(default=b"", repr=False)
    status: int | None = None
    response_headers: Headers = field(default=(), repr=False)
    response_body: bytes = field(default=b"", repr=False)
    failure: str = ""
    """Why there is no answer; empty if there is one or the reason is unknown."""
    reason: str = ""
    """Why the host refused, written for the app's developer."""
    started_at: float = 0.0
    """Seconds since the epoch."""
    milliseconds: float | None = None
    """How long the answer took."""
    notes: dict[str, str] = field(default_factory=dict)
    """Further facts, such as the scope that was needed."""
    is_truncated: bool = False
    """Whether a body was too long to be kept whole."""
    handed_out: str = field(default="", repr=False)
    """The token that was handed out, if this is not a request."""

    @property
    def target(self) -> str:
        """Path and query as sent, undecoded."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def path(self) -> str:
        """The undecoded path without the base path, as a module or resource has it."""
        return strip_base_path(urlsplit(self.url).path, self.base_path) or "/"

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query parameters, in order."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        """The request's body as JSON, None if it is not JSON."""
        return _json(self.request_body)

    @property
    def response_json(self) -> Any:
        """The answer's body as JSON, None if it is not JSON."""
        return _json(self.response_body)

    def header(self, name: str) -> str | None:
        """Return a header of the request, None if there is no such header."""
        return _header(self.request_headers, name)

    def response_header(self, name: str) -> str | None:
        """Return a header of the answer, None if there is no such header."""
        return _header(self.response_headers, name)

    @property
    def token(self) -> str | None:
        """The token of the request, None if there is no token."""
        if self.handed_out:
            return self.handed_out
        scheme, _, token = (self.header("Authorization") or "").partition(" ")
        if scheme.lower() in {"jwt", "bearer"} and token.strip():
            return token.strip()
        return next((value for name, value in self.query if name == "jwt"), None)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _header(headers: Headers, name: str) -> str | None:
    for each, value in headers:
        if each.lower() == name.lower():
            return value
    return None
