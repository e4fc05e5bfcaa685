"""Request verification: from the token of a request to its tenant.

``verify_host_token`` verifies tokens signed with a tenant's shared secret,
``verify_signed_install`` those signed with Atlassian's install key. Both read from top
to bottom, and call only pure functions besides the lookups of tenants and install keys.
``policies`` says which view uses which.

No argument, setting or environment variable turns a check off.
https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

import logging
from collections.abc import Callable
from typing import Final

from flask import Request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..errors import (
    AuthenticationError,
    InvalidSignatureError,
    InvalidTokenError,
    MalformedBodyError,
    QshMismatchError,
    UnknownTenantError,
    UntrustedInstallError,
)
from ..protocol.tokens import (
    account_id_of,
    context_of,
    decode_symmetric,
    issuer_of,
    key_id_of,
    read_unverified_install,
    verify_install,
)
from ..protocol.unverified_token import Claims, read_unverified_token
from ..tenants.credentials import Credentials
from ..tenants.current import VerifiedRequest, set_verified_request
from ..tenants.lifecycle_payload import LifecycleEvent
from ..tenants.state import ConnectState
from .last_seen import note_when_answered
from .lifecycle_body import read_lifecycle_body
from .request_token import get_token, is_for_this_request, is_for_this_url
from .state import get_inbound

ENABLED: Final = frozenset({"enabled"})
INSTALLED: Final = frozenset({"enabled", "disabled"})
KNOWN: Final = frozenset({"enabled", "disabled", "uninstalled"})

Fits = Callable[[Claims, Request, str], bool]
"""A check that claims match a request to the app at a base URL."""

_CLAIMS_KEY = "connect.claims"
_BODY_KEY = "connect.body"
_logger = logging.getLogger(__name__)


def verify_host_token(
    request: Request,
    connect: ConnectState,
    *,
    fits: Fits = is_for_this_request,
    states: frozenset[str] = ENABLED,
) -> None:
    """Verify a request signed with the secret of a tenant in one of *states*.

    :raises AuthenticationError: if the request is not to be trusted.
    """
    # The one token, from the header or the query, parsed but not yet trusted.
    token = read_unverified_token(get_token(request))

    # The tenant that it names. The app itself signs only requests to hosts.
    client_key = issuer_of(token)
    if client_key == connect.app_key:
        raise InvalidTokenError("iss is this app, not a host")

    try:
        # First with this worker's cached credentials. Another worker may have stored
        # newer ones, so the second try reads the database, once.
        tenants, is_remembered = connect.tenants, True
        credentials = tenants.cached_credentials(client_key)
        while True:
            try:
                if credentials is None:
                    raise UnknownTenantError("the tenant is unknown")
                secrets = credentials.accepted_secrets()
                if (state := credentials.tenant.state) not in states:
                    raise UnknownTenantError(f"the tenant is {state}")

                # Algorithm, signature and claims: iss, iat, exp, nbf, sub.
                claims, secret = decode_symmetric(
                    token, shared_secrets=secrets, leeway=connect.leeway
                )
                break
            except (InvalidSignatureError, UnknownTenantError):
                if not is_remembered:
                    raise
                credentials = tenants.load_credentials(client_key)
                is_remembered = False

        # The user, and the context: which content the host shows.
        account_id, context = account_id_of(claims), context_of(claims)

        # This exact URL, or the app's own endpoints, as the policy demands.
        if not fits(claims, request, connect.base_url):
            raise QshMismatchError("qsh does not fit")
    except AuthenticationError as error:
        error.client_key = client_key
        raise

    # From here on the request is trusted. Use of a new secret retires the previous one.
    if credentials.secret_is_unused and secret == credentials.shared_secret:
        _note_secret_used(connect, credentials)
    if credentials.seldom_seen:
        note_when_answered(client_key)
    verified = VerifiedRequest(credentials.tenant, account_id, context, secret)
    set_verified_request(request, verified)
    request.environ[_CLAIMS_KEY] = claims


def verify_signed_install(
    request: Request, connect: ConnectState, *, event: str
) -> None:
    """Verify a callback that Atlassian's install key signed for this app (RS256).

    No tenant is looked up or set: the callback is what creates one.

    :raises AuthenticationError: if the request is not to be trusted.
    :raises InstallKeysUnavailableError: if no key server can be asked.
    :raises MalformedBodyError: if only the body is wrong.
    :raises HTTPException: if only the body is too long.
    """
    token = read_unverified_token(get_token(request))
    client_key = issuer_of(token)
    if client_key == connect.app_key:
        raise InvalidTokenError("iss is this app, not a host")

    try:
        # First whatever needs no key, or any stranger could have the key servers asked:
        # algorithm and claims, among them aud, which must be this app, and this URL.
        key_id = key_id_of(token)
        claims = read_unverified_install(
            token, audience=connect.base_url, leeway=connect.leeway
        )
        if not is_for_this_url(claims, request, connect.base_url):
            raise QshMismatchError("qsh does not fit")

        # The body must agree with token, path and app.
        body, malformed = None, None
        try:
            body = read_lifecycle_body(
                request, claims, app_key=connect.app_key, event=event
            )
        except (MalformedBodyError, HTTPException) as error:
            malformed = error

        # The key, which is fetched only if everything else is right.
        keys = get_inbound().install_keys
        key = keys.find(key_id) if malformed else keys.get(key_id)
        if key is None:
            raise UntrustedInstallError("the body is malformed, and the key unknown")
        verify_install(token, key)
    except AuthenticationError as error:
        error.client_key = client_key
        raise

    # From here on the request is trusted: the claims and the body that were checked.
    keys.confirm(key_id, key)
    if malformed is not None:
        raise malformed
    request.environ[_CLAIMS_KEY] = claims
    request.environ[_BODY_KEY] = body


def get_verified_claims(request: Request) -> Claims:
    """Return the claims of the token that *request* was verified with."""
    claims: Claims = request.environ[_CLAIMS_KEY]
    return claims


def get_verified_body(request: Request) -> LifecycleEvent:
    """Return the body that was verified with a signed install."""
    body: LifecycleEvent = request.environ[_BODY_KEY]
    return body


def _note_secret_used(connect: ConnectState, credentials: Credentials) -> None:
    try:
        connect.tenants.note_secret_used(credentials)
    except SQLAlchemyError as error:
        # The request is verified anyway; the next one tries again.
        _logger.error("could not retire a secret: %s", type(error).__name__)
