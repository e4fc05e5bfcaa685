"""The tenant of the tests is the one that the front door would have installed."""

from pathlib import Path
from typing import Any

from flask import Flask

from app.connect.tenants.models import Tenant
from app.connect.tenants.state import get_state
from tests import installing, signing
from tests.databases import copy_tables
from tests.example import create_app

# Times, and encrypted values, which differ each time.
UNLIKE = {"installed_at", "updated_at", "occurred_at", "token_issued_at"}
UNLIKE |= {"last_seen_at", "fetched_at", "shared_secret"}


def stored(app: Flask) -> dict[str, Any]:
    """Return an app's rows, without times and with the secret decrypted."""
    rows = installing.StoredRows.read(app).rows
    found: dict[str, Any] = {
        table.name: [
            {name: value for name, value in row.items() if name not in UNLIKE}
            for row in of_table
        ]
        for table, of_table in rows.items()
    }
    with app.app_context():
        tenants = get_state().tenants
        found["secrets"] = list(map(tenants.shared_secret_of, tenants.iterate()))
    return found


def test_the_fixture_equals_the_front_door(
    tenant: Tenant, app: Flask, config: dict[str, Any], tables: Path, tmp_path: Path
) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    copy_tables(tables, database["DATABASE_URL"])
    other = create_app(config | database)
    installing.install(other)
    assert stored(app) == stored(other)
    assert stored(app)["secrets"] == [signing.SECRET]
    assert tenant.client_key == signing.CLIENT_KEY
