"""The unverified token: parsed strictly, but not trusted yet.

Exactly the compact serialization of RFC 7515: three segments of base64url without
padding, with a JSON object in each of the first two.
"""

import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from ..errors import InvalidTokenError

MAX_TOKEN_BYTES: Final = 8192

Claims = dict[str, Any]

_TOKEN = re.compile(rb"(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]*)")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
_LAST_OF: Final = {1: b"", 2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
# More than any host sends, and too few to nest deeper than Python's recursion limit.
_MAX_CONTAINERS = 100
_NOT_A_TOKEN = "the token is malformed"  # noqa: S105 - a message, not a secret
# What the JSON and base64 decoders raise on hostile input.
_UNREADABLE = (ValueError, binascii.Error)


@dataclass(slots=True)
class UnverifiedToken:
    """The parts of a token. Do not trust ``claims`` until the signature is checked."""

    signed: bytes = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Claims = field(repr=False)
    signature: bytes = field(repr=False)


def read_unverified_token(token: str) -> UnverifiedToken:
    """Parse a token, to find out whose key to verify it with.

    :raises InvalidTokenError: if it is not a token, or longer than 8 KB.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidTokenError("the token is longer than 8 KB")
    try:
        parts = _TOKEN.fullmatch(token.encode("ascii"))
        if parts is None:
            raise InvalidTokenError(_NOT_A_TOKEN)
        header = _read_header(parts[2])
        claims = _read_object(_decode(parts[3]))
        return UnverifiedToken(parts[1], header, claims, _decode(parts[4]))
    except _UNREADABLE:
        raise InvalidTokenError(_NOT_A_TOKEN) from None


def _decode(segment: bytes) -> bytes:
    # The last character can have unused bits; they must be zero.
    odd = len(segment) % 4
    if odd and segment[-1:] not in _LAST_OF[odd]:
        raise ValueError
    return binascii.a2b_base64(segment.translate(_TO_BASE64) + b"=" * (-odd % 4))


@lru_cache(maxsize=128)
def _read_header(segment: bytes) -> Mapping[str, Any]:
    """Return a header; cached, since hosts send the same few over and over."""
    return MappingProxyType(_read_object(_decode(segment)))


def _read_object(segment: bytes) -> dict[str, Any]:
    if segment.count(b"{") + segment.count(b"[") > _MAX_CONTAINERS:
        raise ValueError
    value = json.loads(segment.decode())
    if not isinstance(value, dict):
        raise ValueError
    if b"\\u" in segment:
        # Escapes can produce half a surrogate pair, which can't be encoded again.
        json.dumps(value, ensure_ascii=False).encode()
    return value
