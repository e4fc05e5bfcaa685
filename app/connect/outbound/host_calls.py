"""Sending: every call to a host or to the OAuth server goes through here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep
from typing import Any

import requests

from ..errors import HostUnavailableError, Unavailable
from ..http.bounded_session import BoundedSession, Limits
from .host_guard import HostGuard
from .request_time import RequestTime, in_web_request


@dataclass(frozen=True, slots=True)
class HostCalls:
    """Sends requests within the time of the web request; one per app."""

    time: RequestTime
    session: BoundedSession = field(default_factory=BoundedSession)
    guard: HostGuard = field(default_factory=HostGuard)
    sleep: Callable[[float], Any] = sleep

    def send(
        self, request: requests.PreparedRequest, limits: Limits, *, host: str
    ) -> requests.Response:
        """Send a request once; *host* names the server for the guard.

        :raises HostUnavailableError: if it must not be sent now.
        :raises TooLargeError: if the answer is larger than *limits* allow.
        :raises requests.RequestException: if there is no answer.
        """
        left = self.time.left()
        if left <= 0:
            reason = Unavailable.NO_TIME_LEFT
            raise HostUnavailableError(f"not sent: {reason}", reason=reason)
        with self.time.spending(), self.guard.calling(host, share=in_web_request()):
            return self.session.send(request, limits.within(left))

    def pause(self, seconds: float, *, host: str) -> bool:
        """Wait before *host* is called again; False if this thread must not wait.

        In a web request a pause takes a share of the threads, as a call does.
        """
        if not in_web_request():
            self.sleep(seconds)
            return True
        with self.time.spending(), self.guard.pausing(host) as room:
            if room:
                self.sleep(seconds)
        return room
