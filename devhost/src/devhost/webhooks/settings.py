"""Webhook settings: assumptions about Confluence that can be changed."""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from devhost.site.state import State

SETTING = "webhooks"
MAX_RETRIES = 5
MAX_RETRY_SECONDS = 600


@dataclass(frozen=True)
class Settings:
    """Three things that Atlassian's pages leave open.

    ``retries``: no retry is documented for Confluence, so there is none; Jira
    retries five times after 408, 409, 425, 429, any 5xx and no answer.
    ``numeric_ids``: bodies captured on real sites have the ids of contents as numbers
    in 2024 and as strings in 2026, with ``idAsString`` next to them.
    ``event_in_body``: the body does not name its event; some samples do.
    """

    retries: int = 0
    retry_seconds: float = 2
    """The wait before the first retry; it doubles before each further one."""
    numeric_ids: bool = False
    event_in_body: bool = False

    def check(self) -> None:
        """Refuse values that are not allowed.

        :raises ValueError: naming the setting and its range.
        """
        _check_number("retries", self.retries, MAX_RETRIES, whole=True)
        _check_number("retry_seconds", self.retry_seconds, MAX_RETRY_SECONDS)
        for name in ("numeric_ids", "event_in_body"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name}: write true or false")


def _check_number(name: str, value: Any, most: int, *, whole: bool = False) -> None:
    kinds = int if whole else int | float
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if not fits or not 0 <= value <= most:
        raise ValueError(f"{name}: write a number from 0 to {most}")


def load(state: State) -> Settings:
    """Return the stored settings, or else the defaults."""
    stored = json.loads(state.find_setting(SETTING) or "{}")
    return Settings(**stored)


def change(state: State, **changes: Any) -> Settings:
    """Change some of the settings, and keep the others.

    :raises ValueError: if there is no such setting, or the value is not allowed.
    """
    known = [each.name for each in fields(Settings)]
    for name in changes:
        if name not in known:
            raise ValueError(f"{name}: there is only {', '.join(known)}")
    settings = replace(load(state), **changes)
    settings.check()
    state.set_setting(SETTING, json.dumps(asdict(settings)))
    return settings
