"""Safe headers: those that only the client itself may set."""

from collections.abc import Mapping
from typing import Any, Final

RESERVED: Final = {
    "authorization": "the client signs each request itself; use as_user for a user",
    "content-length": "the client computes it from the body",
    "cookie": "a call is authorized by its token alone",
    "host": "it follows from the tenant's base URL",
    "proxy-authorization": "set the proxy in the environment",
    "transfer-encoding": "the client computes it from the body",
}
"""Header names in lower case, and what to do instead of setting them."""


def check_headers(headers: Mapping[Any, Any] | None) -> None:
    """Check the headers that a caller wants to send.

    :raises ValueError: if one of them decides where a call goes, on whose behalf, or
        where its body ends.
    """
    for name in headers or ():
        if not isinstance(name, str):
            raise ValueError("the name of a header is a string")
        reason = RESERVED.get(name.strip().lower())
        if reason is not None:
            raise ValueError(f"leave out the header {name.strip()}: {reason}")
