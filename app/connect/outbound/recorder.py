"""The call recorder: which operations the app calls, for ``flask connect scopes``.

A line is a method and a path template, without ids, keys or any other customer data.
For development and tests, never for production.
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
    """A call that the app made; ``path`` is a template, or the known part of one."""

    path: str
    method: str

    @property
    def operation(self) -> Operation | None:
        """The operation that was called; None if no table knows it."""
        return find_by_template(self.method, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class CallRecorder:
    """Appends each operation once to a file, which several processes can share."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: set[RecordedCall] = set()
        self._lock = threading.Lock()
        self._failed = False

    def record(self, method: str, url: str, operation: Operation | None) -> None:
        """Record a call; if the file can't be written, log that once."""
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
            # The developer has deleted it to start over.
            self._seen.clear()
        elif not self._seen:
            self._seen.update(read_calls(self._file))
        if call not in self._seen:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{call}\n")
            self._seen.add(call)


def read_calls(file: Path) -> list[RecordedCall]:
    """Return each call in *file* once, sorted by path; nothing if the file is missing.

    :raises OSError: if it can't be read.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = map(_LINE.fullmatch, text.splitlines())
    return sorted({RecordedCall(line[2], line[1]) for line in lines if line})
