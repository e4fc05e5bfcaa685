"""The app's descriptor, ``atlassian-connect.json``: fetched and checked.

The refusals use Confluence's own words, followed by where and what to write.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests

from devhost.descriptor.module_rules import (
    SINGLE_MODULES,
    array_problems,
    duplicates,
    is_relative,
    module_keys,
    module_problems,
    static_modules,
)
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.protocol.strict_json import is_whole
from devhost.site.products import CONFLUENCE, Product

APP_KEY = re.compile(r"[a-zA-Z0-9._-]+")
SCOPES = frozenset(
    "NONE READ WRITE DELETE PROJECT_ADMIN SPACE_ADMIN ADMIN ACT_AS_USER"
    " ACCESS_EMAIL_ADDRESSES".split()
)
EVENTS = ("installed", "uninstalled", "enabled", "disabled")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BYTES = 1_000_000


class InstallError(Exception):
    """The app cannot be installed; the message is the one Confluence would show."""


def split_url(url: str) -> SplitResult | None:
    """Split a URL, None if it is malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def fetch_descriptor(
    url: str, exchanges: ExchangeLog | None = None, product: Product = CONFLUENCE
) -> dict[str, Any]:
    """Fetch, parse and check the descriptor at *url* of an app for *product*.

    :raises InstallError: if it is unreachable or invalid.
    """
    parts = split_url(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InstallError(f"The descriptor URL {url!r} is not an http(s) URL.")
    descriptor = parse_descriptor(_download(url, exchanges))
    check_descriptor(descriptor, fetched_from=parts, product=product)
    return descriptor


def _download(url: str, exchanges: ExchangeLog | None) -> bytes:
    sender = None if exchanges is None else Sender(exchanges, "descriptor")
    try:
        with new_session(sender) as session:
            answer = session.get(url, timeout=TIMEOUTS, allow_redirects=False)
    except requests.RequestException as error:
        raise InstallError(
            f"Cannot fetch the app descriptor from {url}: "
            f"no answer ({type(error).__name__}). Is the app running there?"
        ) from error
    if answer.status_code != 200:
        raise InstallError(
            f"Cannot fetch the app descriptor from {url}: "
            f"the app answered {answer.status_code}, not 200."
        )
    if len(answer.content) > MAX_BYTES:
        raise InstallError(f"The app descriptor is larger than {MAX_BYTES} bytes.")
    return answer.content


def parse_descriptor(text: bytes) -> dict[str, Any]:
    """Parse a descriptor.

    :raises InstallError: if it is not a JSON object.
    """
    try:
        descriptor = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InstallError(
            f"Invalid Atlassian Connect descriptor: JSON is not well-formed ({error})."
        ) from error
    if not isinstance(descriptor, dict):
        raise InstallError(
            "Invalid Atlassian Connect descriptor: it must be a JSON object."
        )
    if not is_whole(descriptor):
        raise InstallError(
            "Invalid Atlassian Connect descriptor: JSON is not well-formed "
            "(a \\u escape stands for half a character)."
        )
    return descriptor


def check_descriptor(
    descriptor: dict[str, Any], *, fetched_from: SplitResult, product: Product
) -> None:
    """Refuse a descriptor that the product would refuse.

    :raises InstallError: naming every invalid place and what to write there.
    """
    problems = [
        *_identity_problems(descriptor),
        *_base_url_problems(descriptor.get("baseUrl"), fetched_from),
        *_lifecycle_problems(descriptor),
        *_scope_problems(descriptor.get("scopes", [])),
        *_modules_problems(descriptor.get("modules", {}), product),
    ]
    if problems:
        raise InstallError(
            "The app descriptor failed to validate against the schema. "
            f"Please confirm this app is intended for use with {product.title} "
            f"and then contact the app vendor. {'; '.join(problems)}."
        )
    _refuse_missing_installed_callback(descriptor)
    _refuse_duplicate_module_keys(descriptor)


def _identity_problems(descriptor: dict[str, Any]) -> Iterator[str]:
    key = descriptor.get("key")
    if not isinstance(key, str) or not APP_KEY.fullmatch(key) or len(key) > 80:
        yield f"key: write 1 to 80 characters of ^{APP_KEY.pattern}$"
    name = descriptor.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 80:
        yield "name: write a string of 1 to 80 characters"
    authentication = descriptor.get("authentication")
    kind = authentication.get("type") if isinstance(authentication, dict) else None
    if kind not in {"jwt", "JWT", "none", "NONE"}:
        yield 'authentication: write {"type": "jwt"}'


def _base_url_problems(base_url: Any, fetched_from: SplitResult) -> Iterator[str]:
    parts = split_url(base_url) if isinstance(base_url, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        yield "baseUrl: write the app's address, such as http://127.0.0.1:8080"
    elif len(base_url) > 200 or parts.query or parts.fragment or parts.username:
        yield "baseUrl: at most 200 characters, no user, query or fragment"
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK_NAMES:
        yield "baseUrl: must begin with https:// (http is for loopback addresses)"
    elif _place(parts) != _place(fetched_from):
        yield (
            f"baseUrl: {base_url} is not where the descriptor was fetched from: "
            f"write {fetched_from.scheme}://{fetched_from.netloc}"
        )


def _place(parts: SplitResult) -> tuple[str, int]:
    # All loopback names are the same machine.
    host = "loopback" if parts.hostname in LOOPBACK_NAMES else parts.hostname or ""
    return host, parts.port or (443 if parts.scheme == "https" else 80)


def _lifecycle_problems(descriptor: dict[str, Any]) -> Iterator[str]:
    lifecycle = descriptor.get("lifecycle", {})
    if not isinstance(lifecycle, dict):
        yield 'lifecycle: write an object such as {"installed": "/installed"}'
        return
    for event in EVENTS:
        url = lifecycle.get(event, "/")
        if not isinstance(url, str) or not url or not is_relative(url):
            yield f"lifecycle.{event}: write a relative URL such as /{event}"


def _scope_problems(scopes: Any) -> Iterator[str]:
    if not isinstance(scopes, list):
        yield 'scopes: write an array such as ["READ"]'
        return
    for scope in scopes:
        # Connect accepts all upper or all lower case.
        known = isinstance(scope, str) and scope.upper() in SCOPES
        if not known or scope not in {scope.upper(), scope.lower()}:
            yield f"scopes: unknown scope {scope!r}; known: {', '.join(sorted(SCOPES))}"


def _modules_problems(modules: Any, product: Product) -> Iterator[str]:
    if not isinstance(modules, dict):
        yield "modules: must be an object of arrays"
        return
    # A type that only the product knows may be one object.
    arrays = {
        name: [value] if product.accepts(name) and isinstance(value, dict) else value
        for name, value in modules.items()
    }
    for module_type, required in SINGLE_MODULES.items():
        if module_type in arrays:
            yield from module_problems(
                arrays.pop(module_type),
                where=f"modules.{module_type}",
                required=required,
                product=product,
            )
    yield from array_problems(arrays, where="modules.", product=product)


def _refuse_missing_installed_callback(descriptor: dict[str, Any]) -> None:
    uses_jwt = descriptor["authentication"]["type"].lower() == "jwt"
    if uses_jwt and "installed" not in descriptor.get("lifecycle", {}):
        raise InstallError(
            "Installation failed. The app descriptor requested JWT authentication "
            '(or did not specify an "authentication" property, and defaulted to JWT) '
            'but did not specify an "installed" lifecycle callback: write '
            '"lifecycle": {"installed": "/installed"}.'
        )


def _refuse_duplicate_module_keys(descriptor: dict[str, Any]) -> None:
    repeated = duplicates(module_keys(static_modules(descriptor)))
    if repeated:
        raise InstallError(duplicate_keys_message(descriptor["key"], repeated))


def duplicate_keys_message(app_key: str, keys: list[str]) -> str:
    """Return Confluence's wording for conflicting module keys."""
    return (
        f"Installation failed. The app {app_key} has duplicate module keys: "
        f"[{', '.join(keys)}]. Please contact the app vendor."
    )
