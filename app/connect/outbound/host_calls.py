"""Sending: every call to a host or to the OAuth server goes through here."""

from dataclasses import dataclass, field

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
