"""The checks of ``flask connect doctor``."""

from typing import Any

import pytest
import requests
import responses
from click.testing import Result
from flask import Flask
from sqlalchemy import make_url

from app.extensions import db
from tests import signing
from tests.connect.cli.commands import HEAD, NEW_KEY, connect, install, with_keys
from tests.example import create_app


@pytest.fixture
def key_servers(network: responses.RequestsMock) -> responses.RequestsMock:
    """Both key servers, which answer 404 at their root."""
    network.head(signing.KEY_SERVER, status=404)
    network.head(signing.SECOND_KEY_SERVER, status=403)
    return network


def findings(done: Result) -> dict[str, str]:
    """Return the doctor's line for each check, with its mark."""
    lines = [line for line in done.stdout.splitlines() if line]
    return {
        line[6:].partition(": ")[0]: line[:6] + line[6:].partition(": ")[2]
        for line in lines
    }


FIRST, SECOND = (
    f"key server {server}" for server in (signing.KEY_SERVER, signing.SECOND_KEY_SERVER)
)


@pytest.mark.usefixtures("key_servers")
def test_a_healthy_app_passes_every_check(app: Flask, config: dict[str, Any]) -> None:
    install(app, "one")
    install(app, "two")
    done = connect(app, "doctor")
    backend = make_url(config["DATABASE_URL"]).get_backend_name()
    assert findings(done) == {
        "settings": f"ok    app {signing.APP_KEY} at {signing.BASE_URL}",
        "database": f"ok    {backend} at revision {HEAD}",
        "secrets": "ok    the secrets of 2 tenants can be decrypted",
        "descriptor": "ok    well-formed, and each module is served under its policy",
        "broker": "ok    memory accepts tasks",
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
    assert len(findings(done)) == 7
    assert done.exit_code == 1
    assert done.stderr == f"Error: {len(failed)} of the checks above failed\n"
    return failed


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_settings_that_look_wrong(
    config: dict[str, Any], app: Flask
) -> None:
    changes = {"CONNECT_RECORD_CALLS": "yes", "CONNECT_CLOCK_LEWAY": "60"}
    done = connect(create_app(config | changes), "doctor")
    assert failing(done) == {
        "settings": "CONNECT_CLOCK_LEWAY is not a setting: "
        "did you mean CONNECT_CLOCK_LEEWAY?; "
        "CONNECT_RECORD_CALLS is for development, but CONNECT_BASE_URL is public"
    }


@pytest.mark.usefixtures("key_servers", "without_tables")
def test_the_doctor_finds_a_missing_migration(config: dict[str, Any]) -> None:
    app = create_app(config)
    with app.app_context():
        db.create_all()
    done = connect(app, "doctor")
    assert failing(done) == {
        "database": f"at revision None, not {HEAD}: run flask db upgrade"
    }


@pytest.mark.usefixtures("key_servers", "without_tables")
def test_the_doctor_finds_missing_tables(config: dict[str, Any]) -> None:
    found = failing(connect(create_app(config), "doctor"))
    assert (
        found.pop("database") == f"at revision None, not {HEAD}: run flask db upgrade"
    )
    # OperationalError on SQLite, ProgrammingError on PostgreSQL.
    assert list(found) == ["secrets"]
    assert found["secrets"].endswith("Error: see DATABASE_URL")


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
        "secrets": "no key in CONNECT_ENCRYPTION_KEYS decrypts a secret: "
        "add the key that it was encrypted with to the end of the list"
    }


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_route_without_a_policy(app: Flask) -> None:
    app.add_url_rule("/open", "open", lambda: "")
    app.extensions["connect.descriptor"]["modules"]["generalPages"][0]["url"] = "/no"
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


@pytest.mark.usefixtures("key_servers")
def test_the_doctor_finds_a_broker_that_is_down(
    config: dict[str, Any], app: Flask
) -> None:
    config["CELERY_BROKER_URL"] = "sqla+sqlite:////canary/broker.sqlite3"
    done = connect(create_app(config), "doctor")
    assert failing(done) == {
        "broker": "the broker did not accept the task: OperationalError; "
        "see CELERY_BROKER_URL"
    }
    assert "canary" not in done.output
