"""The personal data reporting cycle (GDPR): a scheduled task reports to each host.

Every account is reported when it is due. The host says which ones to erase or refresh,
and the signals ``account_closed`` and ``account_updated`` pass that on.
https://developer.atlassian.com/cloud/confluence/user-privacy-developer-guide/
"""

import logging
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from celery.schedules import crontab
from sqlalchemy.exc import SQLAlchemyError

from ..db.columns import utc_now
from ..errors import ConnectError, RateLimitedError
from ..outbound.service import TenantService
from ..tenants.current import acting_for, get_app
from ..tenants.lookup import find_tenant
from ..tenants.models import Tenant
from ..tenants.signals import notify
from .report import MAX_ACCOUNTS, Answer, report_accounts
from .signals import account_closed, account_updated
from .store import Account, get_store

RETRY: Final = timedelta(hours=1)
"""How long after a failure an account is reported again."""

REPORT: Final = "connect.report_personal_data"

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "connect: report of whom personal data is kept": {
        "task": REPORT,
        "schedule": crontab(minute="37"),
        # A message that is still queued when the next one comes is redundant.
        "options": {"expires": 3600},
    },
}

_logger = logging.getLogger(__name__)


@shared_task(name=REPORT)
def report_personal_data() -> dict[str, int]:
    """Report the accounts that are due; return counts of the hosts' answers.

    A tenant whose host can't be reached is retried later and does not hold up others.
    """
    counts = dict.fromkeys(("reported", "closed", "updated", "failed"), 0)
    store = get_store()
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
    store, tenant = get_store(), find_tenant(client_key)
    if tenant is None or tenant.state != "enabled":
        # A disabled tenant may come back; the data of an uninstalled one is deleted.
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
        # Nothing was forgotten, so the host repeats its answer at the next report.
        _logger.error("accounts not handled: %s", type(error).__name__)
        store.set_due(accounts, utc_now() + RETRY)
    return answer


def _tell(tenant: Tenant, answer: Answer) -> None:
    with acting_for(tenant):
        for account in answer.updated:
            notify(account_updated, tenant=tenant, account_id=account.account_id)
        for account in answer.closed:
            # Forgotten once it is erased; otherwise the host will repeat its answer.
            erased = account_closed.has_receivers_for(get_app())
            about = {"tenant": tenant, "account_id": account.account_id}
            if notify(account_closed, **about) and erased:
                get_store().forget(tenant.client_key, account.account_id)
