"""Install keys: which answers are keys, what is remembered, and for how long."""

import io
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from flask import Flask

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound import install_keys
from app.connect.inbound.install_keys import InstallKeys, get_install_keys
from tests import signing
from tests.signing import KEY_SERVER, SECOND_KEY_SERVER

KEY_ID = signing.KEY_ID
FIRST = f"{KEY_SERVER}/{KEY_ID}"
SECOND = f"{SECOND_KEY_SERVER}/{KEY_ID}"
DAY = 24 * 60 * 60
WAIT = 10
"""Seconds after which a thread that should have gone on has failed the test."""

OUTAGES = [
    pytest.param({"body": requests.ConnectionError()}, id="connection"),
    pytest.param({"body": requests.ConnectTimeout()}, id="connect-timeout"),
    pytest.param({"body": requests.ReadTimeout()}, id="read-timeout"),
    pytest.param({"body": requests.exceptions.SSLError()}, id="tls"),
    pytest.param({"body": requests.exceptions.ChunkedEncodingError()}, id="cut-off"),
    pytest.param({"status": 500}, id="500"),
    pytest.param({"status": 503}, id="503"),
    pytest.param({"status": 599}, id="599"),
    pytest.param({"status": 408}, id="408"),
    pytest.param({"status": 429}, id="429"),
]
NO_SUCH_KEY = [pytest.param({"status": s}, id=str(s)) for s in (400, 403, 404, 410)]


def private_pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> Any:
    return key.public_key().public_bytes(Encoding.PEM, form)


WEAK_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
SHORT_KEY = rsa.generate_private_key(65537, 2047)  # noqa: S505 - weak on purpose
JUNK = [
    pytest.param({"body": b""}, id="empty"),
    pytest.param({"body": b"<html>not found</html>"}, id="html"),
    pytest.param({"body": b'{"keys": []}'}, id="json"),
    pytest.param(
        {"body": b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        id="broken-pem",
    ),
    pytest.param(
        {"body": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        id="certificate",
    ),
    pytest.param({"body": public_pem(WEAK_KEY)}, id="1024-bit"),
    pytest.param({"body": public_pem(SHORT_KEY)}, id="2047-bit"),
    pytest.param(
        {"body": public_pem(ec.generate_private_key(ec.SECP256R1()))}, id="ec"
    ),
    pytest.param(
        {"body": public_pem(ed25519.Ed25519PrivateKey.generate())}, id="ed25519"
    ),
    pytest.param({"body": public_pem(dsa.generate_private_key(2048))}, id="dsa"),
    pytest.param({"body": private_pem(signing.INSTALL_KEY)}, id="private-key"),
    pytest.param({"body": signing.pem().decode().encode("utf-16")}, id="utf-16"),
    pytest.param({"body": b" " * 20_000 + signing.pem()}, id="key-behind-16-kb"),
    pytest.param({"body": signing.pem(), "status": 201}, id="201"),
    pytest.param({"body": signing.pem(), "status": 206}, id="206"),
    pytest.param({"body": signing.pem(), "status": 304}, id="304"),
    pytest.param({"body": signing.pem(), "status": 401}, id="401"),
]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is moved."""
    clock = SimpleNamespace(now=5000.0)
    standing = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(install_keys, "time", standing)
    return clock


@pytest.fixture
def world() -> Iterator[responses.RequestsMock]:
    """Servers of which not every answer has to be asked for."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def keys() -> InstallKeys:
    return InstallKeys([KEY_SERVER, SECOND_KEY_SERVER])


def asked(world: responses.RequestsMock) -> list[str]:
    """Return the URLs that were asked, and forget them."""
    urls = [str(call.request.url) for call in world.calls]
    world.calls.reset()
    return urls


def answer(world: responses.RequestsMock, first: Any, second: Any) -> None:
    """Let the two servers answer; None refuses a test that asks."""
    world.reset()
    for url, options in ((FIRST, first), (SECOND, second)):
        if options is not None:
            world.get(url, **options)


GOOD = {"body": signing.pem()}
GONE = {"status": 404}
DOWN = {"status": 503}


# --- what is a key ---------------------------------------------------------------


def test_fetches_a_key_from_the_first_server(
    keys: InstallKeys, network: responses.RequestsMock
) -> None:
    network.get(FIRST, body=signing.pem())
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    call = network.calls[0].request
    assert call.req_kwargs["timeout"] == (3, 5)
    assert call.req_kwargs["stream"] is True
    assert "Authorization" not in call.headers


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(signing.pem().replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(signing.pem().strip(), id="no-line-break-at-the-end"),
        pytest.param(b"\n" + signing.pem() + b"\n\n", id="blank-lines"),
        pytest.param(
            public_pem(signing.INSTALL_KEY, PublicFormat.PKCS1), id="pkcs1-public"
        ),
    ],
)
def test_reads_a_key_as_servers_write_it(
    keys: InstallKeys, network: responses.RequestsMock, body: bytes
) -> None:
    network.get(FIRST, body=body)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


@pytest.mark.parametrize("refusal", [*JUNK, *OUTAGES, *NO_SUCH_KEY])
def test_asks_the_second_server_when_the_first_has_no_key(
    keys: InstallKeys, world: responses.RequestsMock, refusal: dict[str, Any]
) -> None:
    answer(world, refusal, GOOD)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    assert asked(world) == [FIRST, SECOND]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_no_key_and_not_remembered(
    keys: InstallKeys, world: responses.RequestsMock, junk: dict[str, Any]
) -> None:
    answer(world, junk, GONE)
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            keys.get(KEY_ID)
        assert asked(world) == [FIRST, SECOND]
    answer(world, GOOD, None)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    keys: InstallKeys, world: responses.RequestsMock, status: int
) -> None:
    elsewhere = "https://evil.example/key"
    world.get(elsewhere, body=signing.pem(signing.OTHER_KEY))
    for url in (FIRST, SECOND):
        world.get(url, status=status, headers={"Location": elsewhere})
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert asked(world) == [FIRST, SECOND]


