"""A session interface without cookies, which browsers block in iframes anyway."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SessionInterface


class NoSessions(SessionInterface):
    """Flask's session is there to read as empty; writing to it raises RuntimeError."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open none, so that Flask offers its null session."""
        return None
