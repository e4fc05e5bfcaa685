"""The log of each kind of process, as ``wsgi.py`` starts it."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.config import ROOT, SETTINGS

TALK = """
import logging, wsgi
logging.getLogger("app.pages").info("from the pages")
logging.getLogger("app.pages").debug("in detail")
wsgi.app.logger.info("from the app")
print(len(logging.getLogger().handlers), wsgi.app.logger.handlers)
"""
# A worker that says what the author's logger and Celery's own show.
WORKER = """
import logging, sys, wsgi
wsgi.celery.log.setup(int(sys.argv[1]), sys.argv[2] or None, True, "WARNING")
logging.getLogger("app.pages").info("from the pages")
logging.getLogger("celery.app.trace").info("succeeded")
logging.getLogger("celery.pool").debug("a whole message")
logging.getLogger("celery.app.trace").warning("odd")
print("still printed")
"""

pytestmark = pytest.mark.processes


def run(tmp_path: Path, *arguments: str, **changes: str) -> tuple[str, list[str]]:
    """Run Python; return what it printed, and its log without the times."""
    environment = dict.fromkeys(SETTINGS, "") | {
        "SECRET_KEY": secrets.token_hex(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.sqlite3'}",
        **changes,
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout, [
        line if line.startswith("{") else line.partition(" ")[2]
        for line in done.stderr.splitlines()
    ]


def test_the_author_s_loggers_are_heard(tmp_path: Path) -> None:
    printed, log = run(tmp_path, "-c", TALK)
    assert log == [
        "INFO app.pages - - from the pages",
        "INFO app - - from the app",
    ]
    assert printed == "1 []\n"


def test_the_level_is_a_setting(tmp_path: Path) -> None:
    _, log = run(tmp_path, "-c", TALK, LOG_LEVEL="DEBUG")
    assert "DEBUG app.pages - - in detail" in log
    _, log = run(tmp_path, "-c", TALK, LOG_LEVEL="WARNING")
    assert log == []


def test_the_format_is_a_setting(tmp_path: Path) -> None:
    _, log = run(tmp_path, "-c", TALK, LOG_FORMAT="json")
    said = [json.loads(line) for line in log]
    assert [line["message"] for line in said] == ["from the pages", "from the app"]


def test_an_author_s_own_root_handler_stays_alone(tmp_path: Path) -> None:
    own = "import logging; logging.basicConfig(format='x %(message)s', level='ERROR')"
    printed, log = run(tmp_path, "-c", f"{own}\n{TALK}")
    assert log == []
    assert printed == "1 []\n"
    celery = "from celery import signals; print(signals.setup_logging.receivers)"
    printed, _ = run(tmp_path, "-c", f"{own}\nimport wsgi\n{celery}")
    assert printed == "[]\n"


def test_the_command_line_logs_to_standard_error(tmp_path: Path) -> None:
    upgrade = ["-m", "flask", "--app", "wsgi", "db", "upgrade"]
    assert run(tmp_path, *upgrade) == ("", [])
    tenants = ["-m", "flask", "--app", "wsgi", "connect", "tenants"]
    assert run(tmp_path, *tenants) == ("", [])


def test_celery_logs_in_the_same_way(tmp_path: Path) -> None:
    printed, log = run(tmp_path, "-c", WORKER, "30", "")
    assert log == [
        "INFO app.pages - - from the pages",
        "WARNING celery.app.trace - - odd",
    ]
    assert printed == "still printed\n"
    _, log = run(tmp_path, "-c", WORKER, "20", "")
    assert "INFO celery.app.trace - - succeeded" in log
    _, log = run(tmp_path, "-c", WORKER, "10", "", LOG_LEVEL="DEBUG")
    assert "whole message" not in "".join(log)


def test_celery_can_log_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "worker.log"
    _, log = run(tmp_path, "-c", WORKER, "30", str(file))
    assert log == []
    assert "INFO app.pages - - from the pages\n" in file.read_text()
