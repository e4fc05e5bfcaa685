"""Lifecycle callbacks: sent to an app, and recorded with its answer."""

import time
from dataclasses import dataclass
from typing import Any

import requests

from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.outbound import Sender
from devhost.exchanges.outbound_http import TIMEOUTS, new_session
from devhost.install.license import Licenses
from devhost.site import Site
from devhost.site.assumptions import Assumptions
from devhost.site.installations import Installation
from devhost.tokens.signing import install_token, webhook_token

SIGNED_INSTALL_EVENTS = frozenset({"installed", "uninstalled"})
KEPT_CALLBACKS = 50


@dataclass(frozen=True)
class Callback:
    """A lifecycle callback that was sent, and its outcome."""

    app_key: str
    event: str
    request_line: str
    answer: str
    sent_at: int


@dataclass(frozen=True)
class Outcome:
    """The status of an app's answer, or why there is no answer."""

    status: int | None
    failure: str = ""

    def __str__(self) -> str:
        return self.failure if self.status is None else str(self.status)


def payload(site: Site, app: Installation, event: str) -> dict[str, Any]:
    """Return the body of a lifecycle callback."""
    body: dict[str, Any] = {
        "key": app.app_key,
        "clientKey": app.client_key,
        "baseUrl": site.base_url,
        "displayUrl": site.display_url,
        "productType": site.product.name,
        "description": f"Atlassian {site.product.title} at {site.base_url}",
        "serverVersion": "6452",
        "pluginsVersion": "1.1.78",
        "cloudId": site.cloud_id,
        "eventType": event,
    }
    for name, assumption in (("cloudId", "cloud-id"), ("displayUrl", "display-url")):
        if site.get(Assumptions)[assumption] == "missing":
            del body[name]
    if event == "installed":
        body["sharedSecret"] = app.shared_secret
    if app.oauth_client_id is not None:
        body["oauthClientId"] = app.oauth_client_id
    if site.get(Licenses).of(app).is_paid:
        body["entitlementId"] = app.entitlement_id
        body["entitlementNumber"] = app.entitlement_number
    return body


def send_callback(site: Site, app: Installation, event: str) -> Outcome | None:
    """Send *event* if the descriptor asks for it; return None if it does not."""
    path = app.descriptor.get("lifecycle", {}).get(event)
    if path is None:
        return None
    url = f"{app.base_url}/{path.lstrip('/')}"
    sender = Sender(site.get(ExchangeLog), "lifecycle", app.app_key, app.base_path)
    with new_session(sender) as session:
        request = session.prepare_request(
            requests.Request("POST", url, json=payload(site, app, event))
        )
        # Signed as it will be sent, because preparing may encode parts of the URL.
        if event in SIGNED_INSTALL_EVENTS:
            token = install_token(site, app, "POST", request.path_url)
        else:
            token = webhook_token(app, "POST", request.path_url)
        request.headers["Authorization"] = f"JWT {token}"
        patience = site.get(Assumptions).number("callback-seconds")
        outcome = _send(session, request, patience)
    _remember(site, app, event, f"POST {url.partition('?')[0]}", outcome)
    return outcome


def _send(
    session: requests.Session, request: requests.PreparedRequest, patience: int
) -> Outcome:
    timeouts = (TIMEOUTS[0], patience)
    try:
        answer = session.send(request, timeout=timeouts, allow_redirects=False)
    except requests.Timeout:
        return Outcome(None, "timed out")
    except requests.exceptions.SSLError:
        return Outcome(None, "SSL error")
    except requests.RequestException:
        return Outcome(None, "no connection")
    return Outcome(answer.status_code)


def _remember(
    site: Site, app: Installation, event: str, line: str, outcome: Outcome
) -> None:
    with site.state.transaction() as sql:
        sql.execute(
            "INSERT INTO callback (app_key, event, request_line, answer, sent_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [app.app_key, event, line, str(outcome), int(time.time())],
        )
        sql.execute(
            "DELETE FROM callback WHERE id <= (SELECT max(id) FROM callback) - ?",
            [KEPT_CALLBACKS],
        )


def recent_callbacks(site: Site) -> list[Callback]:
    """Return the latest callbacks, newest first."""
    with site.state.transaction() as sql:
        rows = sql.execute(
            "SELECT app_key, event, request_line, answer, sent_at FROM callback"
            " ORDER BY id DESC"
        ).fetchall()
    return [Callback(**dict(row)) for row in rows]
