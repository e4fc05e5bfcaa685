"""Install keys are fetched by many threads at once."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound.install_keys import InstallKeys
from tests import signing
from tests.connect.inbound.install_keys.key_servers import FIRST, KEY_ID
from tests.signing import KEY_SERVER

WAIT = 10


class Gate:
    """A key server that answers when the test allows it."""

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
    """A thread that gets a key and stores the key or the error."""

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
    """Signals when a caller has found a fetch to wait for."""

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
    # A cached key costs no fetch.
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
