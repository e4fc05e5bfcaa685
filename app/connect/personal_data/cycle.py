"""The cycle in which an app reports of whom it keeps personal data.

An app says of whom: ``personal_data.remember(tenant, account_id)``. Celery beat has
them reported; the signals ``account_closed`` and ``account_updated`` say what to do.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from celery import shared_task
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from ..errors import ConnectError, RateLimitedError
from ..maintenance.schedule import REPORT
from ..outbound.service import TenantService
from ..tenants.acting import acting_for
from ..tenants.models import Tenant, utc_now
from ..tenants.signals import account_closed, account_updated, notify
from ..tenants.state import find_tenant
from ..webhooks.state import get_app
from .report import MAX_ACCOUNTS, Answer, report_accounts
from .store import Account, PersonalDataStore

RETRY: Final = timedelta(hours=1)
"""When an account is reported again after a failure."""

_logger = logging.getLogger(__name__)


class PersonalData:
    """What an app says of the personal data that it keeps. Needs an app context."""

    def remember(self, tenant: Tenant, account_id: str) -> None:
        """Say that the app keeps data of a user; said again, it changes nothing.

        :raises ValueError: if *account_id* is none.
        :raises UnknownTenantError: if the app is not installed there.
        """
        _store().remember(tenant.client_key, str(account_id))

    def refreshed(self, tenant: Tenant, account_id: str) -> None:
        """Say that all the data of a user was fetched anew.

        :raises ValueError: if *account_id* is none.
        :raises UnknownTenantError: if the app is not installed there.
        """
        _store().remember(tenant.client_key, str(account_id), refreshed=True)

    def forget(self, tenant: Tenant, account_id: str) -> None:
        """Say that the app keeps no data of a user any more."""
        _store().forget(tenant.client_key, str(account_id))

    def list(self, tenant: Tenant | None = None) -> Iterator[Account]:
        """Yield of whom the app keeps data, everywhere or at one tenant."""
        return _store().iterate(tenant.client_key if tenant is not None else None)


personal_data = PersonalData()
"""The personal data of the current app."""


@shared_task(name=REPORT)
def report_personal_data() -> dict[str, int]:
    """Report the accounts that are due; return the counts of what was heard.

    A tenant that can't be asked is tried again later, and stops no other.
    """
    counts = dict.fromkeys(("reported", "closed", "updated", "failed"), 0)
    store = _store()
    for client_key in store.find_due():
        while accounts := store.claim(client_key, MAX_ACCOUNTS):
            answer = _report(client_key, accounts)
            if answer is None:
                counts["failed"] += len(accounts)
                continue
            counts["reported"] += len(accounts)
            counts["closed"] += len(answer.closed)
            counts["updated"] += len(answer.updated)
    return counts


def _report(client_key: str, accounts: list[Account]) -> Answer | None:
    store, tenant = _store(), find_tenant(client_key)
    if tenant is None or tenant.state != "enabled":
        # A disabled tenant may come back; of one that is gone nothing is kept.
        store.set_due(accounts, utc_now() + RETRY)
        return None
    try:
        answer = report_accounts(TenantService(tenant), accounts)
    except (ConnectError, LookupError) as error:
        pause = timedelta()
        if isinstance(error, RateLimitedError):
            pause = timedelta(seconds=min(error.retry_after or 0, 86_400))
        _logger.warning("accounts not reported: client_key=%s: %s", client_key, error)
        store.set_due(accounts, utc_now() + max(RETRY, pause))
        return None
    store.set_due(accounts, utc_now() + answer.cycle)
    try:
        _tell(tenant, answer)
    except (ConnectError, LookupError, SQLAlchemyError) as error:
        # The host says it again at the next report, for nothing was forgotten.
        _logger.error("accounts not handled: %s", type(error).__name__)
        store.set_due(accounts, utc_now() + RETRY)
    return answer


def _tell(tenant: Tenant, answer: Answer) -> None:
    with acting_for(tenant):
        for account in answer.updated:
            notify(account_updated, tenant=tenant, account_id=account.account_id)
        for account in answer.closed:
            # Forgotten once it is erased; else the host will say it again.
            erased = account_closed.has_receivers_for(get_app())
            about = {"tenant": tenant, "account_id": account.account_id}
            if notify(account_closed, **about) and erased:
                _store().forget(tenant.client_key, account.account_id)


def _store() -> PersonalDataStore:
    store: PersonalDataStore = current_app.extensions["connect-personal-data"]
    return store
