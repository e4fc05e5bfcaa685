"""Install keys are looked up by many threads at once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import responses

from app.connect.errors import InstallKeysUnavailableError, InvalidTokenError
from app.connect.inbound import install_keys, key_servers
from app.connect.inbound.fetch_slots import QUICK_SLOTS, SLOW_SLOTS
from app.connect.inbound.install_keys import InstallKeys
from app.connect.inbound.key_servers import Answer, KeyServers, Refusal
from tests import signing
from tests.connect.inbound.install_keys.key_servers import KEY_ID
from tests.signing import KEY_SERVER

WAIT = 10
KEY = signing.INSTALL_KEY.public_key()


class Asked:
    """Key servers that answer when the test says so."""

    def __init__(self) -> None:
        self.open: list[tuple[str, Future[Answer]]] = []
        self.asked = threading.Semaphore(0)
        self.make: type[Future[Answer]] = Future

    def ask(self, key_id: str) -> Future[Answer]:
        answer = self.make()
        self.open.append((key_id, answer))
        self.asked.release()
        return answer

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.asked.acquire(timeout=WAIT)


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


class Joined(dict[str, Any]):
    """Signals when a caller has found a fetch to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.found = threading.Semaphore(0)

    def get(self, key: str, default: Any = None) -> Any:
        if fetch := super().get(key):
            self.found.release()
        return fetch


@pytest.fixture
def asked() -> Iterator[Asked]:
    asked = Asked()
    yield asked
    for _, answer in asked.open:
        if not answer.done():
            answer.set_result(Refusal.OUTAGE)


@pytest.fixture
def keys(asked: Any, known: Any) -> InstallKeys:
    return InstallKeys(asked, known)


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every answer count as a quick one."""
    monkeypatch.setattr(install_keys, "QUICK_SECONDS", WAIT)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        pytest.param(KEY, None, id="key"),
        pytest.param(Refusal.NO_SUCH_KEY, InvalidTokenError, id="no-such-key"),
        pytest.param(Refusal.OUTAGE, InstallKeysUnavailableError, id="outage"),
        pytest.param(MemoryError(), MemoryError, id="an-error-of-ours"),
    ],
)
def test_calls_for_one_key_id_share_one_fetch(
    keys: InstallKeys,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    result: Any,
    outcome: type[Exception] | None,
) -> None:
    patient(monkeypatch)
    keys._fetches = joined = Joined()
    callers = [Caller(keys, KEY_ID) for _ in range(5)]
    asked.wait_for(1)
    for _ in callers[1:]:
        assert joined.found.acquire(timeout=WAIT)
    [(_, answer)] = asked.open
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
    for caller in callers:
        if outcome is None:
            assert caller.result() == KEY
        else:
            assert isinstance(caller.result(), outcome)
    assert len(asked.open) == 1
    assert not keys._fetches


def test_strangers_keep_a_few_threads_waiting_for_slow_servers(
    keys: InstallKeys, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()

    class Hanging(Future[Answer]):
        def result(self, timeout: float | None = None) -> Answer:
            if not slow.is_set():
                assert slow.wait(WAIT)
                raise TimeoutError
            return super().result(timeout)

    monkeypatch.setattr(asked, "make", Hanging)
    callers = [Caller(keys, f"k{number}") for number in range(QUICK_SLOTS)]
    asked.wait_for(QUICK_SLOTS)
    slow.set()
    while sum(caller.is_alive() for caller in callers) > SLOW_SLOTS:
        pass
    assert keys._slots._taken == SLOW_SLOTS
    # A good key is found all the same, and without a slot.
    keys.confirm(KEY_ID, KEY)
    assert keys.get(KEY_ID) == KEY
    for _, answer in asked.open:
        answer.set_result(Refusal.NO_SUCH_KEY)
    for caller in callers:
        refused = (InvalidTokenError, InstallKeysUnavailableError)
        assert isinstance(caller.result(), refused)
    assert keys._slots._taken == 0


def test_a_quick_answer_opens_the_slots_again(
    keys: InstallKeys, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys._slots.note_slow()
    caller = Caller(keys, KEY_ID)
    asked.wait_for(1)
    asked.open[0][1].set_result(KEY)
    assert caller.result() == KEY
    assert keys._slots._slots == QUICK_SLOTS


def test_a_slow_answer_is_waited_for_and_opens_no_slots(
    keys: InstallKeys, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install_keys, "QUICK_SECONDS", 0.0)
    caller = Caller(keys, KEY_ID)
    asked.wait_for(1)
    while keys._slots._slots != SLOW_SLOTS:
        assert caller.is_alive()
    asked.open[0][1].set_result(KEY)
    assert caller.result() == KEY
    assert keys._slots._slots == SLOW_SLOTS


def test_an_answer_that_does_not_come_is_an_outage(
    keys: InstallKeys, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install_keys, "QUICK_SECONDS", 0.01)
    monkeypatch.setattr(install_keys, "ANSWER_SECONDS", 0.02)
    with pytest.raises(InstallKeysUnavailableError):
        keys.get(KEY_ID)
    # It comes late, but it comes, and is good for the next try.
    asked.open[0][1].set_result(KEY)
    assert keys.get(KEY_ID) == KEY
    assert len(asked.open) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"), [(KEY, KEY), (Refusal.NO_SUCH_KEY, None)], ids=["key", "no"]
)
def test_an_answer_that_came_while_waiting_for_a_slot_is_used(
    keys: InstallKeys, asked: Asked, answer: Any, outcome: Any
) -> None:
    def somebody_else_asks(_key_id: str) -> None:
        keys._keep_answer(KEY_ID, outcome, time.monotonic())

    keys._known.find = somebody_else_asks  # type: ignore[method-assign, assignment]  # A forced schedule.
    if outcome is None:
        with pytest.raises(InvalidTokenError):
            keys.get(KEY_ID)
    else:
        assert keys.get(KEY_ID) == outcome
    assert asked.open == []


def test_servers_are_asked_side_by_side(
    world: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_servers, "ThreadPoolExecutor", ThreadPoolExecutor)
    both = threading.Barrier(2)

    def wait_for_the_other(request: Any) -> Any:
        both.wait(WAIT)
        return 404, {}, ""

    servers = KeyServers([f"{KEY_SERVER}/a", f"{KEY_SERVER}/b"])
    for name in "ab":
        world.add_callback("GET", f"{KEY_SERVER}/{name}/k", wait_for_the_other)
    assert servers.ask("k").result(WAIT) is Refusal.NO_SUCH_KEY
