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

from ..errors import (
    AuthenticationError,
    InvalidSignatureError,
    InvalidTokenError,
    QshMismatchError,
    UnknownTenantError,
)
from ..protocol.tokens import (
    account_id_of,
    context_of,
    decode_asymmetric,
    decode_symmetric,
    issuer_of,
    key_id_of,
)
from ..protocol.unverified_token import Claims, read_unverified_token
from ..tenants.credentials import Credentials
from ..tenants.current import VerifiedRequest, set_verified_request
from ..tenants.state import ConnectState
from .last_seen import note_when_answered
from .request_token import get_token, is_for_this_request
from .state import get_inbound

ENABLED: Final = frozenset({"enabled"})
INSTALLED: Final = frozenset({"enabled", "disabled"})
KNOWN: Final = frozenset({"enabled", "disabled", "uninstalled"})

Fits = Callable[[Claims, Request, str], bool]
"""A check that claims match a request to the app at a base URL."""

_CLAIMS_KEY = "connect.claims"
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


def verify_signed_install(request: Request, connect: ConnectState) -> None:
    """Verify a callback that Atlassian's install key signed for this app (RS256).

    No tenant is looked up or set: the callback is what creates one.

    :raises AuthenticationError: if the request is not to be trusted.
    :raises InstallKeysUnavailableError: if no key server can be asked.
    """
    token = read_unverified_token(get_token(request))
    client_key = issuer_of(token)
    if client_key == connect.app_key:
        raise InvalidTokenError("iss is this app, not a host")

    try:
        # Algorithm, signature and claims, among them aud, which must be this app.
        claims = decode_asymmetric(
            token,
            public_key=get_inbound().install_keys.get(key_id_of(token)),
            audience=connect.base_url,
            leeway=connect.leeway,
        )
        if not is_for_this_request(claims, request, connect.base_url):
            raise QshMismatchError("qsh does not fit")
    except AuthenticationError as error:
        error.client_key = client_key
        raise

    request.environ[_CLAIMS_KEY] = claims


def get_verified_claims(request: Request) -> Claims:
    """Return the claims of the token that *request* was verified with."""
    claims: Claims = request.environ[_CLAIMS_KEY]
    return claims


def _note_secret_used(connect: ConnectState, credentials: Credentials) -> None:
    try:
        connect.tenants.note_secret_used(credentials)
    except SQLAlchemyError as error:
        # The request is verified anyway; the next one tries again.
        _logger.error("could not retire a secret: %s", type(error).__name__)
