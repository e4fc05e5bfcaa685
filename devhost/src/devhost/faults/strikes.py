"""Application of the faults that are switched on to the calls of apps."""

import contextlib
import socket
import time
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, g, jsonify, request

from devhost.exchanges.inbound import current_kind, note
from devhost.faults.kinds import (
    CallFault,
    Dropped,
    KeyServerDown,
    RateLimited,
    ServerError,
    Slow,
)
from devhost.faults.switches import Faults
from devhost.protocol.error_bodies import error_response
from devhost.site.current import current_site, current_target

# Points in an hour; https://developer.atlassian.com/cloud/confluence/rate-limiting/
QUOTA = 65_000
WINDOW_SECONDS = 3600
REASONS = {
    "global": "confluence-quota-global-based",
    "tenant": "confluence-quota-tenant-based",
    "burst": "confluence-burst-based",
}
TOO_MANY = "Rate limit exceeded. Try again later."
UNSPOILT_KINDS = frozenset({None, "install-protocol"})


def init_app(app: Flask) -> None:
    """Let faults strike before a call is answered, or after it took effect."""
    app.before_request(_strike)
    app.after_request(_drop_after)


def _strike() -> Response | None:
    if current_kind() in UNSPOILT_KINDS:
        return None
    path = current_target().partition("?")[0]
    faults = current_site().get(Faults).striking(request.method, path)
    for fault in faults:
        note(f"fault {fault.name}", fault.title)
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        if isinstance(fault, Dropped) and fault.when == "after":
            g.devhost_drop_after = True
    answers = (_answer(fault) for fault in faults)
    return next((answer for answer in answers if answer is not None), None)


def _answer(fault: CallFault) -> Response | None:
    if isinstance(fault, RateLimited):
        return rate_limit_response(fault)
    if isinstance(fault, ServerError):
        answer = error_response(fault.status, "The local Confluence fails on purpose.")
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer
    if isinstance(fault, KeyServerDown) and fault.status:
        return Response("Down on purpose.\n", fault.status, mimetype="text/plain")
    drops = isinstance(fault, Dropped) and fault.when == "before"
    if drops or isinstance(fault, KeyServerDown):
        return _drop()
    return None


def rate_limit_response(fault: RateLimited) -> Response:
    """Return Confluence's 429.

    Assumed: a burst limit has no quota to report, and the body names no limit.
    """
    now = datetime.now(UTC)
    reset = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    answer = jsonify(code=429, message=TOO_MANY)
    answer.status_code = 429
    answer.headers["RateLimit-Reason"] = REASONS[fault.reason]
    if fault.reason != "burst":
        name = f"{fault.reason}-app-quota"
        seconds = int((reset - now).total_seconds())
        answer.headers["X-RateLimit-Limit"] = str(QUOTA)
        answer.headers["X-RateLimit-Remaining"] = "0"
        answer.headers["X-RateLimit-Reset"] = f"{reset:%Y-%m-%dT%H:%MZ}"
        answer.headers["X-RateLimit-NearLimit"] = "true"
        answer.headers["RateLimit-Policy"] = f'"{name}";q={QUOTA};w={WINDOW_SECONDS}'
        answer.headers["RateLimit"] = f'"{name}";r=0;t={seconds}'
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _drop_after(response: Response) -> Response:
    if not g.get("devhost_drop_after"):
        return response
    note("dropped after", f"the answer would have been {response.status_code}")
    return _drop()


def _drop() -> Response:
    """Close the connection; only a test client sees what is returned."""
    g.devhost_failure = "connection dropped on purpose"
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Response("The connection is dropped here.\n", 503, mimetype="text/plain")
