"""User impersonation: the JWT-bearer token endpoint, and its access tokens.

https://developer.atlassian.com/cloud/confluence/user-impersonation-for-connect-apps/

Assumed: an assertion can be valid for 120 seconds; errors have the format of RFC 6749;
an access token ends when the app is uninstalled, disabled or gets a new client key.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import jwt

from devhost.site import Site
from devhost.site.assumptions import Assumptions
from devhost.site.installations import Installation, Installations
from devhost.site.users import User, find_user

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_PREFIX = "urn:atlassian:connect:clientid:"
ACCOUNT_PREFIX = "urn:atlassian:connect:useraccountid:"
# Frameworks have this name hard-coded, whichever server they call.
ATLASSIAN_AUDIENCE = "https://oauth-2-authorization-server.services.atlassian.com"
REQUIRED_CLAIMS = ["iss", "sub", "tnt", "aud", "iat", "exp"]
MAX_ASSERTION_LENGTH = 8192
KEPT_TOKENS = 1000
# Each implies those after it: https://developer.atlassian.com/cloud/confluence/scopes/
INHERITANCE = ("ADMIN", "SPACE_ADMIN", "DELETE", "WRITE", "READ", "NONE")


class GrantError(Exception):
    """No token is issued; ``code`` is OAuth's, the message is for a developer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """What an access token permits."""

    app_key: str
    client_key: str
    user: User
    scopes: frozenset[str]
    """With all that they imply, in upper case."""
    expires_at: float


class AuthorizationServer:
    """The access tokens of one site. They do not outlive the process."""

    def __init__(self) -> None:
        self.max_assertion_seconds = 120
        self.token_seconds = 900
        self._lock = threading.Lock()
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the access tokens of *site*, which follow its assumptions."""
        server = cls()
        site.get(Assumptions).follow(server._assume)
        return server

    def _assume(self, assumptions: Assumptions) -> None:
        self.max_assertion_seconds = assumptions.number("assertion-most-seconds")

    def issue(self, app: Installation, user: User, scopes: frozenset[str]) -> str:
        """Return a new access token."""
        token = secrets.token_urlsafe(32)
        expires_at = time.time() + self.token_seconds
        grant = Grant(app.app_key, app.client_key, user, scopes, expires_at)
        with self._lock:
            self._grants[_digest(token)] = grant
            while len(self._grants) > KEPT_TOKENS:
                self._grants.popitem(last=False)
        return token

    def find(self, token: str) -> Grant | None:
        """Return what *token* permits, None if it is unknown or expired."""
        with self._lock:
            grant = self._grants.get(_digest(token))
        return grant if grant is not None and grant.expires_at > time.time() else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """Return *scopes* in upper case, with those that they imply."""
    found = {scope.upper() for scope in scopes}
    for number, scope in enumerate(INHERITANCE):
        if scope in found:
            found.update(INHERITANCE[number:])
    return frozenset(found)


def grant_token(sites: list[Site], form: Mapping[str, str]) -> dict[str, Any]:
    """Return the response to a token request of an app installed on one of *sites*.

    :raises GrantError: saying what is wrong.
    """
    if form.get("grant_type") != GRANT_TYPE:
        raise GrantError("unsupported_grant_type", f"grant_type must be {GRANT_TYPE}")
    assertion = form.get("assertion", "")
    if not assertion or len(assertion) > MAX_ASSERTION_LENGTH:
        raise GrantError("invalid_request", "assertion is missing or too long")
    site, app = _issuer(sites, assertion)
    claims = _verified_claims(site, app, assertion)
    user = _subject(claims["sub"])
    scopes = _granted_scopes(app, form.get("scope"))
    return {
        "access_token": site.get(AuthorizationServer).issue(app, user, scopes),
        "expires_in": site.get(AuthorizationServer).token_seconds,
        "token_type": "Bearer",
    }


def _issuer(sites: list[Site], assertion: str) -> tuple[Site, Installation]:
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _invalid("the assertion is not a JSON Web Token") from error
    issuer = claims.get("iss")
    for site in sites:
        for app in site.get(Installations).enabled():
            if app.oauth_client_id and issuer == CLIENT_PREFIX + app.oauth_client_id:
                return site, app
    raise _invalid(
        f"iss is not {CLIENT_PREFIX} and the oauthClientId of an enabled app "
        "with the scope ACT_AS_USER"
    )


def _verified_claims(site: Site, app: Installation, assertion: str) -> dict[str, Any]:
    try:
        claims = jwt.decode(
            assertion,
            app.shared_secret,
            algorithms=["HS256"],
            audience=_audiences(site),
            options={"require": REQUIRED_CLAIMS},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise _invalid(str(error)) from error
    if claims["tnt"] != site.base_url:
        raise _invalid(f"tnt is not the base URL {site.base_url}")
    _check_age(claims, site.get(AuthorizationServer).max_assertion_seconds)
    return claims


def _audiences(site: Site) -> list[str]:
    ours = [f"http://{host}" for each in site.siblings for host in each.hosts]
    return [ATLASSIAN_AUDIENCE, *ours]


def _check_age(claims: dict[str, Any], longest: int) -> None:
    times = [claims["iat"], claims["exp"]]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in times):
        raise _invalid("iat and exp must be numbers")
    if not 0 < claims["exp"] - claims["iat"] <= longest:
        raise _invalid(f"exp must be at most {longest} seconds after iat")


def _subject(subject: Any) -> User:
    if not isinstance(subject, str) or not subject.startswith(ACCOUNT_PREFIX):
        raise _invalid(f"sub does not begin with {ACCOUNT_PREFIX}")
    user = find_user(subject.removeprefix(ACCOUNT_PREFIX))
    if user is None:
        raise _invalid("sub is not the account id of a user of this site")
    return user


def _granted_scopes(app: Installation, requested: str | None) -> frozenset[str]:
    declared = with_implied(app.descriptor.get("scopes", []))
    if not requested:
        return declared
    names = requested.split(" ")
    missing = [name for name in names if name not in declared]
    if missing:
        raise GrantError(
            "invalid_scope", f"not in the app's scopes, in upper case: {missing[0]!r}"
        )
    return with_implied(names)


def _invalid(message: str) -> GrantError:
    return GrantError("invalid_grant", message)
