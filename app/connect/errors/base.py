"""The base of the error tree, and the errors that stop the start."""

from collections.abc import Sequence


class ConnectError(Exception):
    """The base class of all errors here."""


class ConfigurationError(ConnectError):
    """A setting is missing or malformed; the message names it and the remedy."""


class DescriptorError(ConnectError):
    """atlassian-connect.json is wrong; ``problems`` name each place and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("atlassian-connect.json: " + "; ".join(problems))
        self.problems = tuple(problems)


def without_text(error: BaseException) -> BaseException:
    """Return a copy of *error* for a log: the same types and frames, without texts.

    The text of an error can quote what was being worked on, such as a webhook's body.
    Only those of this package are kept. Copies up to ten errors that led to *error*.
    """
    first = copy = _silent(error)
    for _ in range(10):
        hidden = error.__suppress_context__
        before = error.__cause__ or (None if hidden else error.__context__)
        if before is None:
            break
        led = _silent(before)
        if error.__cause__ is None:
            copy.__context__ = led
        else:
            copy.__cause__ = led
        error, copy = before, led
    return first


def _silent(error: BaseException) -> BaseException:
    kind = type(error)
    place = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    text = (str(error),) if isinstance(error, ConnectError) else ()
    copy: BaseException = type(kind.__name__, (Exception,), place)(*text)
    return copy.with_traceback(error.__traceback__)
