"""Working for a tenant outside of a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .current import VerifiedRequest, acting_as
from .models import Tenant
from .state import get_state


@contextmanager
def acting_for(
    tenant: Tenant,
    account_id: str | None = None,
    context: dict[str, Any] | None = None,
) -> Iterator[None]:
    """Set ``current_tenant``, ``current_service`` and the rest for a ``with`` block.

    For tasks, commands and subscribers of signals. Needs an app context.

    :raises LookupError: if the tenant has been purged.
    :raises ConfigurationError: if no encryption key decrypts its secret.
    """
    verified = VerifiedRequest(
        tenant=tenant,
        account_id=account_id,
        context=context or {},
        shared_secret=get_state().tenants.shared_secret_of(tenant),
    )
    with acting_as(verified):
        yield
