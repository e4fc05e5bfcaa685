"""Error messages: what the JSON of a host's error says, whatever its format."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

MAX_MESSAGE: Final = 500
"""How many characters of a host's message are kept."""

_MAX_PARTS = 20


def find_message(body: Any) -> str | None:
    """Return the message of an error as one line; None if there is none.

    *body* is the parsed JSON of REST v1, REST v2, Connect's own resources, or Jira.
    """
    parts: list[str] = []
    for text in islice(_texts(body), _MAX_PARTS):
        part = shown(text)
        if not any(part in earlier for earlier in parts):
            parts.append(part)
    return "; ".join(filter(None, parts))[:MAX_MESSAGE] or None


def shown(text: str) -> str:
    """Return the start of a host's message on one line."""
    # It ends up in logs and terminals, which control characters could manipulate.
    printable = "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE])
    return " ".join(printable.split())


def _texts(body: Any) -> Iterator[str]:
    yield from _strings(body, "message", "errorMessage", "detail")
    # Jira's general messages, and those about single fields.
    yield from (text for text in _list(body, "errorMessages") if isinstance(text, str))
    errors = _get(body, "errors")
    if isinstance(errors, dict):
        yield from (
            f"{field}: {text}"
            for field, text in errors.items()
            if isinstance(text, str)
        )
    # REST v2.
    for error in _list(body, "errors"):
        texts = [*_strings(error, "title", "detail")] or [*_strings(error, "code")]
        yield ": ".join(texts)
    # REST v1, behind its own message.
    for error in _list(_get(body, "data"), "errors"):
        yield from _strings(_get(error, "message"), "translation")


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: Any, name: str) -> list[Any]:
    found = _get(value, name)
    return found if isinstance(found, list) else []


def _strings(value: Any, *names: str) -> Iterator[str]:
    found = (_get(value, name) for name in names)
    return (text for text in found if isinstance(text, str) and text)
