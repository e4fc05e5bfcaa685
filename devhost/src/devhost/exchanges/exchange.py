"""An exchange: a message between host and app, as the log keeps and prints it."""

from dataclasses import dataclass

from devhost.exchanges.message import Message
from devhost.exchanges.present import as_text


@dataclass(frozen=True)
class Exchange(Message):
    """A message that prints itself masked, so that a failing assertion is readable."""

    def __str__(self) -> str:
        return as_text(self)
