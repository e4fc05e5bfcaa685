"""The error tree: every error that this framework raises.

* ConnectError
    * ConfigurationError            a setting is missing or malformed
    * DescriptorError               atlassian-connect.json is wrong, naming where
    * AuthenticationError           an inbound request is not trusted; answered 401
        * MissingTokenError         no token, or more than one
        * InvalidTokenError         not a token, or one with a bad claim
                * InvalidSignatureError not signed by the issuer it names
        * QshMismatchError          the token was made for another request
        * UnknownTenantError        the tenant is not installed, or is disabled
        * UntrustedInstallError     a lifecycle body contradicts its token
    * PermissionDeniedError         the verified user may not do this; answered 403
    * PermissionUnknownError        the host can't be asked; answered 503
    * MalformedBodyError            a trusted request with a body we can't read: 400
    * OutdatedInstallError          an install older than the newest event: 409
    * InstallKeysUnavailableError   no key server could be reached; answered 503
    * QueueUnavailableError         the broker did not take a task; answered 503
    * LicenseRequiredError          the tenant's license has ended; answered 402
    * HostError                     an outbound call failed
        * UnsafeURLError            the URL is not one of the tenant's own; never sent
        * ImpersonationError        the app can't act as users of the site; never sent
        * HostUnavailableError      no answer, or not asked: ``reason`` says why
        * HostResponseError         a 4xx or 5xx, or an answer that can't be read
            * TokenRefusedError     401: perhaps the site has uninstalled the app
            * SiteUnavailableError  the site itself is closed, or moved away
            * AppNotFoundError      the host knows no app with this key
            * PropertyNotFoundError
            * PropertyLimitError    the host stores no more properties for the app
            * RateLimitedError
            * ModuleRejectedError
            * AccessRuleError       an app access rule may be why
    * ScopeError                    the descriptor lacks the scope the call needs

Messages can be logged: they never contain a token, a secret or a body.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self


class ConnectError(Exception):
    """The base class of all errors here."""


class ConfigurationError(ConnectError):
    """A setting is missing or malformed; the message names it and the remedy."""


class DescriptorError(ConnectError):
    """atlassian-connect.json is wrong; ``problems`` name each place and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("atlassian-connect.json: " + "; ".join(problems))
        self.problems = tuple(problems)


class AuthenticationError(ConnectError):
    """An inbound request is not trusted: 401, and the caller is not told why."""

    def __init__(self, reason: str, *, client_key: str | None = None) -> None:
        super().__init__(reason)
        self.client_key = client_key


class MissingTokenError(AuthenticationError):
    """The request carries no Connect token, or several that differ."""


class InvalidTokenError(AuthenticationError):
    """The token is malformed, out of date, or meant for somebody else."""


class InvalidSignatureError(InvalidTokenError):
    """The token is not signed with the key of the issuer it names."""


class QshMismatchError(AuthenticationError):
    """The token's ``qsh`` does not fit this request and policy."""


class UnknownTenantError(AuthenticationError):
    """The token names a tenant that is not installed, or is disabled."""


class UntrustedInstallError(AuthenticationError):
    """A lifecycle body names a tenant, app, event or host that it must not."""


class PermissionDeniedError(ConnectError):
    """The verified user is not allowed to do this: 403.

    ``needed`` is what was asked, such as ``administrator`` or ``read``.
    """

    def __init__(self, needed: str, reason: str) -> None:
        super().__init__(f"{needed} is needed, and {reason}")
        self.needed = needed


class PermissionUnknownError(ConnectError):
    """The host could not be asked what the user may do: 503, failing closed."""


class MalformedBodyError(ConnectError):
    """The body of a trusted request is malformed: 400."""


class OutdatedInstallError(ConnectError):
    """An ``installed`` older than the tenant's newest event, so not stored: 409."""

    def __init__(self, client_key: str) -> None:
        super().__init__(
            "an install older than the newest event was not stored; if it was not a "
            f"replay, install the app again: client_key={client_key}"
        )


class InstallKeysUnavailableError(ConnectError):
    """No install-key server could be reached: 503, and the host can send it again."""


class QueueUnavailableError(ConnectError):
    """The broker did not take a task: 503, and the request can be repeated."""


class LicenseRequiredError(ConnectError):
    """The tenant's license has ended: 402, and its users are told so.

    ``evaluation`` says whether it was an evaluation license.
    """

    def __init__(self, client_key: str, *, evaluation: bool) -> None:
        super().__init__(f"the license has ended: client_key={client_key}")
        self.evaluation = evaluation


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


def without_text(error: BaseException) -> BaseException:
    """Return a copy of *error* for a log: the same types and frames, without texts.

    The text of an error can quote what was being worked on, such as a webhook's body.
    Only those of this module are kept. Copies up to ten errors that led to *error*.
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
