"""A session interface without cookies, which browsers block in iframes anyway."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SessionInterface


class NoSessions(SessionInterface):
    """A session that is always empty; writing to it raises RuntimeError."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return None, so that Flask uses its null session."""
        return None
