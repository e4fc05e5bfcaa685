"""Helpers that run the commands and check their output."""

from datetime import timedelta
from typing import Any

from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, update

from app.config import ROOT
from app.connect.db.columns import utc_now
from app.connect.tenants.lifecycle_payload import Installation
from app.connect.tenants.models import TenantRecord
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.example import create_app

HEAD = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("0*"))
NEW_KEY = Fernet.generate_key().decode()


SECRETS = (signing.SECRET, signing.OTHER_SECRET)


def connect(app: Flask, *arguments: str) -> Result:
    """Run a command, and check that its output contains no secrets."""
    done = app.test_cli_runner().invoke(args=["connect", *arguments])
    encrypted = stored_secrets(app) if tables_exist(app) else ()
    keys = app.config["CONNECT_ENCRYPTION_KEYS"]
    for secret in (*SECRETS, *encrypted, *keys):
        assert secret not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def tables_exist(app: Flask) -> bool:
    with app.app_context():
        return "tenant" in db.inspect(db.engine).get_table_names()


def stored_secrets(app: Flask) -> list[str]:
    columns = (TenantRecord.shared_secret, TenantRecord.previous_secret)
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(TenantRecord.id))
        return [secret for row in rows for secret in row if secret is not None]


def install(app: Flask, client_key: str, secret: str = signing.SECRET) -> None:
    installation = Installation(
        client_key=client_key,
        key=signing.APP_KEY,
        event_type="installed",
        shared_secret=secret,
        base_url=f"https://{client_key}.atlassian.net/wiki",
    )
    with app.app_context():
        get_state().tenants.install(installation, issued_at=utc_now().timestamp())


def uninstall(app: Flask, client_key: str, *, days_ago: float) -> None:
    with app.app_context():
        issued_at = utc_now().timestamp()
        get_state().tenants.uninstall(client_key, issued_at=issued_at)
        then = utc_now() - timedelta(days=days_ago)
        with db.engine.begin() as connection:
            rows = update(TenantRecord).where(TenantRecord.client_key == client_key)
            connection.execute(rows.values(uninstalled_at=then))


def with_keys(config: dict[str, Any], *keys: str) -> Flask:
    """Return an app on the same database with other encryption keys."""
    return create_app(config | {"CONNECT_ENCRYPTION_KEYS": ",".join(keys)})
