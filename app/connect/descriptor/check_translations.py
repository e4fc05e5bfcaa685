"""Start-up check of the descriptor's translation files, which the host fetches.

Each file maps the ``i18n`` keys of the descriptor to texts in one language. Texts on
pages are translated elsewhere (``http.locale``).
https://developer.atlassian.com/cloud/confluence/internationalization/
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.security import safe_join

from ..inbound.policies import Policy, policy_of
from .check_routes import route_of

MAX_VALUE = 1500
MAX_KEY = 300

_LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}")
_PATHS = "$.translations.paths"


def find_translation_problems(app: Flask, descriptor: dict[str, Any]) -> Iterator[str]:
    """Yield each problem with the descriptor's texts and their translations."""
    texts: dict[str, Any] = {}
    for path, text in _texts("$.modules", descriptor.get("modules")):
        yield from _text(path, text, texts)
    if "translations" not in descriptor:
        return
    translations = descriptor["translations"]
    paths = translations.get("paths") if isinstance(translations, dict) else None
    if not isinstance(paths, dict):
        yield f'{_PATHS} is no object: write e.g. {{"de-DE": "/de-DE.json"}}'
        return
    for locale, url in paths.items():
        if not _LOCALE.fullmatch(locale):
            yield f"{_PATHS}.{locale} is not a locale: write e.g. de-DE"
        yield from _file(app, f"{_PATHS}.{locale}", url, texts)


def _texts(path: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object with an ``i18n`` key, at any depth."""
    if isinstance(value, dict):
        if "i18n" in value:
            yield path, value
        for name, inner in value.items():
            yield from _texts(f"{path}.{name}", inner)
    for index, inner in enumerate(value if isinstance(value, list) else ()):
        yield from _texts(f"{path}[{index}]", inner)


def _text(path: str, text: dict[str, Any], seen: dict[str, Any]) -> Iterator[str]:
    key, value = text["i18n"], text.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= MAX_VALUE:
        yield f"{path}.value is not 1 to {MAX_VALUE} characters: write the English text"
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
        yield f"{path}.i18n is not 1 to {MAX_KEY} characters: write e.g. page.name"
    elif seen.setdefault(key, value) != value:
        yield f"{path}.i18n has another value elsewhere: write another key"


def _file(app: Flask, path: str, url: Any, texts: Mapping[str, Any]) -> Iterator[str]:
    route = route_of(app, "GET", url) if isinstance(url, str) else None
    if route is None:
        yield f"{path} is not served by the app: put the file into app/static"
        return
    endpoint, values = route
    policy = policy_of(app.view_functions[endpoint])
    if policy is not Policy.PUBLIC:
        yield f"{path} is guarded by the policy {policy}: its view must be public"
    if endpoint != "static":
        return
    file = safe_join(str(app.static_folder), values["filename"])
    translated = _read(file)
    if translated is None:
        yield f'{path} is no file with a JSON object of texts: write {{"key": "text"}}'
        return
    for key in texts:
        if key not in translated:
            yield f"{path} has no text for {key}: add one to {url}"


def _read(file: str | None) -> dict[str, str] | None:
    try:
        found = json.loads(Path(file or "").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if isinstance(found, dict) and all(isinstance(t, str) for t in found.values()):
        return found
    return None
