"""The stored state: what is kept, and for how long."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.state import State, StateError
from tests.fake_app import APP_KEY, serve_app


def test_an_installation_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "new" / "state.sqlite3"
    with LocalConfluence(state=file) as first, serve_app(first) as app:
        url = f"{first.origin}/devhost/api/install"
        requests.post(url, json={"descriptorUrl": app.descriptor_url}, timeout=30)
        before = first.site.get(Installations).find(APP_KEY)
        key, pem = first.site.key_id, first.site.public_key_pem
    with LocalConfluence(state=file) as second:
        assert second.site.get(Installations).find(APP_KEY) == before is not None
        assert (second.site.key_id, second.site.public_key_pem) == (key, pem)


def test_a_transaction_is_all_or_nothing() -> None:
    state = State()
    with pytest.raises(ZeroDivisionError), state.transaction():
        state.set_setting("a", "1")
        raise ZeroDivisionError
    assert state.find_setting("a") is None
    state.close()


def test_a_file_that_is_not_a_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text("something else " * 100)
    with pytest.raises(StateError, match="not an SQLite file.*--state"):
        State(file)
    with pytest.raises(StateError, match="--state"):
        State(tmp_path)


def test_a_file_that_is_refused_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    file = tmp_path / "state"
    State(file, "jira").close()
    monkeypatch.setattr(sqlite3, "connect", remember)
    with pytest.raises(StateError):
        State(file)
    # One to look at it, one to use it.
    assert len(opened) == 2
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StateError, match="version 99"):
        State(file)


def test_a_representation_shows_no_secret(tmp_path: Path) -> None:
    with LocalConfluence() as confluence, serve_app(confluence) as app:
        url = f"{confluence.origin}/devhost/api/install"
        requests.post(url, json={"descriptorUrl": app.descriptor_url}, timeout=30)
        assert app.secret not in repr(confluence.site.get(Installations).all())


def test_a_port_in_use_leaves_nothing_open(confluence: LocalConfluence) -> None:
    with pytest.raises(OSError, match="in use"):
        LocalConfluence(port=confluence.port)


def test_a_host_that_was_never_started_can_be_stopped() -> None:
    LocalConfluence().stop()