class Endless(io.RawIOBase):
    """A body that never ends; counts what was read of it."""

    def __init__(self, each: Callable[[], None] = lambda: None) -> None:
        self.read_bytes = 0
        self._each = each

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._each()
        buffer[:] = b"x" * len(buffer)
        self.read_bytes += len(buffer)
        return len(buffer)


def test_an_endless_body_is_cut_off(
    keys: InstallKeys, world: responses.RequestsMock
) -> None:
    body = Endless()
    answer(world, {"body": io.BufferedReader(body, 1024)}, GONE)
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert 16_384 < body.read_bytes < 100_000


def test_a_body_that_trickles_is_an_outage(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    def pass_time() -> None:
        clock.now += 4

    body = Endless(pass_time)
    answer(world, {"body": io.BufferedReader(body, 1024)}, GONE)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)
    assert body.read_bytes < 16_384


# --- what is remembered ----------------------------------------------------------


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
def test_one_no_is_not_enough_to_drop_a_key(
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
def test_no_such_key_is_remembered_for_a_minute(
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
    assert f"{KEY_SERVER} answered with something that is no RSA" in caplog.text
    assert f"{SECOND_KEY_SERVER} could not be asked: kid={KEY_ID}" in caplog.text
    assert "private" not in caplog.text


def test_each_app_has_keys_of_its_own_servers(app: Flask, app_context: None) -> None:
    assert get_install_keys() is app.extensions["connect-install-keys"]


# --- many threads at once --------------------------------------------------------


class Gate:
    """A key server that answers when it is let."""

    def __init__(self, world: responses.RequestsMock, *key_ids: str) -> None:
        self.open = threading.Event()
        self.fetched: list[str] = []
        self.busy = threading.Semaphore(0)
        self.result: Any = (200, {}, signing.pem())
        for key_id in key_ids:
            world.add_callback("GET", f"{KEY_SERVER}/{key_id}", self._answer)

    def _answer(self, request: requests.PreparedRequest) -> Any:
        self.fetched.append(str(request.url).rsplit("/", 1)[1])
        self.busy.release()
        assert self.open.wait(WAIT)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


class Caller(threading.Thread):
    """A thread that gets a key; keeps the key or the error."""

    def __init__(self, keys: InstallKeys, key_id: str) -> None:
        super().__init__()
        self.outcome: Any = None
        self._keys, self._key_id = keys, key_id
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._keys.get(self._key_id)
        except BaseException as error:
            self.outcome = error

    def result(self) -> Any:
        self.join(WAIT)
        assert not self.is_alive()
        return self.outcome


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        pytest.param((200, {}, signing.pem()), None, id="key"),
        pytest.param((404, {}, ""), InvalidTokenError, id="no-such-key"),
        pytest.param((503, {}, ""), InstallKeysUnavailableError, id="outage"),
        pytest.param(MemoryError(), MemoryError, id="an-error-of-ours"),
    ],
)
def test_calls_for_one_key_id_share_one_fetch(
    world: responses.RequestsMock, result: Any, outcome: type[Exception] | None
) -> None:
    keys = InstallKeys([KEY_SERVER])
    gate = Gate(world, KEY_ID)
    gate.result = result
    waiting = threading.Semaphore(0)
    keys._fetches = Noticed(waiting)
    callers = [Caller(keys, KEY_ID) for _ in range(5)]
    assert gate.busy.acquire(timeout=WAIT)
    for _ in callers[1:]:
        assert waiting.acquire(timeout=WAIT)
    gate.open.set()
    for caller in callers:
        if outcome is None:
            assert caller.result() == signing.INSTALL_KEY.public_key()
        else:
            assert isinstance(caller.result(), outcome)
    assert gate.fetched == [KEY_ID]
    assert not keys._fetches


class Noticed(dict[str, Any]):
    """Tells when a caller has found a fetch to wait for."""

    def __init__(self, found: threading.Semaphore) -> None:
        super().__init__()
        self._found = found

    def __getitem__(self, key: str) -> Any:
        fetch = super().__getitem__(key)
        self._found.release()
        return fetch


def test_strangers_can_keep_four_threads_waiting_and_no_more(
    world: responses.RequestsMock,
) -> None:
    keys = InstallKeys([KEY_SERVER])
    world.get(FIRST, body=signing.pem())
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    gate = Gate(world, "k0", "k1", "k2", "k3", "k4")
    callers = [Caller(keys, f"k{number}") for number in range(4)]
    for _ in callers:
        assert gate.busy.acquire(timeout=WAIT)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get("k4")
    # A key that is known costs no fetch.
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    gate.open.set()
    for caller in callers:
        assert caller.result() == signing.INSTALL_KEY.public_key()
    assert keys.get("k4") == signing.INSTALL_KEY.public_key()
    assert sorted(gate.fetched) == ["k0", "k1", "k2", "k3", "k4"]


def test_an_old_key_is_not_held_up_by_a_fetch_of_another(
    world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    keys = InstallKeys([KEY_SERVER])
    gate = Gate(world, KEY_ID)
    world.get(f"{KEY_SERVER}/other", body=signing.pem(signing.OTHER_KEY))
    caller = Caller(keys, KEY_ID)
    assert gate.busy.acquire(timeout=WAIT)
    assert keys.get("other") == signing.OTHER_KEY.public_key()
    gate.open.set()
    assert caller.result() == signing.INSTALL_KEY.public_key()
