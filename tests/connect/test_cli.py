"""``flask connect``: what an operator sees and does, and never a secret."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.connect import find_tenant, tenant_purged
from app.connect.tenants.models import TenantEvent, TenantRecord, utc_now
from app.connect.tenants.schemas import Installation
from app.connect.tenants.state import get_state
from app.extensions import db
from tests import signing

NEW_KEY = Fernet.generate_key().decode()
SECRETS = (signing.SECRET, signing.OTHER_SECRET)


@pytest.fixture
def app(config: dict[str, Any]) -> Iterator[Flask]:
    """The app with migrated, empty tables."""
    app = create_app(config)
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 0, done.output
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def key_servers(network: responses.RequestsMock) -> responses.RequestsMock:
    """Both key servers, answering that there is nothing at their root."""
    network.head(signing.KEY_SERVER, status=404)
    network.head(signing.SECOND_KEY_SERVER, status=403)
    return network


def connect(app: Flask, *arguments: str) -> Result:
    """Run a command, and look for secrets in what it says."""
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


def disable(app: Flask, client_key: str) -> None:
    with app.app_context():
        issued_at = utc_now().timestamp()
        get_state().tenants.set_enabled(client_key, enabled=False, issued_at=issued_at)


def with_keys(config: dict[str, Any], *keys: str) -> Flask:
    """Return an app on the same database with other encryption keys."""
    return create_app(config | {"CONNECT_ENCRYPTION_KEYS": ",".join(keys)})


def test_the_commands_are_explained(app: Flask) -> None:
    done = connect(app, "--help")
    assert done.exit_code == 0
    for command in ("doctor", "tenants", "purge", "rotate-keys"):
        assert f"\n  {command} " in done.output


# tenants


@pytest.fixture
def three_tenants(app: Flask) -> None:
    """One tenant in each state."""
    for client_key in ("one", "two", "three"):
        install(app, client_key)
    disable(app, "two")
    uninstall(app, "three", days_ago=1)


@pytest.mark.usefixtures("three_tenants")
def test_tenants_are_listed_in_the_order_they_came(app: Flask) -> None:
    done = connect(app, "tenants")
    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()] == [
        ["enabled", "confluence", "https://one.atlassian.net/wiki", "one"],
        ["disabled", "confluence", "https://two.atlassian.net/wiki", "two"],
        ["uninstalled", "confluence", "https://three.atlassian.net/wiki", "three"],
    ]


@pytest.mark.usefixtures("three_tenants")
@pytest.mark.parametrize(
    ("state", "client_key"),
    [("enabled", "one"), ("disabled", "two"), ("uninstalled", "three")],
)
def test_tenants_are_listed_by_state(app: Flask, state: str, client_key: str) -> None:
    done = connect(app, "tenants", "--state", state)
    assert done.exit_code == 0
    assert [line.split()[-1] for line in done.output.splitlines()] == [client_key]


@pytest.mark.usefixtures("three_tenants")
def test_tenants_are_listed_as_json(app: Flask) -> None:
    done = connect(app, "tenants", "--json")
    assert done.exit_code == 0
    listed = [json.loads(line) for line in done.output.splitlines()]
    assert [tenant["client_key"] for tenant in listed] == ["one", "two", "three"]
    assert [tenant["state"] for tenant in listed] == [
        "enabled",
        "disabled",
        "uninstalled",
    ]
    assert listed[0]["base_url"] == "https://one.atlassian.net/wiki"
    assert listed[0]["uninstalled_at"] is None
    assert listed[2]["uninstalled_at"].endswith("+00:00")
    assert not any("secret" in name for name in listed[0])


def test_no_tenants_are_no_lines(app: Flask) -> None:
    done = connect(app, "tenants")
    assert (done.exit_code, done.output) == (0, "")


def test_another_state_is_refused(app: Flask) -> None:
    done = connect(app, "tenants", "--state", "purged")
    assert done.exit_code == 2
    assert "'enabled', 'disabled', 'uninstalled'" in done.output


# purge


@pytest.fixture
def leaving(app: Flask) -> Iterator[list[str]]:
    """Tenants long gone, lately gone, back again and never gone; who was purged."""
    for client_key in ("long-gone", "longer-gone", "lately-gone", "back", "here"):
        install(app, client_key)
    uninstall(app, "long-gone", days_ago=60.01)
    uninstall(app, "longer-gone", days_ago=1_000)
    uninstall(app, "lately-gone", days_ago=59.99)
    uninstall(app, "back", days_ago=1_000)
    install(app, "back", signing.OTHER_SECRET)
    purged: list[str] = []

    def note(sender: Flask, client_key: str) -> None:
        assert sender is app
        purged.append(client_key)

    with tenant_purged.connected_to(note):
        yield purged


def kept(app: Flask) -> list[str]:
    with app.app_context():
        return [tenant.client_key for tenant in get_state().tenants.iterate()]


def test_tenants_long_gone_are_purged(app: Flask, leaving: list[str]) -> None:
    done = connect(app, "purge")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == ["long-gone", "longer-gone"]
    assert done.stderr == "2 purged, uninstalled over 60 days ago\n"
    assert kept(app) == ["lately-gone", "back", "here"]
    assert sorted(leaving) == ["long-gone", "longer-gone"]
    with app.app_context():
        assert find_tenant("long-gone") is None
        events = db.session.execute(
            select(TenantEvent.event).where(TenantEvent.client_key == "long-gone")
        )
        assert events.scalars().all() == ["installed", "uninstalled", "purged"]

    again = connect(app, "purge")
    assert again.stdout == ""
    assert again.stderr == "0 purged, uninstalled over 60 days ago\n"


def test_a_dry_run_purges_nothing(app: Flask, leaving: list[str]) -> None:
    before = kept(app)
    done = connect(app, "purge", "--dry-run")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == ["long-gone", "longer-gone"]
    assert done.stderr == "2 would be purged, uninstalled over 60 days ago\n"
    assert kept(app) == before
    assert leaving == []
    with app.app_context():
        events = db.session.execute(select(TenantEvent.event)).scalars()
        assert "purged" not in events


@pytest.mark.parametrize(
    ("days", "purged"),
    [
        ("0", ["lately-gone", "long-gone", "longer-gone"]),
        ("61", ["longer-gone"]),
        ("36500", []),
    ],
)
@pytest.mark.usefixtures("leaving")
def test_the_retention_time_is_a_setting(
    config: dict[str, Any], days: str, purged: list[str]
) -> None:
    app = create_app(config | {"CONNECT_TENANT_RETENTION_DAYS": days})
    done = connect(app, "purge")
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == purged


def test_a_subscriber_that_fails_keeps_nothing_from_being_purged(
    app: Flask, leaving: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(sender: Flask, client_key: str) -> None:
        raise RuntimeError("subscriber")

    with tenant_purged.connected_to(fail):
        assert connect(app, "purge").exit_code == 0
    assert len(leaving) == 2
    assert "a subscriber of tenant-purged failed" in caplog.text


# rotate-keys


@pytest.fixture
def many_tenants(app: Flask) -> int:
    """More tenants than a batch holds, two with a previous secret."""
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
    summary = f"{many_tenants} tenants encrypted; the older keys may now be removed"
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


def test_a_rotation_without_a_key_that_fits_says_which_setting_to_mend(
    config: dict[str, Any], app: Flask
) -> None:
    install(app, "one")
    before = stored_secrets(app)
    done = connect(with_keys(config, NEW_KEY), "rotate-keys")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: CONNECT_ENCRYPTION_KEYS decrypts no such secret: add the key that it "
        "was encrypted with to the end of the list. 0 tenants are done"
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
    assert f"{many_tenants + 1} tenants encrypted" in done.stderr
    for secret in stored_secrets(app):
        assert Fernet(NEW_KEY).decrypt(secret)


def test_nothing_to_rotate_is_no_failure(app: Flask) -> None:
    done = connect(app, "rotate-keys")
    assert done.exit_code == 0
    assert "0 tenants encrypted" in done.stderr


# doctor


def findings(done: Result) -> dict[str, str]:
    """Return what the doctor says of each check, with its mark."""
    lines = [line for line in done.stdout.splitlines() if line]
    return {
        line[6:].partition(": ")[0]: line[:6] + line[6:].partition(": ")[2]
        for line in lines
    }


FIRST, SECOND = (
    f"key server {server}" for server in (signing.KEY_SERVER, signing.SECOND_KEY_SERVER)
)


@pytest.mark.usefixtures("key_servers")
def test_a_well_app_passes_every_check(app: Flask) -> None:
    install(app, "one")
    install(app, "two")
    done = connect(app, "doctor")
    assert findings(done) == {
        "settings": f"ok    app {signing.APP_KEY} at {signing.BASE_URL}",
        "database": "ok    sqlite at revision 0001",
        "secrets": "ok    those of 2 tenants can be decrypted",
        "descriptor": "ok    well-formed, and each module is served under its policy",
        FIRST: "ok    answers (404)",
        SECOND: "ok    answers (403)",
    }
    assert done.stderr == ""
    assert done.exit_code == 0


def failing(done: Result) -> dict[str, str]:
    """Return the findings of the one check that failed."""
    failed = {
        name: finding.removeprefix("FAIL  ")
        for name, finding in findings(done).items()
        if finding.startswith("FAIL  ")
    }
    assert len(findings(done)) == 6
    assert done.exit_code == 1
    assert done.stderr == f"Error: {len(failed)} of the checks above failed\n"
    return failed


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_missing_migration(config: dict[str, Any]) -> None:
    app = create_app(config)
    with app.app_context():
        db.create_all()
    done = connect(app, "doctor")
    assert failing(done) == {
        "database": "at revision None, not 0001: run flask db upgrade"
    }


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_missing_tables(config: dict[str, Any]) -> None:
    done = connect(create_app(config), "doctor")
    assert failing(done) == {
        "database": "at revision None, not 0001: run flask db upgrade",
        "secrets": "OperationalError: see DATABASE_URL",
    }


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_missing_database(
    config: dict[str, Any], tmp_path: Any
) -> None:
    nowhere = f"sqlite:///{tmp_path / 'canary' / 'app.sqlite3'}"
    app = create_app(config | {"DATABASE_URL": nowhere})
    done = app.test_cli_runner().invoke(args=["connect", "doctor"])
    assert failing(done) == {
        "database": "OperationalError: see DATABASE_URL",
        "secrets": "OperationalError: see DATABASE_URL",
    }
    assert "canary" not in done.output


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_missing_encryption_key(
    config: dict[str, Any], app: Flask
) -> None:
    install(app, "one")
    assert failing(connect(with_keys(config, NEW_KEY), "doctor")) == {
        "secrets": "CONNECT_ENCRYPTION_KEYS decrypts no such secret: "
        "add the key that it was encrypted with to the end of the list"
    }


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_route_without_a_policy(app: Flask) -> None:
    app.add_url_rule("/open", "open", lambda: "")
    app.extensions["connect-descriptor"]["modules"]["generalPages"][0]["url"] = "/no"
    finding = failing(connect(app, "doctor"))["descriptor"]
    assert "the route /open declares no policy" in finding
    assert "$.modules.generalPages[0].url is not served by the app" in finding


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (requests.ConnectionError("canary"), "ConnectionError"),
        (requests.ConnectTimeout("canary"), "ConnectTimeout"),
        (requests.exceptions.SSLError("canary"), "SSLError"),
    ],
)
def test_the_doctor_finds_a_key_server_that_can_t_be_asked(
    app: Flask,
    network: responses.RequestsMock,
    error: requests.RequestException,
    finding: str,
) -> None:
    network.head(signing.KEY_SERVER, body=error)
    network.head(signing.SECOND_KEY_SERVER, status=403)
    done = connect(app, "doctor")
    assert failing(done) == {FIRST: f"{finding}: installs are answered 503"}
    assert "canary" not in done.output


def test_the_doctor_finds_a_key_server_that_is_out_of_order(
    app: Flask, network: responses.RequestsMock
) -> None:
    network.head(signing.KEY_SERVER, status=503)
    network.head(signing.SECOND_KEY_SERVER, status=404)
    done = connect(app, "doctor")
    assert failing(done) == {FIRST: "answers 503: installs are answered 503"}


def test_a_previous_secret_that_is_lost_stops_no_rotation(
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
