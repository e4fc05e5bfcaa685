"""Install keys: what is remembered, where, and for how long."""

from types import SimpleNamespace
from typing import Any

import pytest
import responses
from flask import Flask

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound import install_keys
from app.connect.inbound.install_keys import InstallKeys
from app.connect.inbound.known_keys import MAX_KNOWN
from app.connect.inbound.state import get_inbound
from tests import signing
from tests.connect.inbound.install_keys.key_servers import (
    DOWN,
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
KEY = signing.INSTALL_KEY.public_key()
OTHER_KEY = signing.OTHER_KEY.public_key()
OTHER = {"body": signing.pem(signing.OTHER_KEY)}


def test_a_key_that_verified_an_install_needs_no_server_any_more(
    keys: InstallKeys, world: responses.RequestsMock, known: Any, clock: SimpleNamespace
) -> None:
    answer(world, GOOD, GONE)
    keys.confirm(KEY_ID, keys.get(KEY_ID))
    keys.confirm(KEY_ID, KEY)
    assert known.rows == {KEY_ID: (KEY, 0.0)}
    asked(world)
    clock.now += DAY - 1
    assert keys.get(KEY_ID) == KEY
    assert asked(world) == []


def test_a_key_that_verified_nothing_is_kept_for_a_minute_only(
    keys: InstallKeys, world: responses.RequestsMock, known: Any, clock: SimpleNamespace
) -> None:
    answer(world, GOOD, GONE)
    assert keys.get(KEY_ID) == KEY
    clock.now += 59
    asked(world)
    assert keys.get(KEY_ID) == KEY
    assert asked(world) == []
    clock.now += 1
    assert keys.get(KEY_ID) == KEY
    assert asked(world) == [FIRST, SECOND]
    assert known.rows == {}


def test_each_key_id_has_a_key_of_its_own(
    keys: InstallKeys, world: responses.RequestsMock
) -> None:
    answer(world, GOOD, GONE)
    for server in (KEY_SERVER, SECOND_KEY_SERVER):
        world.get(f"{server}/other", **OTHER)
    assert keys.get(KEY_ID) == KEY
    assert keys.get("other") == OTHER_KEY
    assert keys.get(KEY_ID) == KEY


def test_a_key_that_another_process_has_stored_needs_no_fetch(
    keys: InstallKeys, world: responses.RequestsMock, known: Any
) -> None:
    known.rows[KEY_ID] = (KEY, 1.0)
    for _ in range(2):
        assert keys.get(KEY_ID) == KEY
    assert known.looked_up == [KEY_ID]
    assert asked(world) == []


@pytest.mark.parametrize("stored", [False, True], ids=["in-memory", "in-the-database"])
@pytest.mark.parametrize("outage", [*OUTAGES, pytest.param(OTHER, id="another-key")])
def test_an_old_key_is_served_while_it_is_fetched_again(
    keys: InstallKeys,
    world: responses.RequestsMock,
    known: Any,
    clock: SimpleNamespace,
    outage: dict[str, Any],
    stored: bool,
) -> None:
    if stored:
        known.rows[KEY_ID] = (KEY, float(DAY))
    else:
        keys.confirm(KEY_ID, KEY)
        clock.now += DAY
    answer(world, outage, outage)
    assert keys.get(KEY_ID) == KEY
    assert asked(world) == [FIRST, SECOND]
    # Not again within a minute.
    clock.now += 59
    expected = OTHER_KEY if outage is OTHER else KEY
    assert keys.get(KEY_ID) == expected
    assert asked(world) == []
    assert known.rows[KEY_ID][0] == expected
    answer(world, OTHER, GONE)
    clock.now += 1
    keys.get(KEY_ID)
    assert keys.get(KEY_ID) == OTHER_KEY
    assert known.rows[KEY_ID] == (OTHER_KEY, 0.0)


@pytest.mark.parametrize(
    "second",
    [DOWN, {"body": b"junk"}, {"status": 403}, {"status": 400}],
    ids=["down", "junk", "403", "400"],
)
def test_one_missing_answer_does_not_drop_a_good_key(
    keys: InstallKeys,
    world: responses.RequestsMock,
    known: Any,
    clock: SimpleNamespace,
    second: dict[str, Any],
) -> None:
    keys.confirm(KEY_ID, KEY)
    clock.now += DAY
    answer(world, GONE, second)
    for _ in range(2):
        assert keys.get(KEY_ID) == KEY
    assert KEY_ID in known.rows


def test_a_key_that_every_server_withdrew_is_dropped(
    keys: InstallKeys, world: responses.RequestsMock, known: Any, clock: SimpleNamespace
) -> None:
    keys.confirm(KEY_ID, KEY)
    clock.now += DAY
    answer(world, GONE, GONE)
    assert keys.get(KEY_ID) == KEY
    asked(world)
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert asked(world) == []
    assert known.rows == {}
    clock.now += 60
    answer(world, DOWN, DOWN)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)


