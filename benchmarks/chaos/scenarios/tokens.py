"""Clocks that are off, and secrets that are replaced while they are used."""

import random
import threading
import time

from .. import sites
from ..bench import Bench, Scenario
from ..caller import INSTALLED, PAGE
from ..verdict import Rules

TOO_FAR, NEAR_ENOUGH = 40, 20
"""Seconds; the leeway is 30."""

CONFLICT = 409


def clocks_off(bench: Bench) -> None:
    """Sign with clocks that are ahead or behind, too far and near enough.

    A token is good for minutes, so that a clock that is behind shows only at its end:
    those of the slow host are in their last second.
    """
    caller = bench.caller
    end = time.monotonic() + bench.pace.fault
    while time.monotonic() < end:
        with caller.borrow() as site:
            for ahead in (TOO_FAR, -TOO_FAR, NEAR_ENOUGH, -NEAR_ENOUGH):
                at = ahead if ahead > 0 else ahead - sites.LIFETIME
                wrong = f"clock {ahead:+} s" if abs(ahead) == TOO_FAR else ""
                made = sites.claims(site, "GET", PAGE, at=at)
                token = sites.sign(made, site.secret)
                caller.send("page", "GET", PAGE, token, forgery=wrong, site=site)
                new = sites.new_site(caller.host_url)
                if not wrong:
                    caller.install(new, at=at)
                    continue
                made = sites.install_claims(new, caller.app_url, INSTALLED, at=at)
                token = sites.sign_install(made)
                body = sites.installation(new, new.secret)
                caller.send("install", "POST", INSTALLED, token, body, forgery=wrong)
            # A node of the host whose clock is behind that of the node before.
            caller.rotate(site)
            caller.rotate(site, at=-NEAR_ENOUGH)
            caller.page(site)


def rotate_under_load(bench: Bench) -> None:
    """Replace a secret while several pages a moment use the old one and the new one."""
    caller = bench.caller
    end = time.monotonic() + bench.pace.fault
    while time.monotonic() < end:
        with caller.borrow() as site:
            _rotate_once(bench, site)


def _rotate_once(bench: Bench, site: sites.Site) -> None:
    """Until the new secret is used, both must be good; then the new one must be."""
    caller, old = bench.caller, site.secret
    over = threading.Event()

    def ask_with_old() -> None:
        while not over.is_set():
            caller.page(site, secret=old)
            time.sleep(random.random() / 50)  # noqa: S311 - no secret

    threads = [threading.Thread(target=ask_with_old) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    caller.rotate(site)
    time.sleep(0.1)
    # The first use of the new secret retires the old one.
    over.set()
    for thread in threads:
        thread.join()
    threads = [threading.Thread(target=caller.page, args=(site,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


SCENARIOS = (
    Scenario(
        "the host's clock 40 s and 20 s off",
        clocks_off,
        Rules(allowed={"rotation": {CONFLICT}}),
    ),
    Scenario("a secret replaced under load", rotate_under_load),
)
"""On PostgreSQL and Redis."""
