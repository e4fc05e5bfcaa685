"""``personal_data``: the author's register of users whose data the app keeps (GDPR)."""

from collections.abc import Iterator

from ..tenants.models import Tenant
from .store import Account, get_store


class PersonalData:
    """What an app says of the personal data that it keeps. Needs an app context."""

    def remember(self, tenant: Tenant, account_id: str) -> None:
        """Say that the app keeps data of a user; said again, it changes nothing.

        :raises ValueError: if *account_id* is not an account id.
        :raises UnknownTenantError: if the app is not installed there.
        """
        get_store().remember(tenant.client_key, str(account_id))

    def refreshed(self, tenant: Tenant, account_id: str) -> None:
        """Say that all the data of a user was fetched anew.

        :raises ValueError: if *account_id* is not an account id.
        :raises UnknownTenantError: if the app is not installed there.
        """
        get_store().remember(tenant.client_key, str(account_id), refreshed=True)

    def forget(self, tenant: Tenant, account_id: str) -> None:
        """Say that the app keeps no data of a user any more."""
        get_store().forget(tenant.client_key, str(account_id))

    def list(self, tenant: Tenant | None = None) -> Iterator[Account]:
        """Yield of whom the app keeps data, everywhere or at one tenant."""
        return get_store().iterate(tenant.client_key if tenant is not None else None)


personal_data = PersonalData()
"""The personal data of the current app."""
