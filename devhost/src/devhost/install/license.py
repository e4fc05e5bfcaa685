"""The license of an app on this site, set by a switch.

The iframe's ``lic``, the ``context`` claim and the REST resource agree, because
all three ask here. https://developer.atlassian.com/platform/marketplace/license-api-for-cloud-apps/

Assumed: an evaluation is active until it expires; an expired license was not an
evaluation; a free app has no ``license`` object, ``lic=none`` and is not active.
"""

from dataclasses import dataclass
from typing import Any, Self

from devhost.site import Site
from devhost.site.installations import Installation
from devhost.site.state import State

STATES = ("free", "active", "evaluation", "expired")


class LicenseError(Exception):
    """There is no such license state; the message lists the states."""


@dataclass(frozen=True)
class License:
    """The license of one app."""

    app: Installation
    state: str

    @property
    def is_paid(self) -> bool:
        """Whether it is not a free app's."""
        return self.state != "free"

    @property
    def is_active(self) -> bool:
        """Whether it is in force: a current subscription or evaluation."""
        return self.state in {"active", "evaluation"}

    @property
    def lic(self) -> str:
        """The value of the iframe's ``lic`` parameter."""
        return "active" if self.is_active else "none"

    @property
    def context(self) -> dict[str, bool]:
        """The ``license`` object of the ``context`` claim."""
        return {"active": self.is_active}

    @property
    def resource(self) -> dict[str, Any] | None:
        """The ``license`` object of the REST resource, None for a free app."""
        if not self.is_paid:
            return None
        return {
            "active": self.is_active,
            "type": "COMMERCIAL",
            "evaluation": self.state == "evaluation",
            "supportEntitlementNumber": f"SEN-{self.app.entitlement_id[:8]}",
            "entitlementId": self.app.entitlement_id,
            "entitlementNumber": self.app.entitlement_number,
        }


class Licenses:
    """The license of every app; the descriptor decides until a switch is set."""

    def __init__(self, state: State) -> None:
        self._state = state

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the licenses of *site*."""
        return cls(site.state)

    def of(self, app: Installation) -> License:
        """Return the license of *app*."""
        fallback = "active" if app.is_paid else "free"
        found = self._state.find_setting(_setting(app.app_key))
        return License(app, found or fallback)

    def switch(self, app_key: str, state: str) -> None:
        """Give the app this license from now on: one of ``STATES``.

        :raises LicenseError: if there is no such state.
        """
        if state not in STATES:
            raise LicenseError(f"no license {state}: write one of {', '.join(STATES)}")
        self._state.set_setting(_setting(app_key), state)


def _setting(app_key: str) -> str:
    return f"licence:{app_key}"
