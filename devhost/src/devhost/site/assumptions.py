"""Assumptions about Confluence, where a wrong guess would break an app.

None of Atlassian's pages settles these. Each is a switch, so that an app can be tried
either way; all of them, and those made elsewhere, are listed in
``docs/assumptions.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from devhost.site.site import Site
from devhost.site.state import State


class AssumptionError(Exception):
    """There is no such assumption or value; the message says what to write."""


@dataclass(frozen=True)
class Assumption:
    """One assumption: one of ``choices``, or a number in ``range``."""

    name: str
    default: str | int
    title: str
    meaning: str
    choices: tuple[str, ...] = ()
    range: tuple[int, int] = (0, 0)

    def checked(self, value: Any) -> str | int:
        """Return *value* if it is allowed.

        :raises AssumptionError: if it is not.
        """
        if self.choices:
            if value in self.choices:
                return str(value)
            raise AssumptionError(f"{self.name}: write {' or '.join(self.choices)}")
        if isinstance(value, str) and value.isascii() and value.strip().isdigit():
            value = int(value)
        least, most = self.range
        if type(value) is not int or not least <= value <= most:
            raise AssumptionError(f"{self.name}: write a number from {least} to {most}")
        return value


ASSUMPTIONS = {
    each.name: each
    for each in (
        Assumption(
            "url-token-seconds",
            900,
            "Lifetime of a URL token",
            "Seconds for which the token of an iframe, a webhook or a static macro is "
            "valid. 180 in the host code of 2016, 900 seen in 2021.",
            range=(1, 86_400),
        ),
        Assumption(
            "context-token-seconds",
            900,
            "Lifetime of a context token",
            "Seconds for which a token of AP.context.getToken is valid.",
            range=(1, 86_400),
        ),
        Assumption(
            "app-token-most-seconds",
            0,
            "Longest lifetime of an app's token",
            "A call is refused if its exp is more than this after its iat; 0 allows "
            "any lifetime. Frameworks use 180.",
            range=(0, 86_400),
        ),
        Assumption(
            "callback-seconds",
            5,
            "Timeout of a lifecycle callback",
            "Seconds without a byte after which a callback times out.",
            range=(1, 60),
        ),
        Assumption(
            "installed-201",
            "accepted",
            "Status 201 for installed",
            "The documentation names 200 and 204; the host code of 2016 accepts "
            "201 too.",
            choices=("accepted", "refused"),
        ),
        Assumption(
            "uninstall-order",
            "disabled-first",
            "Order of the callbacks at an uninstall",
            "The cloud sends both within milliseconds, and either may arrive first.",
            choices=("disabled-first", "uninstalled-first"),
        ),
        Assumption(
            "cloud-id",
            "sent",
            "cloudId in a callback",
            "Seen in Atlassian's own scanner, documented nowhere.",
            choices=("sent", "missing"),
        ),
        Assumption(
            "display-url",
            "sent",
            "displayUrl in a callback",
            "Always sent according to the documentation; libraries know callbacks "
            "without it.",
            choices=("sent", "missing"),
        ),
        Assumption(
            "property-json-value",
            "false",
            "jsonValue of an app property",
            "The default of the parameter jsonValue in the GET of a property: false "
            "returns the value as text, true as JSON.",
            choices=("false", "true"),
        ),
        Assumption(
            "property-limit",
            100,
            "Maximum number of properties of an app",
            "One more is refused with 409.",
            range=(0, 100_000),
        ),
        Assumption(
            "app-data-after-uninstall",
            "kept",
            "App data after an uninstall",
            "Whether app properties are there again when the app comes back. Dynamic "
            "modules are, according to the documentation.",
            choices=("kept", "gone"),
        ),
        Assumption(
            "assertion-most-seconds",
            120,
            "Longest lifetime of an assertion",
            "An assertion for impersonation gets no token if its exp is more than this "
            "after its iat.",
            range=(1, 86_400),
        ),
    )
}


class Assumptions:
    """The current assumptions of one site: ``assumptions["cloud-id"]``."""

    def __init__(self, state: State) -> None:
        """Read the stored assumptions."""
        self._state = state
        self._followers: list[Follower] = []
        self._values: dict[str, str | int] = {}
        for name, assumption in ASSUMPTIONS.items():
            stored = state.find_setting(_setting(name))
            self._values[name] = (
                assumption.default if stored is None else assumption.checked(stored)
            )

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the assumptions of *site*."""
        return cls(site.state)

    def follow(self, follower: "Follower") -> None:
        """Call *follower* now, and after each change."""
        self._followers.append(follower)
        follower(self)

    def __getitem__(self, name: str) -> str | int:
        """Return the current value of an assumption.

        :raises AssumptionError: if there is no such assumption.
        """
        return self._values[_known(name).name]

    def number(self, name: str) -> int:
        """Return the current value of an assumption that is a number."""
        return int(self[name])

    def set(self, name: str, value: str | int) -> None:
        """Assume *value* from now on, also after a restart.

        :raises AssumptionError: if there is no such assumption or value.
        """
        checked = _known(name).checked(value)
        self._state.set_setting(_setting(name), str(checked))
        self._values[name] = checked
        for follower in self._followers:
            follower(self)

    def reset(self, *names: str) -> None:
        """Reset these assumptions to their defaults; every one if none is named."""
        for name in names or ASSUMPTIONS:
            self.set(name, _known(name).default)

    def changed(self) -> dict[str, str | int]:
        """Return the assumptions that differ from their defaults."""
        return {
            name: value
            for name, value in self._values.items()
            if value != ASSUMPTIONS[name].default
        }


Follower = Callable[[Assumptions], None]


def _known(name: str) -> Assumption:
    if name not in ASSUMPTIONS:
        known = ", ".join(ASSUMPTIONS)
        raise AssumptionError(f"no assumption {name}: write one of {known}")
    return ASSUMPTIONS[name]


def _setting(name: str) -> str:
    return f"assumed:{name}"
