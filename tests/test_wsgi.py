"""Start-up through wsgi.py, as gunicorn and flask do it."""

import os
import runpy
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.config import ROOT, SETTINGS, load

PROGRAM = "import wsgi; print(wsgi.app.name, wsgi.celery.main)"

pytestmark = pytest.mark.processes


def settings_of(tmp_path: Path) -> dict[str, str]:
    """Return the settings with which the app starts."""
    return {
        "SECRET_KEY": secrets.token_hex(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
    }


def flask_without_settings(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line without a single setting."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(SETTINGS, ""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Import wsgi.py in its own process, with only these settings."""
    # An empty value hides the one in a developer's .env.
    hidden = dict.fromkeys(SETTINGS, "")
    environment = os.environ | hidden | settings_of(tmp_path) | changes
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            PROGRAM,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_app_starts(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "app app\n", "")


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        pytest.param("SECRET_KEY", "", "SECRET_KEY is not set", id="missing"),
        pytest.param(
            "CONNECT_ENCRYPTION_KEYS",
            "canary",
            "CONNECT_ENCRYPTION_KEYS contains something that is not a Fernet key",
            id="malformed",
        ),
        pytest.param(
            "DATABASE_URL",
            "postgresql://user:canary@localhost:port/db",
            "DATABASE_URL is malformed",
            id="database",
        ),
        pytest.param(
            "CELERY_BROKER_URL",
            "redis://user:canary@localhost:port/0",
            "CELERY_BROKER_URL is malformed",
            id="broker",
        ),
        pytest.param(
            "CONNECT_APP_KEY",
            "no key",
            "atlassian-connect.json: $.key",
            id="descriptor",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str
) -> None:
    for setting, given in (settings_of(tmp_path) | {name: value}).items():
        monkeypatch.setenv(setting, given)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "wsgi.py"))
    said = str(stopped.value)
    assert said.startswith(f"The app can't start. {named}")
    assert "\n" not in said
    assert "canary" not in said


def test_the_line_is_all_that_is_printed(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The app can't start. SECRET_KEY is not set")
    assert done.stderr.count("\n") == 1


def test_new_secrets_are_made_without_any() -> None:
    done = flask_without_settings("connect", "new-secrets")
    assert (done.returncode, done.stderr) == (0, "")
    made = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert set(made) == {"SECRET_KEY", "CONNECT_ENCRYPTION_KEYS"}
    base_url = {"CONNECT_BASE_URL": "https://app.example.com"}
    assert load(made | base_url)["SECRET_KEY"] == made["SECRET_KEY"]
    again = flask_without_settings("connect", "new-secrets").stdout
    assert not {*again.splitlines()} & {*done.stdout.splitlines()}


def test_no_other_command_runs_without_settings() -> None:
    done = flask_without_settings("connect", "tenants")
    assert done.returncode == 1
    assert done.stderr.startswith("The app can't start. SECRET_KEY is not set")
    assert "`flask --app wsgi connect new-secrets` makes one" in done.stderr


def test_the_start_names_settings_that_look_wrong(tmp_path: Path) -> None:
    done = start(tmp_path, CONNECT_ALLOWED_HOSTS="localhost", CONNECT_CLOCK_LEWAY="1")
    assert done.returncode == 0
    assert [
        line.partition(" WARNING app - - ")[2] for line in done.stderr.split("\n")
    ] == [
        "CONNECT_CLOCK_LEWAY is not a setting: did you mean CONNECT_CLOCK_LEEWAY?",
        "CONNECT_ALLOWED_HOSTS is localhost, but CONNECT_BASE_URL is public: "
        "a site on that machine can install the app",
        "",
    ]
