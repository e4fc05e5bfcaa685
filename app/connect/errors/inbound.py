"""The errors of requests to the app, and of its own services."""

from .base import ConnectError


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
