"""Errors of the wiki, whoever calls it.

* WikiError
  * NotFoundError     there is no such thing, or the reader must not know about it
  * NotPermittedError the reader is allowed to see it, but not to do this
  * ConflictError     somebody else was faster
  * InvalidError      the request makes no sense
"""


class WikiError(Exception):
    """The wiki refuses; the message says why, in Confluence's words where known."""

    status = 400


class NotFoundError(WikiError):
    """There is no such thing, or the reader must not know about it."""

    status = 404


class NotPermittedError(WikiError):
    """The reader can see the thing, but is not allowed to do this with it."""

    status = 403


class ConflictError(WikiError):
    """The version is not the one that follows the current one."""

    status = 409


class InvalidError(WikiError):
    """The request makes no sense."""
