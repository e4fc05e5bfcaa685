"""The local Confluence in a test: its current user, and what it received and sent."""

import time
from typing import Any

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.message import Direction
from devhost.install.further_sites import FurtherSites
from devhost.server import LocalConfluence
from devhost.site import Site
from devhost.site.users import USERS, User
from devhost.testing.expectations import (
    Expectation,
    MessageError,
    transcript,
)

# How long to wait for a message that another thread sends, in seconds.
WAIT_SECONDS = 5.0
POLL_SECONDS = 0.02


class RecordingConfluence(LocalConfluence):
    """A local Confluence that can be asked in a test what it received and sent.

    Paths are templates: ``{name}`` stands for any one segment. A path of the host
    starts after ``/wiki``, one of the app after its base URL; the query is ignored.
    Each assertion raises ``MessageError``, an ``AssertionError`` that shows every
    message, and returns the newest exchange that matches.
    """

    def received(
        self,
        method: str,
        path: str,
        *,
        times: int | None = None,
        within: float = WAIT_SECONDS,
        **wanted: Any,
    ) -> Exchange:
        """Assert that an app, or its page, has called *method* *path* on the host.

        ``status``, ``body`` (JSON or bytes), ``app_key`` and ``user`` (a name, or ""
        for the app itself) narrow it; ``times`` is the exact number, by default once or
        more. A message that is still missing may arrive ``within`` seconds.

        :raises MessageError: if it did not arrive.
        """
        __tracebackhide__ = True
        expected = _expectation("from-app", method=method, path=path, **wanted)
        return self._found("received", expected, times, within)

    def sent(
        self,
        method: str,
        path: str,
        *,
        times: int | None = None,
        within: float = WAIT_SECONDS,
        **wanted: Any,
    ) -> Exchange:
        """Assert that the host has sent *method* *path* to an app, as ``received``.

        :raises MessageError: if it was not sent.
        """
        __tracebackhide__ = True
        expected = _expectation("to-app", method=method, path=path, **wanted)
        return self._found("sent", expected, times, within)

    def sent_event(
        self,
        event: str,
        *,
        times: int | None = None,
        within: float = WAIT_SECONDS,
        **wanted: Any,
    ) -> Exchange:
        """Assert that an app was sent *event*: a lifecycle event, or a webhook's.

        :raises MessageError: if it was not.
        """
        __tracebackhide__ = True
        expected = _expectation("to-app", event=event, **wanted)
        return self._found("sent", expected, times, within)

    def not_received(
        self, method: str, path: str, *, within: float = 0, **wanted: Any
    ) -> None:
        """Assert that no app has called *method* *path*, nor does ``within`` seconds.

        :raises MessageError: if one has.
        """
        __tracebackhide__ = True
        expected = _expectation("from-app", method=method, path=path, **wanted)
        self._absent("received", expected, within)

    def not_sent(
        self, method: str, path: str, *, within: float = 0, **wanted: Any
    ) -> None:
        """Assert that the host has not sent *method* *path*, nor does ``within``.

        :raises MessageError: if it has.
        """
        __tracebackhide__ = True
        expected = _expectation("to-app", method=method, path=path, **wanted)
        self._absent("sent", expected, within)

    def not_sent_event(self, event: str, *, within: float = 0, **wanted: Any) -> None:
        """Assert that no app was sent *event*, nor is ``within`` seconds.

        :raises MessageError: if one was.
        """
        __tracebackhide__ = True
        self._absent("sent", _expectation("to-app", event=event, **wanted), within)

    def transcript(self) -> str:
        """Return every message, oldest first, with secrets masked."""
        return transcript(self.exchanges.all())

    def as_user(self, name: str) -> "UserSwitch":
        """Make ``admin``, ``space-admin``, ``user`` or ``anonymous`` the current user.

        In ``with confluence.as_user("user"): ...`` it lasts until the end of the block,
        otherwise until the end of the test.

        :raises ValueError: if there is no such user.
        """
        return UserSwitch(self.site, get_user(name))

    def start_second_site(self) -> Site:
        """Start another site, where the same apps are installed as other tenants.

        :raises MessageError: if an app refuses to be installed there.
        """
        site, refused = self.site.get(FurtherSites).start()
        if refused:
            text = "; ".join(f"{key}: {why}" for key, why in refused.items())
            raise MessageError(f"{text}\n\n{transcript(site.get(ExchangeLog).all())}")
        return site

    def _found(
        self, verb: str, expected: Expectation, times: int | None, within: float
    ) -> Exchange:
        __tracebackhide__ = True
        if times == 0:
            raise ValueError(f"to assert that nothing was {verb}, write not_{verb}")
        found = self._wait_for(expected, times or 1, within)
        if not found:
            raise self._error(f"Confluence {verb} no {expected}.", expected)
        if times is not None and len(found) != times:
            count = f"{len(found)} times, not {times}"
            raise self._error(f"Confluence {verb} {expected} {count}.", expected)
        return found[-1]

    def _absent(self, verb: str, expected: Expectation, within: float) -> None:
        __tracebackhide__ = True
        if found := self._wait_for(expected, 1, within):
            ids = ", ".join(f"#{one.id}" for one in found)
            raise self._error(f"Confluence {verb} {expected}: {ids}.", expected)

    def _wait_for(
        self, expected: Expectation, enough: int, within: float
    ) -> list[Exchange]:
        deadline = time.monotonic() + within
        while True:
            found = expected.find(self.exchanges.all())
            if len(found) >= enough or time.monotonic() >= deadline:
                return found
            time.sleep(POLL_SECONDS)

    def _error(self, message: str, expected: Expectation) -> MessageError:
        exchanges = self.exchanges.all()
        lines = [message, *expected.near_misses(exchanges)]
        return MessageError("\n".join(lines) + "\n\n" + transcript(exchanges))


class UserSwitch:
    """A switch of the site's current user; leaving it restores the previous one."""

    def __init__(self, site: Site, user: User) -> None:
        self._site = site
        self._before = site.user
        self.user = user
        site.switch_user(user)

    def __enter__(self) -> User:
        return self.user

    def __exit__(self, *_: object) -> None:
        self._site.switch_user(self._before)


def get_user(name: str) -> User:
    """Return the person of this name.

    :raises ValueError: if there is no such user; it lists the users.
    """
    try:
        return USERS[name]
    except KeyError:
        raise ValueError(f"no user {name!r}: write one of {', '.join(USERS)}") from None


def _expectation(direction: Direction, **wanted: Any) -> Expectation:
    if user := wanted.get("user"):
        wanted["user"] = get_user(user).account_id or ""
    return Expectation(direction, **wanted)
