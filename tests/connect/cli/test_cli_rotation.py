"""``flask connect rotate-keys``: re-encryption with the newest key."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, update

from app.connect.tenants.models import TenantRecord
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing
from tests.connect.cli.commands import (
    NEW_KEY,
    connect,
    install,
    stored_secrets,
    uninstall,
    with_keys,
)


@pytest.fixture
def many_tenants(app: Flask) -> int:
    """More tenants than fit into a batch, two with a previous secret."""
    count = 205
    for number in range(count):
        install(app, f"tenant-{number}", f"{signing.SECRET}{number}")
    for number in (0, 204):
        install(app, f"tenant-{number}", f"{signing.OTHER_SECRET}{number}")
    uninstall(app, "tenant-1", days_ago=1)
    return count


def test_the_old_key_can_be_dropped_after_a_rotation(
    config: dict[str, Any], app: Flask, many_tenants: int
) -> None:
    before = stored_secrets(app)
    assert len(before) == many_tenants + 2
    old_key = config["CONNECT_ENCRYPTION_KEYS"]
    done = connect(with_keys(config, NEW_KEY, old_key), "rotate-keys")
    assert done.exit_code == 0
    summary = f"{many_tenants} tenants and 0 webhooks encrypted; the older keys"
    assert summary in done.stderr

    after = stored_secrets(app)
    assert not set(before) & set(after)
    read = {Fernet(NEW_KEY).decrypt(secret).decode() for secret in after}
    old = Fernet(old_key)
    assert read == {old.decrypt(secret).decode() for secret in before}

    new_app = with_keys(config, NEW_KEY)
    with new_app.app_context():
        tenants = get_state().tenants
        credentials = tenants.load_credentials("tenant-204")
        assert credentials is not None
        assert credentials.shared_secret == f"{signing.OTHER_SECRET}204"
        assert credentials.previous_secret == f"{signing.SECRET}204"


def test_a_rotation_without_the_old_key_names_the_setting(
    config: dict[str, Any], app: Flask
) -> None:
    install(app, "one")
    before = stored_secrets(app)
    done = connect(with_keys(config, NEW_KEY), "rotate-keys")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: no key in CONNECT_ENCRYPTION_KEYS decrypts a secret: add the key that "
        "it was encrypted with to the end of the list. 0 tenants are done"
    )
    assert stored_secrets(app) == before


def test_a_rotation_that_stopped_can_be_repeated(
    config: dict[str, Any], app: Flask, many_tenants: int
) -> None:
    lost = Fernet.generate_key().decode()
    old_key = config["CONNECT_ENCRYPTION_KEYS"]
    install(with_keys(config, lost), "tenant-lost")
    done = connect(with_keys(config, NEW_KEY, old_key), "rotate-keys")
    assert done.exit_code == 1
    assert "200 tenants are done" in done.stderr
    done = connect(with_keys(config, NEW_KEY, old_key, lost), "rotate-keys")
    assert done.exit_code == 0
    assert f"{many_tenants + 1} tenants and" in done.stderr
    for secret in stored_secrets(app):
        assert Fernet(NEW_KEY).decrypt(secret)


def test_a_rotation_without_secrets_succeeds(app: Flask) -> None:
    done = connect(app, "rotate-keys")
    assert done.exit_code == 0
    assert "0 tenants and" in done.stderr


def test_a_previous_secret_that_no_key_decrypts_does_not_stop_a_rotation(
    config: dict[str, Any], app: Flask
) -> None:
    install(app, "tenant", signing.SECRET)
    install(app, "tenant", signing.OTHER_SECRET)
    with app.app_context():
        db.session.execute(update(TenantRecord).values(previous_secret="lost"))
        db.session.commit()
    done = connect(
        with_keys(config, NEW_KEY, config["CONNECT_ENCRYPTION_KEYS"]), "rotate-keys"
    )
    assert done.exit_code == 0
    with app.app_context():
        row = db.session.scalars(select(TenantRecord)).one()
        assert row.previous_secret is None
        secret = Fernet(NEW_KEY).decrypt(row.shared_secret).decode()
    assert secret == signing.OTHER_SECRET
