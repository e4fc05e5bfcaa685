"""The impersonating client: calls to a tenant's host as one of its users.

Such a call can do what both the app's scopes and the user's permissions allow; app
access rules still apply.
https://developer.atlassian.com/cloud/confluence/user-impersonation-for-connect-apps/
"""

from collections.abc import Iterable

import requests

from ...errors import HostResponseError, ImpersonationError, ScopeError
from ...http.bounded_session import Limits
from ...protocol.account_ids import is_account_id
from ...tenants.models import Tenant
from ..auth import BearerAuth
from ..client import HostClient, can_be_sent_again
from ..state import OutboundState
from .access_tokens import Grant


class UserClient(HostClient):
    """Calls one tenant's host as one of its users."""

    def __init__(self, grant: Grant, outbound: OutboundState) -> None:
        super().__init__(grant.tenant, outbound, shared_secret=grant.shared_secret)
        self._grant = grant

    def as_app(self) -> HostClient:
        """Return a client that calls the same host as the app itself."""
        return HostClient(
            self.tenant, self._outbound, shared_secret=self._shared_secret
        )

    def _attempt(
        self, prepared: requests.PreparedRequest, base_url: str, limits: Limits
    ) -> requests.Response:
        """Send a request as the user; retry once with a new token if refused."""
        tokens = self._outbound.tokens
        token = tokens.get(self._grant)
        try:
            return self._send(prepared, BearerAuth(token.value, base_url), limits)
        except HostResponseError as error:
            if error.status_code != 401:
                raise
            # The host revokes tokens early: after a reinstall, or when a user leaves.
            tokens.drop(self._grant, token)
            if not can_be_sent_again(prepared):
                raise
        token = tokens.get(self._grant)
        return self._send(prepared, BearerAuth(token.value, base_url), limits)


def new_grant(
    tenant: Tenant,
    account_id: str,
    scopes: Iterable[str] | None,
    *,
    app_scopes: frozenset[str],
    shared_secret: str,
) -> Grant:
    """Return the grant to ask an access token for; nothing is sent.

    :raises ValueError: if *account_id* is not an account id, or *scopes* is empty.
    :raises ScopeError: if the descriptor lacks ACT_AS_USER, or one of *scopes*.
    :raises ImpersonationError: if the tenant has no OAuth client id.
    """
    # A proxy is never None itself, even if the user is anonymous: test its truth.
    account_id = str(account_id) if account_id else ""
    if not is_account_id(account_id):
        raise ValueError(
            "as_user needs an account id, not a URN; the app can't act as an "
            "anonymous user"
        )
    if "ACT_AS_USER" not in app_scopes:
        raise ScopeError(
            "acting as a user needs the scope ACT_AS_USER: add it to scopes in "
            "atlassian-connect.json, and let each site upgrade the app"
        )
    narrowed = None if scopes is None else _narrowed(scopes, app_scopes)
    if not tenant.oauth_client_id:
        raise ImpersonationError(
            f"the site {tenant.client_key} has given the app no OAuth client id: "
            "it comes with the next install, so upgrade or reinstall the app there"
        )
    return Grant(tenant, tenant.oauth_client_id, account_id, narrowed, shared_secret)


def _narrowed(scopes: Iterable[str], app_scopes: frozenset[str]) -> tuple[str, ...]:
    if isinstance(scopes, str):
        raise ValueError('scopes is a list, such as ["READ"]')
    names = sorted({scope.upper() for scope in scopes})
    if not names:
        raise ValueError("scopes names at least one scope; None asks for all")
    if missing := [name for name in names if name not in app_scopes]:
        raise ScopeError(
            f"the scope {missing[0]} is not one of the app's: add it to scopes in "
            "atlassian-connect.json, or ask for less"
        )
    return tuple(names)
