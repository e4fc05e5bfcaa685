"""The output of static macros, requested from apps several at a time.

A page waits for all of them together, up to ``PAGE_SECONDS``; each request has the same
timeout as any call to an app.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from devhost.exchanges.bounded import TooLargeError
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.modules.macros.response_cache import seconds_fresh
from devhost.modules.macros.static_call import StaticCall
from devhost.modules.macros.static_macros import StaticMacros
from devhost.site import Site

PAGE_SECONDS = 10.0
AT_ONCE = 8
MAX_BYTES = 1_000_000
KIND = "static-macro"


@dataclass(frozen=True)
class Output:
    """The app's answer in storage format, or why there is no output."""

    storage: str = ""
    error: str = ""


def fetch_all(site: Site, calls: list[StaticCall], give_up_at: float) -> list[Output]:
    """Return the output for each call, in their order.

    *give_up_at* is a moment of ``time.monotonic``.
    """
    if not calls:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(calls))) as threads:
        return list(threads.map(lambda call: fetch(site, call, give_up_at), calls))


def fetch(site: Site, call: StaticCall, give_up_at: float) -> Output:
    """Return the output for one call, from the cache if it is fresh there."""
    kept = site.get(StaticMacros).cache.find(call.cache_key) if call.cache_key else None
    if kept is not None:
        return Output(kept)
    left = give_up_at - time.monotonic()
    if left <= 0:
        return Output(error="the page stopped waiting for its macros")
    try:
        with site.get(StaticMacros).asking(call.macro):
            answer = _ask(site, call, left, give_up_at)
    except requests.Timeout:
        return Output(error="the app did not answer in time")
    except TooLargeError as error:
        return Output(error=str(error))
    except requests.RequestException:
        return Output(error="the app gave no answer")
    if answer.status_code != 200:
        return Output(error=f"the app answered {answer.status_code}, not 200")
    storage = _text(answer)
    seconds = seconds_fresh(answer.headers.get("Cache-Control", ""))
    if call.cache_key:
        site.get(StaticMacros).cache.keep(call.cache_key, storage, seconds)
    return Output(storage)


def _ask(
    site: Site, call: StaticCall, left: float, give_up_at: float
) -> requests.Response:
    sender = Sender(
        site.get(ExchangeLog),
        KIND,
        call.app.app_key,
        call.app.base_path,
        max_bytes=MAX_BYTES,
        give_up_at=give_up_at,
    )
    connect, read = (min(seconds, left) for seconds in TIMEOUTS)
    with new_session(sender) as session:
        return session.request(
            call.method,
            call.url,
            data=call.form,
            headers=call.headers,
            timeout=(connect, read),
            allow_redirects=False,
            stream=True,
        )


def _text(answer: requests.Response) -> str:
    kind = answer.headers.get("Content-Type", "")
    # Without a charset, requests would read text/html as Latin-1.
    charset = (answer.encoding or "utf-8") if "charset=" in kind.lower() else "utf-8"
    try:
        return answer.content.decode(charset, "replace")
    except LookupError:
        return answer.content.decode("utf-8", "replace")
