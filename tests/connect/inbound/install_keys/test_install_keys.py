"""Install keys: which answers count as keys, and which servers are asked."""

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

"""The timeout for a thread in seconds, after which the test fails."""


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


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
    pytest.param({"status": 304}, id="304"),
    pytest.param({"body": signing.pem(), "status": 401}, id="401"),
]


def test_fetches_a_key_from_the_first_server(
    keys: InstallKeys, network: responses.RequestsMock
) -> None:
    network.get(FIRST, body=signing.pem())
    assert keys.get(KEY_ID) == signing.INSTALL_KEY.public_key()
    call: Any = network.calls[0].request
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
