"""A developer's switches for conditions: feature flags and assumptions."""

import logging
from typing import Self

from devhost.descriptor.condition_names import ASSUMED
from devhost.site import Site
from devhost.site.state import State

logger = logging.getLogger("devhost")


class ConditionSwitchError(Exception):
    """There is no such switch; the message lists the switches."""


class ConditionSwitches:
    """The feature flags and the assumed conditions of the site."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._warned: set[str] = set()

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the switches of *site*."""
        return cls(site.state)

    def is_on(self, feature_key: str) -> bool:
        """Return whether a feature flag is on; every flag starts off."""
        return self._state.find_setting(_flag(feature_key)) == "on"

    def set_feature_flag(self, feature_key: str, on: bool) -> None:
        """Turn a feature flag on or off from now on."""
        self._state.set_setting(_flag(feature_key), "on" if on else "off")

    def feature_flags(self) -> dict[str, bool]:
        """Return every feature flag that was ever set."""
        stored = self._state.settings(_flag(""))
        return {name.removeprefix(_flag("")): on == "on" for name, on in stored.items()}

    def holds(self, name: str) -> bool:
        """Return the assumed result of a condition that this host cannot evaluate."""
        stored = self._state.find_setting(_assumption(name))
        return ASSUMED[name] if stored is None else stored == "true"

    def assume(self, name: str) -> bool:
        """Return the same as ``holds``, and log the assumption once."""
        holds = self.holds(name)
        if name not in self._warned:
            self._warned.add(name)
            logger.warning(
                "the local Confluence cannot evaluate the condition %s and assumes "
                "%s; PUT /devhost/api/conditions/%s changes that",
                name,
                str(holds).lower(),
                name,
            )
        return holds

    def switch(self, name: str, holds: bool) -> None:
        """Assume from now on that a condition holds, or that it does not.

        :raises ConditionSwitchError: if it is not one of ``ASSUMED``.
        """
        if name not in ASSUMED:
            raise ConditionSwitchError(
                f"no assumption about {name}: write one of {', '.join(ASSUMED)}"
            )
        self._state.set_setting(_assumption(name), str(holds).lower())

    def assumptions(self) -> dict[str, bool]:
        """Return every assumed condition with its result."""
        return {name: self.holds(name) for name in ASSUMED}


def _flag(feature_key: str) -> str:
    return f"feature_flag:{feature_key}"


def _assumption(name: str) -> str:
    return f"condition:{name}"
