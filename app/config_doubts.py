"""Settings that are well-formed but look wrong: misspelt names, and local servers.

They do not stop the start, since each can be meant, as when a tunnel leads to a
developer's machine. The log names them at the start, and ``flask connect doctor``
fails.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlsplit

from .connect.protocol.base_url import is_loopback

_PREFIX: Final = "CONNECT_"
# Kubernetes gives these to every container that lives beside a service "connect".
_OF_A_SERVICE = re.compile(r"CONNECT_(SERVICE_(HOST|PORT)|PORT)(_.*)?")
_RISKS: Final = {
    "CONNECT_ALLOWED_HOSTS": "a site on that machine can install the app",
    "CONNECT_KEY_SERVERS": "whoever answers there can sign an install of any site",
    "CONNECT_OAUTH_SERVER": "whoever answers there is sent signed requests for users",
    "CONNECT_ALL_JS_URL": "browsers load no bridge, or somebody else's",
}


def find_doubts(
    settings: Mapping[str, Any], known: Iterable[str], given: Iterable[str]
) -> Iterator[str]:
    """Yield a sentence for each setting that looks wrong.

    *settings* are the values that were read, *known* the names of all settings, and
    *given* those in the environment, ``.env`` and the app's own mapping.
    """
    names = sorted(known)
    for name in sorted({*given} - {*names}):
        if name.startswith(_PREFIX) and not _OF_A_SERVICE.fullmatch(name):
            meant = get_close_matches(name, names, n=1, cutoff=0.8)
            hint = f"did you mean {meant[0]}?" if meant else "see docs/settings.md"
            yield f"{name} is not a setting: {hint}"
    if is_loopback(_host_of(settings["CONNECT_BASE_URL"])):
        return
    for name, risk in _RISKS.items():
        values = settings[name]
        for value in (values,) if isinstance(values, str) else values:
            if is_loopback(_host_of(value)):
                yield f"{name} is {value}, but CONNECT_BASE_URL is public: {risk}"
    if settings["CONNECT_RECORD_CALLS"]:
        yield "CONNECT_RECORD_CALLS is for development, but CONNECT_BASE_URL is public"


def _host_of(value: str) -> str:
    """Return the host of a URL; a bare host is one already."""
    return (urlsplit(value).hostname or "") if "://" in value else value
