"""``personal_data``: the author's register of users whose data the app keeps (GDPR)."""

from collections.abc import Iterator

from ..tenants.models import Tenant
from .store import Account, get_store


class PersonalData:
    """The register of users whose data the app keeps. Needs an app context."""

    def remember(self, tenant: Tenant, account_id: str) -> None:
        """Record that the app keeps data about a user; idempotent.

        :raises ValueError: if *account_id* is not an account id.
        :raises UnknownTenantError: if the app is not installed there.
        """
        get_store().remember(tenant.client_key, str(account_id))

    def refreshed(self, tenant: Tenant, account_id: str) -> None:
        """Record that all data about a user was just refreshed.

        :raises ValueError: if *account_id* is not an account id.
        :raises UnknownTenantError: if the app is not installed there.
        """
        get_store().remember(tenant.client_key, str(account_id), refreshed=True)

    def forget(self, tenant: Tenant, account_id: str) -> None:
        """Record that the app no longer keeps any data about a user."""
        get_store().forget(tenant.client_key, str(account_id))

    def list(self, tenant: Tenant | None = None) -> Iterator[Account]:
        """Yield the users whose data the app keeps, of all tenants or of one."""
        return get_store().iterate(tenant.client_key if tenant is not None else None)


personal_data = PersonalData()
"""The personal data register of the current app."""
