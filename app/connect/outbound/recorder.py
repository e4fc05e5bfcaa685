"""Which operations the app's code has called, for ``flask connect scopes``.

A line is a method and the template of a path: it holds no id, no key and nothing
else of a customer's. Recorded while developing and in tests, never in production.
"""

import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..protocol.operations import Operation, find_by_template, known_part

FILE_NAME: Final = "recorded-calls.txt"

_LINE = re.compile(r"([A-Z]{1,16}) (/\S{0,300})")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class RecordedCall:
    """A call of the app's code; ``path`` is a template, or what is known of it."""

    path: str
    method: str

    @property
    def operation(self) -> Operation | None:
        """The operation that was called; None if no table knows it."""
        return find_by_template(self.method, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class CallRecorder:
    """Appends each operation once to a file, which several processes may share."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[RecordedCall] = set()
        self._lock = threading.Lock()
        self._failed = False

    def record(self, method: str, url: str, operation: Operation | None) -> None:
        """Note a call; a file that can't be written is logged once."""
        if operation is None:
            call = RecordedCall(known_part(url), method.upper())
        else:
            call = RecordedCall(operation.path, operation.method)
        with self._lock:
            try:
                self._write(call)
            except OSError as error:
                if not self._failed:
                    _logger.warning(
                        "calls are not recorded: %s: %s", self._file, error.strerror
                    )
                self._failed = True

    def _write(self, call: RecordedCall) -> None:
        if not self._file.exists():
            # The developer has deleted it to begin anew.
            self._seen.clear()
        elif not self._seen:
            self._seen.update(read_calls(self._file))
        if call not in self._seen:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{call}\n")
            self._seen.add(call)


def read_calls(file: Path) -> list[RecordedCall]:
    """Return what *file* has, each call once, by path; nothing if it is missing.

    :raises OSError: if it can't be read.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = map(_LINE.fullmatch, text.splitlines())
    return sorted({RecordedCall(line[2], line[1]) for line in lines if line})
