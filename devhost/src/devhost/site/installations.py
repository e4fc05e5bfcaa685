"""The installed apps, with their shared secrets."""

import json
import sqlite3
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from devhost.site.clock import Clock
from devhost.site.site import Site
from devhost.site.state import State

InstallationState = Literal["enabled", "disabled", "uninstalled"]


@dataclass(frozen=True)
class Installation:
    """An app on this site."""

    app_key: str
    client_key: str
    shared_secret: str = field(repr=False)
    descriptor_url: str
    descriptor: dict[str, Any] = field(repr=False)
    state: InstallationState = "enabled"
    oauth_client_id: str | None = None
    # The clock that dates the tokens sent to it.
    clock: Clock = field(default_factory=Clock, repr=False, compare=False)

    @property
    def base_url(self) -> str:
        """The app's base URL, without a trailing slash."""
        return str(self.descriptor["baseUrl"]).rstrip("/")

    @property
    def base_path(self) -> str:
        """The path of the app's base URL, which is not part of any hash."""
        return urlsplit(self.base_url).path

    @property
    def name(self) -> str:
        """The app's name, as people see it."""
        return str(self.descriptor.get("name") or self.app_key)

    @property
    def is_paid(self) -> bool:
        """Whether the descriptor enables licensing."""
        return self.descriptor.get("enableLicensing") is True

    @property
    def entitlement_id(self) -> str:
        """A stable license entitlement id of a paid app."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.client_key))

    @property
    def entitlement_number(self) -> str:
        """A stable license entitlement number of a paid app."""
        return f"E-{self.entitlement_id[:3].upper()}-{self.entitlement_id[4:7].upper()}"


def _from_row(row: sqlite3.Row, clock: Clock) -> Installation:
    fields = dict(row)
    fields["descriptor"] = json.loads(fields["descriptor"])
    return Installation(**fields, clock=clock)


class Installations:
    """The apps of this site, including uninstalled ones."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the apps of *site*."""
        return cls(site.state, site.get(Clock))

    def find(self, app_key: str) -> Installation | None:
        """Return the app, None if it was never installed."""
        with self._state.transaction() as sql:
            row = sql.execute(
                "SELECT * FROM installation WHERE app_key = ?", [app_key]
            ).fetchone()
        return None if row is None else _from_row(row, self._clock)

    def find_installed(self, app_key: str) -> Installation | None:
        """Return the app, None if it is not currently installed."""
        found = self.find(app_key)
        return None if found is None or found.state == "uninstalled" else found

    def find_enabled(self, app_key: str) -> Installation | None:
        """Return the app, None if it is not currently installed and enabled."""
        found = self.find(app_key)
        return None if found is None or found.state != "enabled" else found

    def all(self) -> list[Installation]:
        """Return every app that was ever installed here, by key."""
        with self._state.transaction() as sql:
            rows = sql.execute("SELECT * FROM installation ORDER BY app_key").fetchall()
        return [_from_row(row, self._clock) for row in rows]

    def enabled(self) -> list[Installation]:
        """Return the apps whose modules are shown."""
        return [app for app in self.all() if app.state == "enabled"]

    def save(self, app: Installation) -> None:
        """Store *app*, in place of its old record."""
        with self._state.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO installation (app_key, client_key,"
                " shared_secret, oauth_client_id, descriptor_url, descriptor, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    app.app_key,
                    app.client_key,
                    app.shared_secret,
                    app.oauth_client_id,
                    app.descriptor_url,
                    json.dumps(app.descriptor),
                    app.state,
                ],
            )
