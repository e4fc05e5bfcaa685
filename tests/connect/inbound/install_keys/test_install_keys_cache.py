"""The cache of install keys."""

from types import SimpleNamespace
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound import install_keys
from app.connect.inbound.install_keys import InstallKeys
from app.connect.inbound.state import get_inbound
from tests import signing
from tests.connect.inbound.install_keys.key_servers import (
    FIRST,
    GONE,
    GOOD,
    KEY_ID,
    NO_SUCH_KEY,
    OUTAGES,
    SECOND,
    answer,
    asked,
)
from tests.signing import KEY_SERVER, SECOND_KEY_SERVER

DAY = 24 * 60 * 60


DOWN = {"status": 503}


def test_a_key_is_remembered_for_a_day(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    answer(world, GOOD, None)
    assert keys.get(KEY_ID) == keys.get(KEY_ID)
    clock.now += DAY - 1
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    assert asked(world) == [FIRST]
    clock.now += 1
    answer(world, {"body": signing.pem(signing.OTHER_KEY)}, None)
    assert keys.get(KEY_ID) == signing.OTHER_KEY.public_key()
    assert asked(world) == [FIRST]


def test_each_key_id_has_a_key_of_its_own(
    keys: InstallKeys, world: responses.RequestsMock
) -> None:
    answer(world, GOOD, None)
    world.get(f"{KEY_SERVER}/other", body=signing.pem(signing.OTHER_KEY))
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    assert keys.get("other") == signing.OTHER_KEY.public_key()
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_key_is_served_stale_while_every_server_is_down(
    keys: InstallKeys,
    world: responses.RequestsMock,
    clock: SimpleNamespace,
    outage: dict[str, Any],
) -> None:
    answer(world, GOOD, None)
    keys.get(KEY_ID)
    clock.now += 30 * DAY
    answer(world, outage, outage)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    assert asked(world) == [FIRST, SECOND]
    answer(world, {"body": signing.pem(signing.OTHER_KEY)}, None)
    assert keys.get(KEY_ID) == signing.OTHER_KEY.public_key()


@pytest.mark.parametrize("second", [DOWN, {"body": b"junk"}], ids=["down", "junk"])
def test_one_missing_answer_does_not_drop_a_cached_key(
    keys: InstallKeys,
    world: responses.RequestsMock,
    clock: SimpleNamespace,
    second: dict[str, Any],
) -> None:
    answer(world, GOOD, None)
    keys.get(KEY_ID)
    clock.now += DAY
    answer(world, GONE, second)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


def test_a_key_that_every_server_withdrew_is_dropped(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    answer(world, GOOD, None)
    keys.get(KEY_ID)
    clock.now += DAY
    answer(world, GONE, GONE)
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    clock.now += 60
    answer(world, DOWN, DOWN)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)


@pytest.mark.parametrize("no", NO_SUCH_KEY)
def test_an_unknown_key_id_is_cached_for_a_minute(
    keys: InstallKeys,
    world: responses.RequestsMock,
    clock: SimpleNamespace,
    no: dict[str, Any],
) -> None:
    answer(world, no, no)
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            keys.get(KEY_ID)
    assert asked(world) == [FIRST, SECOND]
    answer(world, GOOD, None)
    clock.now += 59
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert asked(world) == []
    clock.now += 1
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("order", ["down-first", "down-second", "both-down"])
def test_an_outage_is_not_remembered(
    keys: InstallKeys,
    world: responses.RequestsMock,
    outage: dict[str, Any],
    order: str,
) -> None:
    first = GONE if order == "down-second" else outage
    second = GONE if order == "down-first" else outage
    answer(world, first, second)
    for _ in range(2):
        with pytest.raises(InstallKeysUnavailableError):
            keys.get(KEY_ID)
        assert asked(world) == [FIRST, SECOND]
    answer(world, GOOD, None)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


def test_unknown_key_ids_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, world: responses.RequestsMock
) -> None:
    keys = InstallKeys([KEY_SERVER])
    monkeypatch.setattr(install_keys, "_MAX_UNKNOWN", 3)
    for number in range(5):
        world.get(f"{KEY_SERVER}/k{number}", status=404)
        with pytest.raises(InvalidTokenError):
            keys.get(f"k{number}")
    asked(world)
    for number in (2, 3, 4):
        with pytest.raises(InvalidTokenError):
            keys.get(f"k{number}")
    assert asked(world) == []
    with pytest.raises(InvalidTokenError):
        keys.get("k0")
    assert asked(world) == [f"{KEY_SERVER}/k0"]


def test_the_log_names_server_and_key_id(
    keys: InstallKeys,
    world: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer(world, {"body": b"private"}, DOWN)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)
    assert f"{KEY_SERVER} did not answer with an RSA" in caplog.text
    assert f"{SECOND_KEY_SERVER} could not be asked: kid={KEY_ID}" in caplog.text
    assert "private" not in caplog.text


def test_each_app_has_keys_of_its_own_servers(app: Flask, app_context: None) -> None:
    assert get_inbound() is app.extensions["connect.inbound"]
    assert isinstance(get_inbound().install_keys, InstallKeys)
