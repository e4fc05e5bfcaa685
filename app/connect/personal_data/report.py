"""A personal data report (GDPR) to a tenant's host, and its answer.

https://developer.atlassian.com/cloud/confluence/user-privacy-developer-guide/
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from ..errors import HostResponseError
from ..outbound.host_response import read_json
from ..outbound.service import TenantService
from .store import Account

PATH: Final = "/rest/atlassian-connect/latest/report-accounts"
"""Assumed: a Connect app reports to its tenants' hosts, with its usual tokens."""

MAX_ACCOUNTS: Final = 90
CYCLE: Final = timedelta(days=7)
_MAX_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Answer:
    """The accounts to erase or refresh, and when to report again."""

    closed: tuple[Account, ...]
    updated: tuple[Account, ...]
    cycle: timedelta


def report_accounts(service: TenantService, accounts: Sequence[Account]) -> Answer:
    """Report up to MAX_ACCOUNTS accounts of one tenant.

    :raises HostError: if the host does not answer, or refuses.
    """
    response = service.request(
        "POST",
        PATH,
        json={
            "accounts": [
                {
                    "accountId": account.account_id,
                    "updatedAt": account.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                }
                for account in accounts
            ]
        },
        # They are reported later anyway.
        retry=False,
    )
    found: dict[str, Any] = {}
    if response.status_code != 204:
        body = read_json(response)
        try:
            found = {entry["accountId"]: entry["status"] for entry in body["accounts"]}
        except (KeyError, TypeError):
            raise HostResponseError(
                response.status_code,
                "the answer is not a list of accounts",
                method="POST",
                path=PATH,
            ) from None
    closed, updated = (
        tuple(each for each in accounts if found.get(each.account_id) == status)
        for status in ("closed", "updated")
    )
    return Answer(closed, updated, _cycle(response.headers.get("Cycle-Period", "")))


def _cycle(value: str) -> timedelta:
    """Read ``Cycle-Period``, which is assumed to be in days."""
    value = value.strip()
    if value.isascii() and value.isdecimal() and 0 < int(value[:4]) <= _MAX_DAYS:
        return timedelta(days=int(value[:4]))
    return CYCLE
