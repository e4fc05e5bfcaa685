"""Base URLs of sites and of the app: a strict parser.

Checked on the raw text and never by a lenient parser: parsers disagree about
back slashes, tabs and user info, and that is how a token reaches another host.
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CACHE_SIZE: Final = 1_000
"""How many URLs to remember: one site's are parsed with every call to it."""

_BASE_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*)/?"
)
# ASCII only: lower() turns the Kelvin sign into a "k".
_AUTHORITY = re.compile(r"https?://[!-.0-~]*", re.IGNORECASE | re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A last label that is a number makes the whole name an IPv4 address.
_PUBLIC_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".home.arpa")


@dataclass(frozen=True, slots=True)
class BaseURL:
    """A parsed base URL; ``host`` is lower case, ``path`` has no trailing slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it is the default, port."""
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return f"{self.scheme}://{self.host}"
        return f"{self.scheme}://{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.origin + self.path


@lru_cache(_CACHE_SIZE)
def parse_base_url(text: str) -> BaseURL:
    """Read a base URL: https, or http on a loopback address.

    It must have no user info, query or fragment and only plain path segments; one
    trailing slash is dropped.

    :raises ValueError: naming what is wrong, without the text itself.
    """
    match = _BASE_URL.fullmatch(
        _AUTHORITY.sub(lambda authority: authority[0].lower(), text, count=1)
    )
    if match is None:
        raise ValueError("is not a plain https URL such as https://app.example.com")
    scheme, host, path = match["scheme"], match["host"], match["path"]
    if scheme == "http" and not is_loopback(host):
        raise ValueError("must be https; http is for loopback addresses only")
    if host.startswith("[") and not _is_address(host):
        raise ValueError("has an address that does not exist")
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise ValueError("has a port that does not exist")
    return BaseURL(scheme, host, port, path)


@lru_cache(_CACHE_SIZE)
def parse_display_url(text: str, base_url: str) -> BaseURL:
    """Read the URL under which users see a site.

    Its host is a public name, or the one of *base_url*. If that one is a loopback
    address, it may be another loopback address.

    :raises ValueError: naming what is wrong, without the text itself.
    """
    found, base = parse_base_url(text), parse_base_url(base_url)
    host = found.host
    if host == base.host or (is_loopback(host) and is_loopback(base.host)):
        return found
    if not _PUBLIC_NAME.fullmatch(host) or host.endswith(_PRIVATE_NAMES):
        raise ValueError("has a host without a public name")
    return found


def is_loopback(host: str) -> bool:
    """Return whether a lower-case host name or address is a loopback one."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.strip("[]"))
    except ValueError:
        return False
    return True


def host_is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether *host* equals an entry, or ends in one with a leading dot."""
    return any(
        host.endswith(entry) if entry.startswith(".") else host == entry
        for entry in allowed
    )
