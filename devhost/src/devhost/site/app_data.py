"""Data of apps on the site: app properties and dynamic modules.

Both are kept when the app is uninstalled, and are there again when it comes back.
"""

import json
from typing import Any, Self

from devhost.site.site import Site
from devhost.site.state import State

Modules = dict[str, list[dict[str, Any]]]


class AppProperties:
    """The app properties of every app, as JSON texts."""

    def __init__(self, state: State) -> None:
        self._state = state

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the app properties of *site*."""
        return cls(site.state)

    def keys(self, app_key: str) -> list[str]:
        """Return the property keys of one app, sorted."""
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT key FROM app_property WHERE app_key = ? ORDER BY key", [app_key]
            ).fetchall()
        return [str(row["key"]) for row in rows]

    def find(self, app_key: str, key: str) -> str | None:
        """Return the JSON text of a property, None if it does not exist."""
        with self._state.transaction() as sql:
            row = sql.execute(
                "SELECT value FROM app_property WHERE app_key = ? AND key = ?",
                [app_key, key],
            ).fetchone()
        return None if row is None else str(row["value"])

    def set(self, app_key: str, key: str, value: str, *, limit: int) -> bool | None:
        """Store a JSON text; return True if created, False if updated, None if full."""
        with self._state.transaction() as sql:
            keys = self.keys(app_key)
            if key not in keys and len(keys) >= limit:
                return None
            sql.execute(
                "INSERT OR REPLACE INTO app_property VALUES (?, ?, ?)",
                [app_key, key, value],
            )
        return key not in keys

    def delete(self, app_key: str, key: str) -> bool:
        """Delete a property; return False if it did not exist."""
        with self._state.transaction() as sql:
            gone = sql.execute(
                "DELETE FROM app_property WHERE app_key = ? AND key = ?", [app_key, key]
            )
        return gone.rowcount > 0

    def delete_all(self, app_key: str) -> None:
        """Delete every property of one app."""
        with self._state.transaction() as sql:
            sql.execute("DELETE FROM app_property WHERE app_key = ?", [app_key])


class DynamicModules:
    """The modules that apps registered at run time."""

    def __init__(self, state: State) -> None:
        self._state = state

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the dynamic modules of *site*."""
        return cls(site.state)

    def all(self, app_key: str) -> Modules:
        """Return the modules of one app in the format of the descriptor's."""
        modules: Modules = {}
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT type, definition FROM dynamic_module"
                " WHERE app_key = ? ORDER BY id",
                [app_key],
            ).fetchall()
        for row in rows:
            modules.setdefault(row["type"], []).append(json.loads(row["definition"]))
        return modules

    def register(self, app_key: str, modules: Modules) -> None:
        """Add *modules*, all or none of them."""
        with self._state.transaction() as sql:
            sql.executemany(
                "INSERT INTO dynamic_module (app_key, type, key, definition)"
                " VALUES (?, ?, ?, ?)",
                [
                    (app_key, module_type, module.get("key"), json.dumps(module))
                    for module_type, entries in modules.items()
                    for module in entries
                ],
            )

    def remove(self, app_key: str, keys: list[str]) -> None:
        """Remove the modules with these keys; unknown keys are ignored."""
        with self._state.transaction() as sql:
            sql.executemany(
                "DELETE FROM dynamic_module WHERE app_key = ? AND key = ?",
                [(app_key, key) for key in keys],
            )

    def remove_all(self, app_key: str) -> None:
        """Remove every dynamic module of one app."""
        with self._state.transaction() as sql:
            sql.execute("DELETE FROM dynamic_module WHERE app_key = ?", [app_key])
