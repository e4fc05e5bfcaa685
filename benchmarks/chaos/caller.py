"""The caller: sends one request after the other to the app, and notes each answer."""

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import sites
from .journal import NO_ANSWER, Answer, Journal
from .sites import Claims, Forge, Site

PATIENCE = 75
"""Seconds after which the caller itself hangs up."""

PAGE, CALL = "/chaos/page", "/chaos/call"
INSTALLED, WEBHOOK = "/installed", "/webhooks/page_created"


class Caller:
    """The host as the app sees it, and a stranger who forges its tokens.

    Every request goes to one of :attr:`ports`, over a connection of its own.
    """

    def __init__(self, app_url: str, ports: list[int], host_url: str) -> None:
        self.ports = ports
        self.host_url = host_url
        self.sites: list[Site] = []
        self.journal = Journal()
        self.app_url = app_url
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def new_journal(self) -> Journal:
        """Begin a new journal; the sites stay."""
        self.journal = Journal()
        return self.journal

    @contextmanager
    def borrow(self, *, among: list[Site] | None = None) -> Iterator[Site]:
        """Lend a random site, to which nobody else sends anything meanwhile."""
        while True:
            site = random.choice(among or self.sites)  # noqa: S311 - no secret
            if site.busy.acquire(timeout=0.01):
                break
        try:
            yield site
        finally:
            site.busy.release()

    def page(
        self,
        site: Site,
        *,
        kind: str = "page",
        path: str = PAGE,
        secret: str | None = None,
    ) -> Answer:
        """Ask for a page."""
        made = sites.claims(site, "GET", path)
        token = sites.sign(made, secret or site.secret)
        return self.send(kind, "GET", path, token, site=site)

    def install(
        self,
        site: Site,
        *,
        kind: str = "install",
        key_id: str = sites.KNOWN_KEY_ID,
        at: float = 0,
    ) -> Answer:
        """Install the app on a site, which joins the others if that is answered 2xx.

        *at* is how many seconds the host's clock is ahead of ours.
        """
        made = sites.install_claims(site, self.app_url, INSTALLED, at=at)
        token = sites.sign_install(made, key_id=key_id)
        body = sites.installation(site, site.secret)
        answer = self.send(kind, "POST", INSTALLED, token, body)
        if answer.good:
            self.journal.installed[site.client_key] = site.secret
            self.sites.append(site)
        return answer

    def rotate(self, site: Site, *, at: float = 0) -> Answer:
        """Replace a site's secret; without an answer the host keeps the present one."""
        secret = sites.new_secret()
        made = sites.install_claims(site, self.app_url, INSTALLED, at=at)
        body = sites.installation(site, secret)
        token = sites.sign_install(made)
        answer = self.send("rotation", "POST", INSTALLED, token, body)
        if answer.good:
            site.secret = secret
            self.journal.installed[site.client_key] = secret
            self.journal.unsure.pop(site.client_key, None)
        elif answer.failed:
            self.journal.unsure[site.client_key] = site.secret
        return answer

    def webhook(self, site: Site) -> Answer:
        """Send a webhook; every twentieth twice, like a host that missed the answer."""
        number = next(self._numbers)
        body = sites.page_created(number)
        for _ in range(2 if number % 20 == 0 else 1):
            token = sites.sign(sites.claims(site, "POST", WEBHOOK), site.secret)
            answer = self.send("webhook", "POST", WEBHOOK, token, body)
            if answer.good:
                self.journal.taken.add(number)
        return answer

    def health(self) -> Answer:
        """Ask whether the process is alive."""
        return self.send("health", "GET", "/healthz", None)

    def forge(self, kind: str, what: str, forge: Forge) -> Answer:
        """Send a page, webhook or install whose token is forged as *what* says."""
        victim, other = random.sample(self.sites, 2)
        method, path = {"page": ("GET", PAGE), "webhook": ("POST", WEBHOOK)}.get(
            kind, ("POST", INSTALLED)
        )
        made: Claims = sites.claims(victim, method, path)
        body: Mapping[str, Any] | None = None
        if kind == "webhook":
            number = next(self._numbers)
            self.journal.forged.add(number)
            body = sites.page_created(number)
        elif kind == "install":
            made = sites.install_claims(victim, self.app_url, path)
            body = sites.installation(victim, sites.new_secret())
        token = forge(made, victim, other)
        return self.send(kind, method, path, token, body, forgery=what)

    def forge_any(self) -> Answer:
        """Send one of all forgeries."""
        kind = random.choice(("page", "webhook", "install"))  # noqa: S311 - no secret
        known = sites.FORGED_INSTALLS if kind == "install" else sites.FORGERIES
        what = random.choice(list(known))  # noqa: S311 - no secret
        return self.forge(kind, what, known[what])

    def send(
        self,
        kind: str,
        method: str,
        path: str,
        token: str | None,
        body: Mapping[str, Any] | None = None,
        *,
        site: Site | None = None,
        forgery: str = "",
    ) -> Answer:
        """Send a request and note its answer."""
        headers = {"Accept": "application/json", "Connection": "close"}
        if token is not None:
            headers["Authorization"] = f"JWT {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        began = time.monotonic()
        status, text = self._exchange(
            method, path, None if body is None else json.dumps(body), headers
        )
        answer = Answer(
            kind=kind,
            status=status,
            sent_at=began,
            seconds=time.monotonic() - began,
            forgery=forgery,
            foreign=status == 200
            and site is not None
            and json.loads(text).get("clientKey") != site.client_key,
        )
        self.journal.answers.append(answer)
        return answer

    def _exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        port = random.choice(self.ports)  # noqa: S311 - no secret
        connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return NO_ANSWER, b""
        finally:
            connection.close()
