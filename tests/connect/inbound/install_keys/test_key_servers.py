"""Key servers: which answers count as keys, and how long they are read."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound.install_keys import InstallKeys
from app.connect.inbound.key_servers import (
    ANSWER_SECONDS,
    TIMEOUTS,
    KeyServers,
    _Question,
)
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


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def public_pem(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> Any:
    return key.public_key().public_bytes(Encoding.PEM, form)


WEAK_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose


SHORT_KEY = rsa.generate_private_key(65537, 2047)  # noqa: S505 - weak on purpose


JUNK = [
    pytest.param({"body": b""}, id="empty"),
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
    pytest.param({"status": 304}, id="304"),
    pytest.param({"body": signing.pem(), "status": 401}, id="401"),
]


def test_every_server_is_asked_for_the_key_id(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    answer(world, GOOD, GONE)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    for call in world.calls:
        request: Any = call.request
        assert request.req_kwargs["timeout"] == TIMEOUTS
        assert request.req_kwargs["stream"] is True
        assert "Authorization" not in request.headers
    assert asked(world) == [FIRST, SECOND]


def test_no_cookie_is_kept(keys: InstallKeys, world: responses.RequestsMock) -> None:
    for url in (FIRST, f"{FIRST}-2"):
        world.get(url, body=signing.pem(), headers={"Set-Cookie": "a=1; Path=/"})
    keys.get(KEY_ID)
    keys.get(f"{KEY_ID}-2")
    assert all("Cookie" not in call.request.headers for call in world.calls)


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
    answer(network, {"body": body}, GONE)
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


@pytest.mark.parametrize("refusal", [*JUNK, *OUTAGES, *NO_SUCH_KEY])
@pytest.mark.parametrize("order", [1, -1], ids=["first", "second"])
def test_one_server_with_the_key_is_enough(
    keys: InstallKeys,
    world: responses.RequestsMock,
    refusal: dict[str, Any],
    order: int,
) -> None:
    answer(world, *[refusal, GOOD][::order])
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()


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
    """A body that never ends; counts how much of it was read."""

    def __init__(self, each: Callable[[], None] = lambda: None) -> None:
        self.read_bytes = 0
        self._each = each

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._each()
        count = min(len(buffer), 1024)
        buffer[:count] = b"x" * count
        self.read_bytes += count
        return count


def test_an_endless_body_is_cut_off(
    keys: InstallKeys, world: responses.RequestsMock
) -> None:
    body = Endless()
    answer(world, {"body": io.BufferedReader(body, 1024)}, GONE)
    with pytest.raises(InvalidTokenError):
        keys.get(KEY_ID)
    assert 16_384 < body.read_bytes < 100_000


@pytest.mark.parametrize(
    ("seconds", "is_read"),
    [(ANSWER_SECONDS, True), (ANSWER_SECONDS + 0.001, False)],
    ids=["in-time", "late"],
)
def test_a_body_must_end_in_time(
    keys: InstallKeys,
    world: responses.RequestsMock,
    clock: SimpleNamespace,
    seconds: float,
    is_read: bool,
) -> None:
    began = clock.now

    class Slow(io.RawIOBase):
        left = signing.pem()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            clock.now = began + seconds
            part, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)

    answer(world, {"body": io.BufferedReader(Slow())}, DOWN)
    if is_read:
        assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    else:
        with pytest.raises(InstallKeysUnavailableError):
            keys.get(KEY_ID)


def test_a_server_that_is_asked_too_late_is_not_asked(
    keys: InstallKeys, world: responses.RequestsMock, clock: SimpleNamespace
) -> None:
    def wait(request: Any) -> Any:
        clock.now += ANSWER_SECONDS
        return 404, {}, ""

    world.add_callback("GET", FIRST, wait)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)
    assert asked(world) == [FIRST]


def test_an_error_of_ours_is_handed_to_whoever_waits(
    servers: KeyServers, world: responses.RequestsMock
) -> None:
    answer(world, {"body": MemoryError()}, GOOD)
    with pytest.raises(MemoryError):
        servers.ask(KEY_ID)
    question = _Question(2)
    question.fail(MemoryError())
    question.fail(ValueError())
    question.note(signing.INSTALL_KEY.public_key())
    assert isinstance(question.answer.exception(), MemoryError)


def test_the_first_key_wins() -> None:
    question = _Question(2)
    question.note(signing.INSTALL_KEY.public_key())
    question.note(signing.OTHER_KEY.public_key())
    assert question.answer.result() == signing.INSTALL_KEY.public_key()
