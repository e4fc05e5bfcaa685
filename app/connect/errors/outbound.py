"""The errors of calls to the host."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from .base import ConnectError


class HostError(ConnectError):
    """A call to the host failed.

    ``temporary`` says whether the same call may succeed a little later.
    ``retry_after`` is the pause in seconds that the host asked for; None if it did
    not ask. ``retry_in`` is the number of seconds after which to retry the call;
    None if a retry is pointless.
    """

    temporary: bool = False
    retry_after: float | None = None
    retry_in: float | None = None


class UnsafeURLError(HostError, ValueError):
    """The URL could leave the tenant's own base URL; nothing was sent."""


class ImpersonationError(HostError):
    """The site gave the app no OAuth client id; the message says what to do."""


class Unavailable(StrEnum):
    """Why there is no answer of a host."""

    NO_ANSWER = "no answer"
    """The connection failed or broke off, or its certificate is bad."""
    TIMEOUT = "timeout"
    """The answer was not there in time."""
    NO_TIME_LEFT = "the request has spent its time for calls to the host"
    """Not sent: see CONNECT_REQUEST_WAIT_SECONDS."""
    TOO_MANY_CALLS = "too many calls of this worker wait for the same host"
    """Not sent: the other threads are for other tenants."""
    CIRCUIT_OPEN = "the host has timed out several times in a row"
    """Not sent: it is asked again after ``retry_after`` seconds."""


class HostUnavailableError(HostError):
    """The host did not answer, or was not asked; ``reason`` says which.

    ``sent`` is False if nothing was sent; then the same call may succeed later.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Unavailable = Unavailable.NO_ANSWER,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after
        self.sent = reason in (Unavailable.NO_ANSWER, Unavailable.TIMEOUT)
        self.temporary = not self.sent


class HostResponseError(HostError):
    """The host refused a call, or its answer can't be read.

    ``message`` is the host's own, cut to one line, if it is ``explained``; otherwise it
    is the name of the status, or says why the answer can't be read. ``path`` has no
    query.
    """

    explained: bool = False

    def __init__(
        self, status_code: int, message: str, *, method: str, path: str
    ) -> None:
        super().__init__(f"{method} {path} answered {status_code}: {message}")
        self.status_code = status_code
        self.message = message
        self.method = method
        self.path = path

    @classmethod
    def of(cls, error: "HostResponseError") -> Self:
        """Return *error* as an error of this class."""
        made = cls(
            error.status_code, error.message, method=error.method, path=error.path
        )
        made.explained = error.explained
        made.temporary = error.temporary
        made.retry_after = error.retry_after
        made.retry_in = error.retry_in
        return made


class TokenRefusedError(HostResponseError):
    """The host accepts neither the app's token nor the user's (401).

    Most often the site has uninstalled or disabled the app, and no callback said so:
    the deletion of a site sends none. If all sites refuse, check the app's clock.
    """


class SiteUnavailableError(HostResponseError):
    """The host says that the site itself is unavailable.

    It is closed for a while, or for good: do not delete its data because of this.
    """


class AppNotFoundError(HostResponseError):
    """The host knows no app with this app's key: compare it with CONNECT_APP_KEY."""


class PropertyNotFoundError(HostResponseError):
    """The tenant has no app property with that key."""


class PropertyLimitError(HostResponseError):
    """The host stores no more properties for the app: delete some, or merge them.

    ``message`` has the limit.
    """


class RateLimitedError(HostResponseError):
    """The host asks for a pause of ``retry_after`` seconds; None if it names no time.

    https://developer.atlassian.com/cloud/confluence/rate-limiting/
    """

    temporary = True


class ModuleRejectedError(HostResponseError):
    """The host did not register the dynamic modules; ``message`` says why."""


class AccessRuleError(HostResponseError):
    """An administrator's app access rule may be why the host refused a call.

    A rule blocks the app from some content of the site. The host does not say whether
    it is this content: that may also not exist, or be restricted. Tell the user, who
    can ask an administrator.
    https://developer.atlassian.com/cloud/confluence/data-security-policy-developer-guide/
    """

    def __str__(self) -> str:
        return f"{super().__str__()}; perhaps because an app access rule blocks the app"


class ScopeError(ConnectError):
    """The descriptor lacks the scope that a call needs; nothing was sent.

    ``operation`` is such as ``GET /rest/api/content/{id}``, ``needed`` a scope and
    ``declared`` what the descriptor has; the message says what to write there.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        needed: str | None = None,
        declared: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.needed = needed
        self.declared = tuple(declared)
