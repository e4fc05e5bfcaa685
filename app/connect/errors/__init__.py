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

from .base import (
    ConfigurationError,
    ConnectError,
    DescriptorError,
    without_text,
)
from .inbound import (
    AuthenticationError,
    InstallKeysUnavailableError,
    InvalidSignatureError,
    InvalidTokenError,
    LicenseRequiredError,
    MalformedBodyError,
    MissingTokenError,
    OutdatedInstallError,
    PermissionDeniedError,
    PermissionUnknownError,
    QshMismatchError,
    QueueUnavailableError,
    UnknownTenantError,
    UntrustedInstallError,
)
from .outbound import (
    AccessRuleError,
    AppNotFoundError,
    HostError,
    HostResponseError,
    HostUnavailableError,
    ImpersonationError,
    ModuleRejectedError,
    PropertyLimitError,
    PropertyNotFoundError,
    RateLimitedError,
    ScopeError,
    SiteUnavailableError,
    TokenRefusedError,
    Unavailable,
    UnsafeURLError,
)

__all__ = [
    "AccessRuleError",
    "AppNotFoundError",
    "AuthenticationError",
    "ConfigurationError",
    "ConnectError",
    "DescriptorError",
    "HostError",
    "HostResponseError",
    "HostUnavailableError",
    "ImpersonationError",
    "InstallKeysUnavailableError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "LicenseRequiredError",
    "MalformedBodyError",
    "MissingTokenError",
    "ModuleRejectedError",
    "OutdatedInstallError",
    "PermissionDeniedError",
    "PermissionUnknownError",
    "PropertyLimitError",
    "PropertyNotFoundError",
    "QshMismatchError",
    "QueueUnavailableError",
    "RateLimitedError",
    "ScopeError",
    "SiteUnavailableError",
    "TokenRefusedError",
    "Unavailable",
    "UnknownTenantError",
    "UnsafeURLError",
    "UntrustedInstallError",
    "without_text",
]