@pytest.mark.usefixtures("clock")
def test_a_key_that_was_withdrawn_while_it_was_used_is_not_good_again(
    keys: InstallKeys, world: responses.RequestsMock, known: Any
) -> None:
    known.rows[KEY_ID] = (KEY, DAY)
    answer(world, GONE, GONE)
    key = keys.find(KEY_ID)
    assert not known.rows
    assert key is not None
    keys.confirm(KEY_ID, key)
    assert known.rows == {}
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)


def test_a_fetch_that_fails_by_our_fault_drops_no_good_key(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    keys.confirm(KEY_ID, KEY)
    clock.now += DAY
    answer(world, {"body": MemoryError()}, GONE)
    with pytest.raises(MemoryError):
        # In this test the background is here.
        keys.get(KEY_ID)
    assert keys.get(KEY_ID) == KEY


def test_two_threads_refresh_a_key_once(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    keys.confirm(KEY_ID, KEY)
    clock.now += DAY
    answer(world, GOOD, GONE)
    for _ in range(2):
        keys._refresh(KEY_ID, KEY, clock.now)
    assert asked(world) == [FIRST, SECOND]


@pytest.mark.parametrize("no", NO_SUCH_KEY)
def test_an_unknown_key_id_is_remembered_for_a_minute(
    keys: InstallKeys,
    world: responses.RequestsMock,
    known: Any,
    clock: SimpleNamespace,
    no: dict[str, Any],
) -> None:
    answer(world, no, no)
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            keys.get(KEY_ID)
    assert asked(world) == [FIRST, SECOND]
    assert known.looked_up == [KEY_ID]
    answer(world, GOOD, None)
    clock.now += 59
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert asked(world) == []
    clock.now += 1
    assert keys.get(KEY_ID) == KEY


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
    assert keys.get(KEY_ID) == KEY


def test_a_key_at_hand_is_found_without_a_server(
    keys: InstallKeys, world: responses.RequestsMock, known: Any
) -> None:
    assert keys.find(KEY_ID) is None
    known.rows[KEY_ID] = (KEY, 1.0)
    assert keys.find(KEY_ID) == KEY
    answer(world, GONE, GONE)
    world.get(f"{KEY_SERVER}/none", **GONE)
    world.get(f"{SECOND_KEY_SERVER}/none", **GONE)
    with pytest.raises(InvalidTokenError):
        keys.get("none")
    asked(world)
    with pytest.raises(InvalidTokenError):
        keys.find("none")
    assert asked(world) == []


def test_made_up_key_ids_do_not_fill_the_memory(
    keys: InstallKeys, monkeypatch: pytest.MonkeyPatch, world: responses.RequestsMock
) -> None:
    monkeypatch.setattr(install_keys, "_MAX_ANSWERS", 3)
    for number in range(5):
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            world.get(f"{server}/k{number}", status=404)
        with pytest.raises(InvalidTokenError):
            keys.get(f"k{number}")
    asked(world)
    for number in (2, 3, 4):
        with pytest.raises(InvalidTokenError):
            keys.get(f"k{number}")
    assert asked(world) == []
    with pytest.raises(InvalidTokenError):
        keys.get("k0")
    assert asked(world) == [f"{KEY_SERVER}/k0", f"{SECOND_KEY_SERVER}/k0"]


def test_an_answer_that_is_new_again_is_kept_longest(
    keys: InstallKeys,
    monkeypatch: pytest.MonkeyPatch,
    world: responses.RequestsMock,
    clock: SimpleNamespace,
) -> None:
    monkeypatch.setattr(install_keys, "_MAX_ANSWERS", 2)
    for name in ("a", "b", "a", "c", "a"):
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            world.get(f"{server}/{name}", status=404)
        if name == "b":
            clock.now += 60
        with pytest.raises(InvalidTokenError):
            keys.get(name)
    assert asked(world)[::2] == [f"{KEY_SERVER}/{name}" for name in "abac"]


def test_the_latest_good_keys_are_remembered(keys: InstallKeys, known: Any) -> None:
    for number in range(MAX_KNOWN + 1):
        keys.confirm(f"k{number}", KEY)
    known.rows.clear()
    assert keys.find("k0") is None
    assert keys.find("k1") == KEY


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
