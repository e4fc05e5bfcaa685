"""Why the wiki refuses, whoever asks.

* WikiError
  * NotFoundError     there is no such thing, or the reader may not know of it
  * NotPermittedError the reader may know of it, but not do this
  * ConflictError     somebody else was faster
  * InvalidError      what was asked makes no sense
"""


class WikiError(Exception):
    """The wiki refuses; the message says why, in Confluence's words where known."""

    status = 400


class NotFoundError(WikiError):
    """There is no such thing, or the reader may not know of it."""

    status = 404


class NotPermittedError(WikiError):
    """The reader may see the thing, but not do this with it."""

    status = 403


class ConflictError(WikiError):
    """The version is not the one that follows the current one."""

    status = 409


class InvalidError(WikiError):
    """What was asked makes no sense."""
