"""Webhook payloads: parse untrusted bytes, and deduplicate by fingerprint."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ..errors import MalformedBodyError

# Connect's own field, and that of CloudEvents.
_TIMES = frozenset({"timestamp", "time"})


@dataclass(frozen=True, slots=True)
class Payload:
    """A body as it was sent, with the account id and context from its token."""

    body: str | None = field(repr=False)
    account_id: str | None
    context: dict[str, Any] = field(repr=False)

    def parse_body(self) -> Any:
        """Return the JSON value of the body; None if there is no body.

        :raises ValueError: if it is not JSON, which was checked on arrival.
        """
        return None if self.body is None else _parse(self.body)

    def dump(self) -> str:
        """Serialize the payload to text, for encryption."""
        return json.dumps([self.body, self.account_id, self.context])

    @classmethod
    def load(cls, text: str) -> "Payload":
        """Return the payload from the text that :meth:`dump` returned."""
        return cls(*json.loads(text))


def read_body(raw: bytes, mimetype: str) -> tuple[str | None, Any]:
    """Return a body's text and its JSON value; None for both if it is empty.

    :raises MalformedBodyError: if its Content-Type or its content is not JSON.
    """
    if not raw:
        return None, None
    if mimetype != "application/json" and not mimetype.endswith("+json"):
        raise MalformedBodyError("the body's Content-Type is not JSON")
    try:
        text = raw.decode(json.detect_encoding(raw))
        return text, _parse(text)
    except (ValueError, RecursionError):
        raise MalformedBodyError("the body is not JSON") from None


def fingerprint(
    event: str, *, identifier: str | None, text: str | None, body: Any, token: str
) -> str:
    """Return a fingerprint, equal only for the same delivery sent again.

    It is made from the host's own *identifier*, if it sends one. Otherwise from the
    body, which contains the time of the event in milliseconds. A body without a time
    could be the same for two events, so the token is added.

    https://developer.atlassian.com/cloud/confluence/modules/webhook/
    """
    if identifier:
        parts = ("identifier", identifier)
    elif isinstance(body, dict) and not _TIMES.isdisjoint(body):
        parts = ("body", str(text))
    else:
        parts = ("token", f"{token} {text}")
    digest = hashlib.sha256()
    for part in (event, *parts):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _parse(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
