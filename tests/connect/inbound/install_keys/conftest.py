"""Fake key servers, and a fake clock."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import responses

from app.connect.http import bounded_session
from app.connect.inbound import install_keys
from app.connect.inbound.install_keys import InstallKeys
from tests.signing import KEY_SERVER, SECOND_KEY_SERVER


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A fake clock that tests move by hand."""
    clock = SimpleNamespace(now=5000.0)
    standing = SimpleNamespace(monotonic=lambda: clock.now)
    for module in (install_keys, bounded_session):
        monkeypatch.setattr(module, "time", standing)
    return clock


@pytest.fixture
def world() -> Iterator[responses.RequestsMock]:
    """Servers whose answers need not all be used."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def keys() -> InstallKeys:
    return InstallKeys([KEY_SERVER, SECOND_KEY_SERVER])
