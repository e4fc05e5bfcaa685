"""Test tenants: installed by a lifecycle callback, or copied from one that was."""

from dataclasses import dataclass
from typing import Any

import responses
from flask import Flask
from sqlalchemy import Table, insert, select

from app.connect import find_tenant
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests import signing


def install(app: Flask, **changes: Any) -> Tenant:
    """Install a tenant by a lifecycle callback; *changes* are the payload's."""
    body = signing.payload(**changes)
    key = body["clientKey"]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{signing.KEY_SERVER}/{signing.KEY_ID}", body=signing.pem())
        headers = signing.authorization(signing.install_token(iss=key, sub=key))
        answer = app.test_client().post("/installed", json=body, headers=headers)
    assert answer.status_code == 204
    with app.app_context():
        found = find_tenant(key)
    assert found is not None
    return found


@dataclass(frozen=True)
class StoredRows:
    """All rows of one app's tables, to be copied into another app's."""

    rows: dict[Table, list[dict[str, Any]]]

    @classmethod
    def read(cls, app: Flask) -> "StoredRows":
        """Read the tables of *app*."""
        rows = {}
        with app.app_context(), db.engine.connect() as connection:
            for table in db.metadata.sorted_tables:
                columns = [column for column in table.c if column.name != "id"]
                found = connection.execute(select(*columns)).mappings()
                rows[table] = [dict(row) for row in found]
        return cls({table: found for table, found in rows.items() if found})

    def write(self, app: Flask) -> None:
        """Add the rows to the tables of *app*, with new ids."""
        with app.app_context(), db.engine.begin() as connection:
            for table, found in self.rows.items():
                connection.execute(insert(table), found)
