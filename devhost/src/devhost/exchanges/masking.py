"""Masking of secrets and signatures; the claims of a token stay readable."""

import re

from devhost.exchanges.message import Headers

MASK = "\u2022\u2022\u2022"
SECRET_HEADERS = frozenset({"cookie", "set-cookie", "x-devhost-session", "upm-token"})
# Header, claims and signature; without the signature the token is worthless.
TOKEN = re.compile(r"(eyJ[\w-]*\.[\w-]+\.)[\w-]+")
MEMBER = re.compile(
    r'("(?:sharedSecret|access_token|client_secret|token)"\s*:\s*")(?:[^"\\]|\\.)*'
)
PARAMETER = re.compile(r"(?<=[?&])(token=)[^&#]+")
# Every secret of this host begins like this.
SECRET = re.compile(r"ATCO[\w-]{8,}")


def mask(text: str) -> str:
    """Return *text* without secrets and signatures."""
    text = TOKEN.sub(rf"\1{MASK}", text)
    text = MEMBER.sub(rf"\1{MASK}", text)
    text = PARAMETER.sub(rf"\1{MASK}", text)
    return SECRET.sub(MASK, text)


def mask_headers(headers: Headers) -> Headers:
    """Return *headers* without credentials."""
    return tuple((name, _masked_header(name, value)) for name, value in headers)


def _masked_header(name: str, value: str) -> str:
    if name.lower() in SECRET_HEADERS:
        return MASK
    if name.lower() == "authorization":
        scheme, _, rest = value.partition(" ")
        masked = mask(rest)
        return f"{scheme} {masked if masked != rest else MASK}"
    return mask(value)
