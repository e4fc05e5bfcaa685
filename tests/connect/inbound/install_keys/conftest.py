"""Fake key servers, a fake clock, and a table of known keys without a database."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.connect.http import bounded_session
from app.connect.inbound import fetch_slots, install_keys, key_servers
from app.connect.inbound.install_keys import InstallKeys
from app.connect.inbound.key_servers import KeyServers
from tests.signing import KEY_SERVER, SECOND_KEY_SERVER


class Known:
    """A table of known keys; ``rows`` has each key with its age in seconds."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[RSAPublicKey, float]] = {}
        self.looked_up: list[str] = []

    def find(self, key_id: str) -> tuple[RSAPublicKey, float] | None:
        self.looked_up.append(key_id)
        return self.rows.get(key_id)

    def keep(self, key_id: str, key: RSAPublicKey) -> None:
        self.rows[key_id] = (key, 0.0)

    def drop(self, key_id: str) -> None:
        self.rows.pop(key_id, None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A fake clock that tests move by hand."""
    # Close to the real one, which what was made before has already looked at.
    clock = SimpleNamespace(now=float(int(time.monotonic())))

    def sleep(seconds: float) -> None:
        clock.now += seconds

    standing = SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep)
    for module in (install_keys, key_servers, fetch_slots, bounded_session):
        monkeypatch.setattr(module, "time", standing)
    return clock


@pytest.fixture
def world() -> Iterator[responses.RequestsMock]:
    """Servers whose answers need not all be used."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def servers() -> KeyServers:
    return KeyServers([KEY_SERVER, SECOND_KEY_SERVER])


@pytest.fixture
def keys(servers: KeyServers, known: Any) -> InstallKeys:
    return InstallKeys(servers, known)
