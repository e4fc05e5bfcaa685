"""Replay: send a captured request again, byte for byte and with the same token.

An app that works correctly refuses a token that has expired; an app with a replay cache
refuses it at once.
"""

import requests

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.site import Site

# Headers that are written again for the replay's connection.
NOT_REPLAYED = frozenset({"connection", "content-length", "transfer-encoding"})
RECORDED_SECONDS = 2


class ReplayError(Exception):
    """The exchange cannot be sent again; the message says why."""


def replay(site: Site, exchange: Exchange) -> Exchange:
    """Send *exchange* again and return the new exchange, which is in the log too.

    :raises ReplayError: if it was not a request, or was not kept whole.
    """
    if exchange.handed_out:
        raise ReplayError("a token was handed out here: there is no request to repeat")
    if exchange.is_truncated:
        raise ReplayError("the body was too long to be kept whole")
    before = site.get(ExchangeLog).last_id
    note = {"replay of": f"#{exchange.id}"}
    to_app = exchange.direction == "to-app"
    sender = Sender(
        site.get(ExchangeLog), exchange.kind, exchange.app_key, exchange.base_path, note
    )
    with new_session(sender if to_app else None) as session:
        failure = _send(session, exchange)
    # Our own answer is recorded by the thread that gave it.
    recorded = site.get(ExchangeLog).wait_for(
        exchange.method, after=before, kind=exchange.kind, seconds=RECORDED_SECONDS
    )
    if recorded is None:
        raise ReplayError(f"there is no new exchange ({failure or 'not recorded'})")
    recorded.notes.update(note)
    return recorded


def _send(session: requests.Session, exchange: Exchange) -> str:
    request = requests.Request(exchange.method, exchange.url).prepare()
    # Verbatim, because preparing may encode parts of it differently.
    request.url = exchange.url
    for name, value in exchange.request_headers:
        if name.lower() not in NOT_REPLAYED:
            request.headers[name] = value
    if exchange.request_body:
        request.body = exchange.request_body
        request.headers["Content-Length"] = str(len(exchange.request_body))
    try:
        session.send(request, timeout=TIMEOUTS, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
    return ""
