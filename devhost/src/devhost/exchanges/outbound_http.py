"""HTTP sessions of the host: Confluence's timeouts, no redirects, no proxy."""

import requests

from devhost.exchanges.outbound import RecordingAdapter, Sender

# Connect and read timeout in seconds, the same as in Confluence's own host code.
TIMEOUTS = (3.0, 5.0)
USER_AGENT = "Local-Confluence"


def new_session(sender: Sender | None = None) -> requests.Session:
    """Return a session that ignores proxy settings and ``.netrc``.

    With a *sender*, its exchange log records every request and answer.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    if sender is not None:
        session.mount("http://", RecordingAdapter(sender))
        session.mount("https://", RecordingAdapter(sender))
    return session
