"""Log lines: how a record becomes text or JSON, with the request it belongs to.

What a stranger sent can end up in a message. So a line never begins in the middle of a
record, control characters never reach a terminal, and tokens are cut out, whoever
logged them.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

from celery import current_task
from flask import has_request_context, request

from ..connect.http.request_id import find_request_id
from ..connect.tenants.current import find_client_key

_NOTHING: Final = "-"
# Line feeds and tabs stay; a line feed is followed by spaces.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN = re.compile(r"[!-~]+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A backslash or quote ends it, so that JSON stays JSON.
_TOKEN = re.compile(
    r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?"
    r"|(?<=jwt=)[^\s&\"'\\<>]+"
    r"|(?<=session_token=)[^\s&\"'\\<>]+"
    r"|(?<=access_token=)[^\s&\"'\\<>]+"
)
# From the question mark to the end of the line, or of the request target.
_QUERY = re.compile(r"\?(?:.*(?= HTTP/)|.*)")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName", "request_id", "client_key")
}
_HTTP = ("gunicorn", "werkzeug", "urllib3")


class AddContext(logging.Filter):
    """Adds ``request_id`` and ``client_key`` to each record.

    The client key is that of the verified tenant. In a task, the request id is the
    task's id. Both are "-" elsewhere.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add both, unless the record has them; every record passes."""
        if not hasattr(record, "request_id"):
            record.request_id = _request_id() or _NOTHING
            record.client_key = find_client_key() or _NOTHING
        return True


class TextLines(logging.Formatter):
    """Time, level, logger, request id, client key, message.

    Further lines of the message, and a traceback, are indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line or, with a traceback, several."""
        fields = (record.levelname, record.name, *_context_of(record))
        start = f"{_time(record)} {' '.join(map(_field, fields))}"
        text = "\n".join(filter(None, (_message(record), self.traceback_of(record))))
        text = _CONTROL.sub(_escape, text).replace("\n", "\n    ")
        return _TOKEN.sub("...", f"{start} {text}")

    def traceback_of(self, record: logging.LogRecord) -> str:
        """Return the traceback or stack of a record; "" without one."""
        parts = []
        if record.exc_info and record.exc_info[0]:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return _without_queries(record, "\n".join(parts))


class JSONLines(TextLines):
    """One JSON object per line, with everything that was passed as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a JSON object without line feeds."""
        fields: dict[str, Any] = {
            name: value for name, value in vars(record).items() if name not in _STANDARD
        }
        if _is_of(record, "celery"):
            # A task's arguments, which can be customers' data.
            fields.pop("data", None)
        request_id, client_key = _context_of(record)
        fields |= {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "request_id": None if request_id == _NOTHING else request_id,
            "client_key": None if client_key == _NOTHING else client_key,
            "message": _message(record),
        }
        if traceback := self.traceback_of(record):
            fields["traceback"] = traceback
        return _TOKEN.sub("...", json.dumps(fields, default=str))


def prepare(handler: logging.Handler, form: str) -> logging.Handler:
    """Make *handler* write lines in the form "text" or "json", and return it."""
    handler.setFormatter(JSONLines() if form == "json" else TextLines())
    handler.addFilter(AddContext())
    return handler


def _request_id() -> str | None:
    if has_request_context():
        return find_request_id(request.environ)
    return str(current_task.request.id) if current_task else None


def _context_of(record: logging.LogRecord) -> tuple[str, str]:
    found = vars(record)
    return found.get("request_id", _NOTHING), found.get("client_key", _NOTHING)


def _time(record: logging.LogRecord) -> str:
    time = datetime.fromtimestamp(record.created, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name == "werkzeug":
        message = _COLOUR.sub("", message).strip("\n")
    return _without_queries(record, message)


def _without_queries(record: logging.LogRecord, text: str) -> str:
    """Cut the queries, which hold tokens, from what libraries say about requests."""
    return _QUERY.sub("?...", text) if _is_of(record, *_HTTP) else text


def _is_of(record: logging.LogRecord, *packages: str) -> bool:
    return record.name.partition(".")[0] in packages


def _field(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else ascii(text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
